#include "report/explain_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/result.h"
#include "report/escape.h"
#include "report/table.h"

namespace sandgauge {
namespace {

using Json = nlohmann::ordered_json;

std::string name_of(const ExplainedCall& call) {
  if (!call.asked.empty()) return visible(call.asked);
  return call.name.empty() ? fmt::format("{}", call.number) : fmt::format("{} ({})", call.name, call.number);
}

/// "14 hit", "5-31".
std::string cost_words(const CallCost& cost) {
  std::string text = cost.least == cost.most ? fmt::format("{}", cost.most) : fmt::format("{}-{}", cost.least, cost.most);
  if (!cost.exact) text = "<= " + fmt::format("{}", cost.most);
  return cost.bitmap_hit ? text + " hit" : text;
}

using Row = std::vector<std::string>;

std::string call_name(const Explanation& explanation, std::size_t call) {
  const ExplainedCall& one = explanation.calls[call];
  return fmt::format("{}{}", one.name.empty() ? fmt::format("{}", one.number) : one.name,
                     one.abi == native_abi() ? "" : fmt::format(", {}", abi_name(one.abi)));
}

std::string backends_text(const Explanation& explanation) {
  std::vector<Row> rows = {{"backend", "length", "worst call", "median of misses", "bitmap", "unreachable"}};
  for (const ExplainedBackend& backend : explanation.backends) {
    if (!backend.error.empty()) {
      rows.push_back({backend.name, "cannot: " + visible(backend.error)});
      continue;
    }
    if (explanation.calls.empty()) continue;
    rows.push_back(
        {backend.name, fmt::format("{}", backend.length),
         fmt::format("{} ({})", backend.worst, call_name(explanation, backend.worst_call)),
         backend.median == 0 ? "-" : fmt::format("{} ({})", backend.median, call_name(explanation, backend.median_call)),
         fmt::format("{} hit, {} miss", backend.hits, backend.misses),
         backend.unreachable.empty() ? "none" : fmt::format("{}", backend.unreachable.size())});
  }
  // The long message of a failed backend would widen the second column of all.
  std::string text;
  std::vector<Row> whole;
  for (const Row& row : rows)
    if (row.size() > 2) whole.push_back(row);
  text = text_table(whole);
  for (const Row& row : rows)
    if (row.size() == 2) text += fmt::format("  {}  {}\n", row[0], row[1]);
  return text;
}

/// Why it runs the filter or not, where one reason holds for every backend; else the first one's.
std::string reason_of(const Explanation& explanation, const ExplainedCall& call) {
  for (std::size_t i = 0; i < call.costs.size(); ++i)
    if (explanation.backends[i].error.empty())
      return (call.costs[i].bitmap_hit ? "hit: " : "miss: ") + call.costs[i].bitmap_reason;
  return "";
}

std::string calls_text(const Explanation& explanation) {
  std::string text;
  for (std::size_t first = 0; first < explanation.calls.size();) {
    const Abi abi = explanation.calls[first].abi;
    Row header = {"call", "decision"};
    for (const ExplainedBackend& backend : explanation.backends)
      if (backend.error.empty()) header.push_back(backend.name);
    header.push_back("bitmap");
    header.push_back("rules");
    std::vector<Row> rows = {header};
    std::size_t end = first;
    for (; end < explanation.calls.size() && explanation.calls[end].abi == abi; ++end) {
      const ExplainedCall& call = explanation.calls[end];
      Row row = {name_of(call), call.decision};
      for (std::size_t i = 0; i < call.costs.size(); ++i)
        if (explanation.backends[i].error.empty()) row.push_back(cost_words(call.costs[i]));
      row.push_back(reason_of(explanation, call));
      row.push_back(fmt::format("{}", fmt::join(call.rules, ", ")));
      const auto worst = std::ranges::find_if(call.costs, [](const CallCost& cost) { return !cost.worst.empty(); });
      if (worst != call.costs.end()) row.back() += "  worst: " + worst->worst;
      rows.push_back(std::move(row));
    }
    text += fmt::format("\n{} calls: instructions by backend\n{}", abi_name(abi), text_table(rows));
    first = end;
  }
  return text;
}

std::string listing_text(const ExplainedBackend& backend) {
  if (!backend.error.empty()) return "";
  std::string text = fmt::format("\nListing of {}\n", backend.name);
  for (std::size_t at = 0; at < backend.listing.size(); ++at) {
    const bool dead = std::ranges::binary_search(backend.unreachable, at);
    const bool taken = std::ranges::find(backend.path, at) != backend.path.end();
    text += fmt::format("{} {}{}\n", taken ? '>' : ' ', backend.listing[at], dead ? "  (unreachable)" : "");
  }
  return text;
}

Json actions_json(const std::vector<Action>& actions) {
  Json json = Json::array();
  for (const Action action : actions) json.push_back(to_string(action));
  return json;
}

Json call_json(const Explanation& explanation, const ExplainedCall& call) {
  Json costs = Json::object();
  for (std::size_t i = 0; i < call.costs.size(); ++i) {
    if (!explanation.backends[i].error.empty()) continue;
    const CallCost& cost = call.costs[i];
    costs[explanation.backends[i].name] = {
        {"instructions", cost.instructions},
        {"least", cost.least},
        {"most", cost.most},
        {"exact", cost.exact},
        {"worst", cost.worst},
        {"bitmap_hit", cost.bitmap_hit},
        {"bitmap_reason", cost.bitmap_reason},
        {"actions", actions_json(cost.actions)},
    };
  }
  return {{"abi", abi_name(call.abi)}, {"number", call.number}, {"name", call.name},           {"asked", call.asked},
          {"decision", call.decision}, {"rules", call.rules},   {"backends", std::move(costs)}};
}

Json backend_json(const Explanation& explanation, const ExplainedBackend& backend) {
  const bool known = backend.error.empty() && !explanation.calls.empty();
  const auto call = [&](std::size_t index, std::uint64_t instructions) -> Json {
    if (!known) return nullptr;
    const ExplainedCall& one = explanation.calls[index];
    return {{"abi", abi_name(one.abi)}, {"number", one.number}, {"name", one.name}, {"instructions", instructions}};
  };
  return {{"name", backend.name},
          {"error", backend.error},
          {"length", backend.length},
          {"worst", call(backend.worst_call, backend.worst)},
          {"median", call(backend.median_call, backend.median)},
          {"bitmap_hits", backend.hits},
          {"bitmap_misses", backend.misses},
          {"unreachable", backend.unreachable},
          {"path", backend.path},
          {"listing", backend.listing}};
}

}  // namespace

std::string to_text(const Explanation& explanation, ExplainParts parts) {
  std::string text;
  if (parts.summary) {
    text += fmt::format("{}{}\n", visible(explanation.source),
                        explanation.summary.empty() ? "" : ": " + visible(explanation.summary));
    for (const std::string& note : explanation.notes) text += fmt::format("note: {}\n", visible(note));
    if (!explanation.findings.empty()) text += "\nFindings\n";
    for (const std::string& finding : explanation.findings) text += fmt::format("  - {}\n", visible(finding));
    text += "\nBackends\n" + backends_text(explanation);
  }
  if (parts.calls) text += calls_text(explanation);
  if (parts.listing)
    for (const ExplainedBackend& backend : explanation.backends) text += listing_text(backend);
  return text;
}

std::string to_json(const Explanation& explanation) {
  Json json = {{"schema", "sandgauge.explain/1"},  {"version", SANDGAUGE_VERSION},
               {"source", explanation.source},     {"summary", explanation.summary},
               {"findings", explanation.findings}, {"notes", explanation.notes},
               {"backends", Json::array()},        {"calls", Json::array()}};
  for (const ExplainedBackend& backend : explanation.backends)
    json["backends"].push_back(backend_json(explanation, backend));
  for (const ExplainedCall& call : explanation.calls) json["calls"].push_back(call_json(explanation, call));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sandgauge
