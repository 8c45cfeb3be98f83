// Text from outside (a program's output, a file's ids) made safe for a line of a report.
//
//   visible("a\n\x1b[31m") == "a\\n\\x1b[31m"
//
// Nothing here fails: bytes that are not UTF-8 are shown or replaced, never refused.
#pragma once

#include <string>
#include <string_view>

namespace sandgauge {

/// One code point of a text, or one piece of it that is not UTF-8.
struct Character {
  bool valid = false;
  char32_t code = 0;       // when valid
  std::string_view bytes;  // as they stand in the text; never empty
};

/// Takes the first character off `rest`, which must not be empty. An ill-formed piece is the longest start of a character
/// that is cut short there, or else one byte, so that replacing each by one U+FFFD is what The Unicode Standard
/// recommends (chapter 3, "U+FFFD Substitution of Maximal Subparts").
Character take_character(std::string_view& rest);

/// One printable line: line ends and tabs as \n, \r, \t, other control characters and bytes that are not UTF-8 as \x1b,
/// the C1 controls, line separators and non-characters U+FFFE and U+FFFF as \u009b. A backslash stays one, so applying it
/// twice changes nothing.
std::string visible(std::string_view text);

/// Ends a line, without the spaces at its end.
void end_line(std::string& text);

/// The inside of a TAP description or directive: visible(), with \ and # escaped as \\ and \# (TAP 14, "Escaping").
std::string tap_text(std::string_view text);

/// A YAML double-quoted scalar on one line, quotes included.
std::string yaml_quoted(std::string_view text);

/// XML 1.0 character data that is also right between double quotes: & < > " escaped, line ends and tabs as character
/// references (as they are with `keep_lines`), characters that XML forbids dropped (XML 1.0, production 2), bytes that
/// are not UTF-8 replaced by U+FFFD.
std::string xml_text(std::string_view text, bool keep_lines = false);

}  // namespace sandgauge
