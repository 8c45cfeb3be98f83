#include "report/explain_report.h"

#include <algorithm>

#include "base/result.h"
#include "report/escape.h"
#include "report/json_stream.h"
#include "report/table.h"

namespace sandgauge {
namespace {

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

void write_call(JsonStream& json, const Explanation& explanation, const ExplainedCall& call) {
  json.begin('{').key("abi").value(abi_name(call.abi)).key("number").value(call.number).key("name").value(call.name);
  json.key("asked").value(call.asked).key("decision").value(call.decision).key("rules").values(call.rules);
  json.key("backends").begin('{');
  for (std::size_t i = 0; i < call.costs.size(); ++i) {
    if (!explanation.backends[i].error.empty()) continue;
    const CallCost& cost = call.costs[i];
    json.key(explanation.backends[i].name).begin('{');
    json.key("instructions").value(cost.instructions).key("least").value(cost.least).key("most").value(cost.most);
    json.key("exact").value(cost.exact).key("worst").value(cost.worst);
    json.key("bitmap_hit").value(cost.bitmap_hit).key("bitmap_reason").value(cost.bitmap_reason);
    json.key("actions").begin('[');
    for (const Action action : cost.actions) json.value(to_string(action));
    json.end().end();
  }
  json.end().end();
}

void write_backend(JsonStream& json, const Explanation& explanation, const ExplainedBackend& backend) {
  const bool known = backend.error.empty() && !explanation.calls.empty();
  const auto call = [&](JsonStream& to, std::size_t index, std::uint64_t instructions) {
    if (!known) {
      to.null();
      return;
    }
    const ExplainedCall& one = explanation.calls[index];
    to.begin('{').key("abi").value(abi_name(one.abi)).key("number").value(one.number).key("name").value(one.name);
    to.key("instructions").value(instructions).end();
  };
  json.begin('{').key("name").value(backend.name).key("error").value(backend.error).key("length").value(backend.length);
  call(json.key("worst"), backend.worst_call, backend.worst);
  call(json.key("median"), backend.median_call, backend.median);
  json.key("bitmap_hits").value(backend.hits).key("bitmap_misses").value(backend.misses);
  json.key("unreachable").values(backend.unreachable).key("path").values(backend.path);
  json.key("listing").values(backend.listing).end();
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
  constexpr std::size_t kRowRoom = 512;  // of a call under a backend
  JsonStream json(explanation.calls.size() * (explanation.backends.size() + 1) * kRowRoom);
  json.begin('{').key("schema").value("sandgauge.explain/1").key("version").value(SANDGAUGE_VERSION);
  json.key("source").value(explanation.source).key("summary").value(explanation.summary);
  json.key("findings").values(explanation.findings).key("notes").values(explanation.notes);
  json.key("backends").begin('[');
  for (const ExplainedBackend& backend : explanation.backends) write_backend(json, explanation, backend);
  json.end().key("calls").begin('[');
  for (const ExplainedCall& call : explanation.calls) write_call(json, explanation, call);
  json.end().end();
  return json.take() + "\n";
}

}  // namespace sandgauge
