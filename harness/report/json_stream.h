// JSON of many rows, written as it goes: as objects of the library they take several times as long to build as to write.
//
//   JsonStream json;
//   json.begin('{').key("name").value("read").key("rules").begin('[').value(1).end().end();
//   json.take() == "{\n \"name\": \"read\",\n \"rules\": [\n  1\n ]\n}"      // what nlohmann's dump(1) writes
//
// Nothing here fails: bytes that are not UTF-8 are replaced by U+FFFD. That a key stands before each member, and an end for
// each begin, is the caller's part.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace sandgauge {

class JsonStream {
 public:
  /// `room` bytes are set aside at once: a text that grows step by step is copied at each.
  explicit JsonStream(std::size_t room = 0) { text_.reserve(room); }

  /// '{' or '['.
  JsonStream& begin(char bracket);
  /// Of what was begun last.
  JsonStream& end();
  JsonStream& key(std::string_view name);
  JsonStream& value(std::string_view text);
  JsonStream& value(const char* text) { return value(std::string_view(text)); }
  JsonStream& value(bool yes) { return raw(yes ? "true" : "false"); }
  JsonStream& value(std::integral auto number) {
    const fmt::format_int digits(number);
    return raw({digits.data(), digits.size()});
  }
  JsonStream& null() { return raw("null"); }
  template <class Range>
  JsonStream& values(const Range& range) {
    begin('[');
    for (const auto& each : range) value(each);
    return end();
  }

  /// What was written, once.
  std::string take() { return std::move(text_); }

 private:
  JsonStream& raw(std::string_view words);
  /// What goes before a value or key: a comma and a line, unless it is the first or follows its key.
  void separate();
  void new_line();
  void quote(std::string_view text);

  std::string text_;
  std::string open_;  // the brackets that stand open
  bool first_ = true;
  bool after_key_ = true;
};

}  // namespace sandgauge
