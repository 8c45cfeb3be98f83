#include "base/shown.h"

#include <fmt/format.h>

namespace sandgauge {

std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string line = "'";
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f)
      line += fmt::format("\\x{:02x}", byte);
    else
      line += c;
  }
  // A character that the cut goes through is left out whole.
  if (text.size() > kLongest) {
    while ((static_cast<unsigned char>(line.back()) & 0xc0) == 0x80) line.pop_back();
    if (static_cast<unsigned char>(line.back()) >= 0xc0) line.pop_back();
    line += "...";
  }
  return line + "'";
}

}  // namespace sandgauge
