#include "report/json_stream.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace sandgauge {

JsonStream& JsonStream::begin(char bracket) {
  separate();
  text_ += bracket;
  open_ += bracket;
  first_ = true;
  return *this;
}

JsonStream& JsonStream::end() {
  const char bracket = open_.back() == '{' ? '}' : ']';
  open_.pop_back();
  if (!first_) new_line();
  text_ += bracket;
  first_ = false;
  return *this;
}

JsonStream& JsonStream::key(std::string_view name) {
  separate();
  quote(name);
  text_ += ": ";
  after_key_ = true;
  return *this;
}

JsonStream& JsonStream::value(std::string_view text) {
  separate();
  quote(text);
  return *this;
}

JsonStream& JsonStream::raw(std::string_view words) {
  separate();
  text_ += words;
  return *this;
}

void JsonStream::separate() {
  if (!after_key_) {
    if (!first_) text_ += ',';
    new_line();
  }
  after_key_ = first_ = false;
}

void JsonStream::new_line() {
  text_ += '\n';
  for (std::size_t i = 0; i < open_.size(); ++i) text_ += ' ';
}

void JsonStream::quote(std::string_view text) {
  static constexpr auto kPlain = [] {
    std::array<bool, 256> plain{};
    for (int c = ' '; c <= '~'; ++c) plain[static_cast<std::size_t>(c)] = c != '"' && c != '\\';
    return plain;
  }();
  if (std::ranges::all_of(text, [](unsigned char c) { return kPlain[c]; })) {
    text_ += '"';
    text_ += text;
    text_ += '"';
  } else {
    text_ += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

}  // namespace sandgauge
