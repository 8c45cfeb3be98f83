#include "report/json_stream.h"

#include <algorithm>
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

void JsonStream::new_line() { text_.append(1, '\n').append(open_.size(), ' '); }

void JsonStream::quote(std::string_view text) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::ranges::all_of(text, is_plain)) {
    text_.append(1, '"').append(text).append(1, '"');
  } else {
    text_ += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

}  // namespace sandgauge
