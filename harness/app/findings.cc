#include "app/findings.h"

#include <algorithm>

#include "base/result.h"

namespace sandgauge {
namespace {

constexpr std::size_t kNamed = 8;  // of findings that are alike

bool usable(const ExplainedBackend& backend) { return backend.error.empty(); }

bool may(const CallCost& cost, ActionKind kind) {
  return std::ranges::any_of(cost.actions, [kind](const Action& action) { return action.kind == kind; });
}

std::string name_of(const ExplainedCall& call) {
  const std::string name = call.name.empty() ? fmt::format("{}", call.number) : call.name;
  return call.abi == native_abi() ? name : fmt::format("{} ({})", name, abi_name(call.abi));
}

/// "14 instructions (bpf), 212 (libseccomp:1)".
std::string instructions_of(const Explanation& explanation, const ExplainedCall& call) {
  std::string text;
  for (std::size_t i = 0; i < call.costs.size(); ++i) {
    if (!usable(explanation.backends[i])) continue;
    text += fmt::format("{}{}{} ({})", text.empty() ? "" : ", ", call.costs[i].most, text.empty() ? " instructions" : "",
                        explanation.backends[i].name);
  }
  return text;
}

/// Allowed calls that run the filter although most allowed calls need not.
void argument_rules(const Explanation& explanation, std::vector<std::string>& found) {
  std::vector<const ExplainedCall*> calls;
  std::size_t x32 = 0;
  for (const ExplainedCall& call : explanation.calls) {
    const auto first = std::ranges::find_if(explanation.backends, usable);
    if (first == explanation.backends.end()) return;
    const CallCost& cost = call.costs[static_cast<std::size_t>(first - explanation.backends.begin())];
    if (cost.bitmap_hit || !may(cost, ActionKind::allow)) continue;
    if (call.abi == Abi::x32) {
      ++x32;
    } else {
      calls.push_back(&call);
    }
  }
  const auto most = [](const ExplainedCall* call) {
    std::uint64_t worst = 0;
    for (const CallCost& cost : call->costs) worst = std::max(worst, cost.most);
    return worst;
  };
  std::ranges::stable_sort(calls, std::ranges::greater{}, most);
  for (std::size_t i = 0; i < std::min(calls.size(), kNamed); ++i) {
    const auto reason =
        std::ranges::find_if(calls[i]->costs, [](const CallCost& cost) { return !cost.bitmap_reason.empty(); });
    found.push_back(fmt::format("{} is allowed but misses the bitmap: {}; {}", name_of(*calls[i]), reason->bitmap_reason,
                                instructions_of(explanation, *calls[i])));
  }
  if (calls.size() > kNamed)
    found.push_back(
        calls.size() == kNamed + 1
            ? "1 more allowed call misses the bitmap, with no more instructions"
            : fmt::format("{} more allowed calls miss the bitmap, with no more instructions", calls.size() - kNamed));
  if (x32 > 0)
    found.push_back(fmt::format("the kernel has no bitmap for x32: {} allowed call{} of it run{} the filter each time", x32,
                                x32 == 1 ? "" : "s", x32 == 1 ? "s" : ""));
}

void supervised(const Explanation& explanation, std::vector<std::string>& found) {
  for (const auto& [kind, who] : {std::pair{ActionKind::trace, "tracer"}, {ActionKind::notify, "listener"}}) {
    std::vector<std::string> names;
    for (const ExplainedCall& call : explanation.calls) {
      const auto waits = std::ranges::find_if(call.costs, [k = kind](const CallCost& cost) { return may(cost, k); });
      if (waits != call.costs.end()) names.push_back(name_of(call) + (waits->actions.size() > 1 ? " (by argument)" : ""));
    }
    if (names.empty()) continue;
    const std::size_t count = names.size();
    if (count > kNamed) names.resize(kNamed);
    found.push_back(fmt::format("{} call{} wait{} for a {}: {}{}", count, count == 1 ? "" : "s", count == 1 ? "s" : "", who,
                                fmt::join(names, ", "), count > kNamed ? ", ..." : ""));
  }
}

void backends_compared(const Explanation& explanation, std::vector<std::string>& found) {
  const ExplainedBackend* least = nullptr;
  const ExplainedBackend* most = nullptr;
  for (const ExplainedBackend& backend : explanation.backends) {
    if (!usable(backend) || backend.median == 0) continue;
    if (least == nullptr || backend.median < least->median) least = &backend;
    if (most == nullptr || backend.median > most->median) most = &backend;
  }
  if (least == nullptr || least->median == most->median) return;
  found.push_back(
      fmt::format("of the {} calls that miss the bitmap the median one takes {} instructions with {} and {} with {}",
                  abi_name(native_abi()), least->median, least->name, most->median, most->name));
}

/// "3-5, 9", of the first few.
std::string ranges(const std::vector<std::size_t>& numbers) {
  std::string text;
  std::size_t written = 0;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    if (written++ == kNamed) return text + ", ...";
    text += fmt::format("{}{}", text.empty() ? "" : ", ", numbers[i]);
    if (end - i > 1) text += fmt::format("-{}", numbers[end - 1]);
    i = end;
  }
  return text;
}

void dead_code(const Explanation& explanation, std::vector<std::string>& found) {
  for (const ExplainedBackend& backend : explanation.backends)
    if (!backend.unreachable.empty())
      found.push_back(fmt::format("{}: no call reaches {} of {} instructions: {}", backend.name, backend.unreachable.size(),
                                  backend.length, ranges(backend.unreachable)));
}

/// Two compilers must mean the same.
void differences(const Explanation& explanation, std::vector<std::string>& found) {
  std::vector<std::string> names;
  for (const ExplainedCall& call : explanation.calls)
    if (call.differs) names.push_back(name_of(call));
  if (names.empty()) return;
  const std::size_t count = names.size();
  if (count > kNamed) names.resize(kNamed);
  found.push_back(fmt::format("the backends do not mean the same for {} call{}: {}{}", count, count == 1 ? "" : "s",
                              fmt::join(names, ", "), count > kNamed ? ", ..." : ""));
}

}  // namespace

std::vector<std::string> findings(const Explanation& explanation) {
  std::vector<std::string> found;
  differences(explanation, found);
  argument_rules(explanation, found);
  supervised(explanation, found);
  dead_code(explanation, found);
  backends_compared(explanation, found);
  return found;
}

}  // namespace sandgauge
