// The words of Kafel's language, and the names of arguments that it knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/profile.h"

namespace sandgauge {

struct KafelWord {
  enum class Kind : std::uint8_t { name, number, symbol, end } kind = Kind::end;
  std::string_view text;     // "ALLOW", "==", "{"
  std::uint64_t number = 0;  // of a number
  TextPlace place;
};

/// The words of a text, without comments; the last one is `end`. Errors begin "line:column: ".
Result<std::vector<KafelWord>> kafel_words(std::string_view text);

struct KafelArgument {
  std::uint8_t index = 0;
  bool narrow = false;  // 32 bits or fewer
};
/// An argument by its name in the kernel's sources or in the man page.
std::optional<KafelArgument> kafel_argument(std::string_view syscall, std::string_view name);
/// Whether the argument of a call has 32 bits; false also for calls that are not in the table.
bool kafel_is_narrow(std::string_view syscall, std::uint8_t index);
/// Kafel has the kernel's names of functions: newuname for uname.
std::string_view kafel_syscall(std::string_view name);

}  // namespace sandgauge
