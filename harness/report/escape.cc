#include "report/escape.h"

#include <fmt/format.h>

#include <cstdint>

namespace sandgauge {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// Characters that would move the cursor, end the line, reorder it or be refused by YAML.
bool needs_escape(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xfffe || code == 0xffff;
}

std::string escaped(const Character& character) {
  if (!character.valid) {
    std::string text;
    for (const char byte : character.bytes) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    return text;
  }
  switch (character.code) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
  }
  const auto code = static_cast<std::uint32_t>(character.code);
  return code < 0x80 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
}

std::string with_backslashes(std::string_view text, std::string_view before) {
  std::string result;
  for (const char c : text) {
    if (before.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

/// XML 1.0, production 2 (Char).
bool xml_allows(char32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code != 0xfffe && code != 0xffff;
}

std::string_view xml_reference(char32_t code, bool keep_lines) {
  switch (code) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    // A bare CR would be read as a line feed (XML 1.0, 2.11), and in an attribute each of the three as a space (3.3.3).
    case '\r': return "&#13;";
    case '\n': return keep_lines ? "" : "&#10;";
    case '\t': return keep_lines ? "" : "&#9;";
    default: return "";
  }
}

}  // namespace

Character take_character(std::string_view& rest) {
  // The bytes that may follow a lead byte: The Unicode Standard, table 3-7.
  const auto byte = [&rest](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const unsigned lead = byte(0);
  std::size_t length = 1;
  char32_t code = lead;
  unsigned lowest = 0x80;
  unsigned highest = 0xbf;
  bool valid = true;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
    code = lead & 0x1f;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    code = lead & 0x0f;
    if (lead == 0xe0) lowest = 0xa0;
    if (lead == 0xed) highest = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    code = lead & 0x07;
    if (lead == 0xf0) lowest = 0x90;
    if (lead == 0xf4) highest = 0x8f;
  } else {
    valid = lead < 0x80;
  }
  std::size_t taken = 1;
  while (taken < length && taken < rest.size() && byte(taken) >= lowest && byte(taken) <= highest) {
    code = code << 6 | (byte(taken) & 0x3f);
    lowest = 0x80;
    highest = 0xbf;
    ++taken;
  }
  const Character character{valid && taken == length, code, rest.substr(0, taken)};
  rest.remove_prefix(taken);
  return character;
}

std::string visible(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = take_character(text);
    if (!character.valid || needs_escape(character.code))
      result += escaped(character);
    else
      result += character.bytes;
  }
  return result;
}

void end_line(std::string& text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text += '\n';
}

std::string tap_text(std::string_view text) { return with_backslashes(visible(text), "\\#"); }

std::string yaml_quoted(std::string_view text) { return fmt::format("\"{}\"", with_backslashes(visible(text), "\\\"")); }

std::string xml_text(std::string_view text, bool keep_lines) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = take_character(text);
    if (!character.valid) {
      result += kReplacement;
    } else if (xml_allows(character.code)) {
      const std::string_view reference = xml_reference(character.code, keep_lines);
      result += reference.empty() ? character.bytes : reference;
    }
  }
  return result;
}

}  // namespace sandgauge
