#include "app/duration.h"

#include <charconv>
#include <cmath>

namespace sandgauge {

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr double kDay = 24 * 60 * 60 * 1000.0;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double factor = unit == "ms" ? 1 : unit == "s" || unit.empty() ? 1000 : unit == "m" ? 60'000 : 0;
  const double milliseconds = number * factor;
  if (error != std::errc() || !std::isfinite(milliseconds) || milliseconds < 1 || milliseconds > kDay)
    return fail("expected a time such as 500ms, 5s or 2m, at most a day, found '{}'", text);
  return std::chrono::milliseconds(std::llround(milliseconds));
}

}  // namespace sandgauge
