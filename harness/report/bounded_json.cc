#include "report/bounded_json.h"

#include <array>

namespace sandgauge {
namespace {

constexpr int kDeepest = 16;
constexpr std::size_t kMostKeys = 1000;  // an ordered_json compares each new key with all before it
constexpr std::size_t kMostValues = 5'000'000;

}  // namespace

Result<nlohmann::ordered_json> parse_bounded(std::string_view text) {
  using Json = nlohmann::ordered_json;
  std::string why;
  std::size_t values = 0;
  std::array<std::size_t, kDeepest + 2> keys{};  // of the innermost object at each depth
  const auto keep = [&](int depth, Json::parse_event_t event, const Json&) {
    using Event = Json::parse_event_t;
    if (!why.empty() || event == Event::object_end || event == Event::array_end) return why.empty();
    if (depth > kDeepest) {
      why = fmt::format("JSON nested deeper than {} levels", kDeepest);
    } else if (event == Event::key) {
      if (++keys[static_cast<std::size_t>(depth)] > kMostKeys)
        why = fmt::format("JSON with more than {} keys in an object", kMostKeys);
    } else {
      if (event == Event::object_start) keys[static_cast<std::size_t>(depth) + 1] = 0;
      if (++values > kMostValues) why = fmt::format("JSON of more than {} values", kMostValues);
    }
    return why.empty();
  };
  Json json = Json::parse(text, keep, /*allow_exceptions=*/false);
  if (why.empty() && json.is_discarded()) why = "not JSON";
  if (!why.empty()) return fail("{}", why);
  return json;
}

}  // namespace sandgauge
