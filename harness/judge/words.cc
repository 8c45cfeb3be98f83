#include "judge/words.h"

#include <fmt/format.h>

#include "base/errno_text.h"
#include "model/action.h"

namespace sandgauge {

std::string join(const std::vector<std::string>& parts, std::string_view last) {
  constexpr std::size_t kMost = 8;
  const bool cut = parts.size() > kMost;
  const std::size_t shown = cut ? kMost - 1 : parts.size();
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool is_last = !cut && i + 1 == shown;
    if (i > 0) text += is_last ? fmt::format(" {} ", last) : ", ";
    text += parts[i];
  }
  return cut ? fmt::format("{} {} others", text, last) : text;
}

std::optional<Call> call_of(std::int32_t number, std::uint32_t arch) {
  seccomp_data data{};
  data.nr = number;
  data.arch = arch;
  Call call;
  if (!from_seccomp_data(data, call)) return std::nullopt;
  return call;
}

std::string describe_call(std::int32_t number, std::uint32_t arch) {
  const std::optional<Call> call = call_of(number, arch);
  return call ? to_string(*call) : fmt::format("syscall {}, arch {:#x}", number, arch);
}

std::optional<int> errno_of(std::int64_t result) {
  if (result >= 0 || result < -kHighestErrno) return std::nullopt;
  return static_cast<int>(-result);
}

std::string result_text(std::int64_t result) {
  if (const auto error = errno_of(result)) return fmt::format("failed with {}", errno_name(*error));
  return fmt::format("returned {}", result);
}

}  // namespace sandgauge
