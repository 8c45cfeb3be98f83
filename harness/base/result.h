// Result<T>: a value, or an Error that says what went wrong.
//
//   Result<int> parse_port(std::string_view text);
//   Result<int> port = parse_port("x");
//   if (!port) return fail("config: {}", port.error().message);
//   use(*port);
//
// The names are those of std::expected, so that C++23's type can replace this one.
// No exception crosses a module boundary: what a library throws is turned into an Error where it is called.
// Reading the value of a failed Result, or the error of one that has not failed, is a programming error and aborts.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

namespace sandgauge {

/// Why something could not be done: one sentence for a person, with place and expectation where there are any.
struct Error {
  std::string message;
  bool operator==(const Error&) const = default;
};

/// Wraps an Error on its way into a Result; made by fail().
struct Unexpected {
  Error error;
};

/// Makes the failing Result: `return fail("line {}: {}", n, why);`
template <class... Args>
[[nodiscard]] Unexpected fail(fmt::format_string<Args...> format, Args&&... args) {
  return Unexpected{Error{fmt::format(format, std::forward<Args>(args)...)}};
}

/// Passes another Result's error on unchanged.
[[nodiscard]] inline Unexpected fail(Error error) { return Unexpected{std::move(error)}; }

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Unexpected unexpected) : state_(std::in_place_index<1>, std::move(unexpected.error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return check(), *std::get_if<0>(&state_); }
  const T& value() const& { return check(), *std::get_if<0>(&state_); }
  T&& value() && { return check(), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    if (has_value()) std::abort();
    return *std::get_if<1>(&state_);
  }

 private:
  void check() const {
    if (!has_value()) std::abort();
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Unexpected unexpected) : error_(std::move(unexpected.error)), failed_(true) {}

  [[nodiscard]] bool has_value() const { return !failed_; }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] const Error& error() const {
    if (has_value()) std::abort();
    return error_;
  }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace sandgauge
