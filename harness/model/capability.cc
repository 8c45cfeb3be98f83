#include "model/capability.h"

#include <fmt/format.h>

#include <algorithm>

namespace sandgauge {
namespace {

constexpr std::string_view kStandings[] = {"none", "yes", "no", "unknown", "untested"};

const Capability* find(const std::vector<Capability>& all, const std::string& id) {
  const auto found = std::ranges::find(all, id, &Capability::id);
  return found == all.end() ? nullptr : &*found;
}

struct Column {
  const char* name;
  Finding Capability::*finding;
};
constexpr Column kColumns[] = {
    {"claimed", &Capability::claimed}, {"advertised", &Capability::advertised}, {"works", &Capability::works}};

std::string shown_value(const std::string& value) { return value.empty() ? "nothing" : "'" + value + "'"; }

}  // namespace

std::string_view standing_name(Standing standing) { return kStandings[static_cast<std::size_t>(standing)]; }

std::optional<Standing> parse_standing(std::string_view name) {
  const auto* const found = std::ranges::find(kStandings, name);
  if (found == std::end(kStandings)) return std::nullopt;
  return static_cast<Standing>(found - std::begin(kStandings));
}

const Finding& conclusion(const Capability& capability) {
  if (capability.works.standing != Standing::none) return capability.works;
  return capability.advertised.standing != Standing::none ? capability.advertised : capability.claimed;
}

bool differs(const Capability& capability) {
  const auto any = [&capability](Standing standing) {
    return std::ranges::any_of(kColumns,
                               [&](const Column& column) { return (capability.*column.finding).standing == standing; });
  };
  return any(Standing::yes) && any(Standing::no);
}

std::vector<Drift> drift_between(const std::vector<Capability>& before, const std::vector<Capability>& now) {
  std::vector<Drift> drifts;
  for (const Capability& old : before) {
    const Capability* current = find(now, old.id);
    if (current == nullptr) {
      drifts.push_back({old.id, fmt::format("{}: is not known any more", old.id)});
      continue;
    }
    for (const Column& column : kColumns) {
      const Finding& was = old.*column.finding;
      const Finding& is = current->*column.finding;
      if (was.standing == is.standing) continue;
      drifts.push_back({old.id, fmt::format("{}: {} was {}, is {}{}{}", old.id, column.name, standing_name(was.standing),
                                            standing_name(is.standing), is.evidence.empty() ? "" : ": ", is.evidence)});
    }
    if (old.value != current->value)
      drifts.push_back(
          {old.id, fmt::format("{}: the value was {}, is {}", old.id, shown_value(old.value), shown_value(current->value))});
  }
  for (const Capability& current : now)
    if (find(before, current.id) == nullptr)
      drifts.push_back({current.id, fmt::format("{}: was not known before; works is {}", current.id,
                                                standing_name(current.works.standing))});
  return drifts;
}

}  // namespace sandgauge
