#include "report/json.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "report/bounded_json.h"
#include "report/result_reader.h"

namespace sandgauge {
namespace {

// Keeps the order of the fields, so that two reports can be compared line by line.
using Json = nlohmann::ordered_json;

/// Never throws on bytes that are not UTF-8, as plain dump() does.
std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

Json place_json(const Place& place) { return {{"file", place.file}, {"line", place.line}}; }

Json check_json(const Check& check) {
  return {{"what", check.what}, {"expected", check.expected}, {"observed", check.observed}, {"met", check.met}};
}

Json result_json(const CaseResult& result) {
  Json checks = Json::array();
  for (const Check& check : result.verdict.checks) checks.push_back(check_json(check));
  return {
      {"id", result.id},
      {"suite", result.suite},
      {"title", result.title},
      {"subject", result.subject},
      {"action", result.action},
      {"backend", result.backend},
      {"probe", result.probe},
      {"place", place_json(result.place)},
      {"status", status_name(result.verdict.status)},
      {"cause", cause_name(result.verdict.cause)},
      {"reason", result.verdict.reason},
      {"checks", std::move(checks)},
      {"facts", result.facts},
      {"reproducer", result.reproducer},
      {"iteration", result.iteration},
      {"stage_checks", result.stage_checks},
      {"stage_filters", result.stage_filters},
      {"duration_us", result.duration.count()},
  };
}

Json mutation_json(const MutationSummary& summary) {
  Json survivors = Json::array();
  for (const Survivor& survivor : summary.survivors)
    survivors.push_back({{"id", survivor.id}, {"mutation", survivor.mutation}});
  return {
      {"mutants", summary.mutants},
      {"noticed", summary.noticed},
      {"not_run", summary.not_run},
      {"survivors", std::move(survivors)},
  };
}

std::string_view mechanism_name(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::filter: return "filter";
    case Mechanism::strict: return "strict";
    case Mechanism::none: return "none";
  }
  return "?";
}

std::string_view attach_name(Attach attach, Delivery delivery) {
  switch (attach) {
    case Attach::exec: return delivery_name(delivery);
    case Attach::call: return "call";
    case Attach::scenario: return "scenario";
  }
  return "?";
}

Json argument_json(const CallArgument& argument) {
  switch (argument.kind) {
    case CallArgument::Kind::number: return {{"kind", "number"}, {"number", argument.number}};
    case CallArgument::Kind::scratch: return {{"kind", "scratch"}};
    case CallArgument::Kind::text: return {{"kind", "text"}, {"text", argument.text}};
  }
  return {};
}

Json call_json(const std::optional<CallRequest>& call) {
  if (!call) return nullptr;
  Json args = Json::array();
  for (const CallArgument& argument : call->args) args.push_back(argument_json(argument));
  return {{"syscall", call->syscall}, {"abi", abi_name(call->abi)}, {"args", std::move(args)}};
}

Json abis_json(const std::vector<Abi>& abis) {
  Json names = Json::array();
  for (const Abi abi : abis) names.push_back(abi_name(abi));
  return names;
}

Json version_json(const std::optional<KernelVersion>& version) { return version ? Json(to_string(*version)) : Json(); }

Json needs_json(const Requirements& needs) {
  return {
      {"capabilities", needs.capabilities},  {"since", version_json(needs.since)}, {"until", version_json(needs.until)},
      {"machine", abis_json(needs.machine)}, {"abis", abis_json(needs.abis)},      {"core_file", needs.core_file},
  };
}

Json case_json(const Case& one) {
  return {
      {"id", one.id},
      {"suite", one.suite},
      {"title", one.title},
      {"why", one.why},
      {"source", one.source},
      {"also", one.also},
      {"difference", one.difference},
      {"mechanism", mechanism_name(one.mechanism)},
      {"attach", attach_name(one.attach, one.delivery)},
      {"program", one.program},
      {"call", call_json(one.call)},
      {"parameters", one.parameters},
      {"backend", to_string(one.backend)},
      {"probe", one.probe ? Json(to_string(*one.probe)) : Json()},
      {"exclusive", one.exclusive},
      {"needs", needs_json(one.needs)},
      {"place", place_json(one.place)},
  };
}

}  // namespace

std::string to_json(const Report& report) {
  const Totals sum = totals(report);
  Json json = {
      {"schema", "sandgauge.run/1"},
      {"version", report.version},
      {"kernel", report.kernel},
      {"machine", report.machine},
      {"hostname", report.hostname},
      {"user", report.user},
      {"started", report.started},
      {"notes", report.notes},
      {"duration_ms", report.duration.count()},
      {"totals", {{"passed", sum.passed}, {"failed", sum.failed}, {"broken", sum.broken}, {"skipped", sum.skipped}}},
      {"interrupted", report.interrupted},
      {"not_run", report.not_run},
      {"mutation", report.mutation.empty() ? Json() : mutation_json(report.mutation.front())},
      {"results", Json::array()},
  };
  for (const CaseResult& result : report.results) json["results"].push_back(result_json(result));
  return dump(json, 2) + "\n";
}

std::string list_json(const std::vector<Case>& cases) {
  Json json = {{"schema", "sandgauge.list/1"}, {"cases", Json::array()}};
  for (const Case& one : cases) json["cases"].push_back(case_json(one));
  return dump(json, 2) + "\n";
}

std::string encode_result(const CaseResult& result) { return dump(result_json(result), -1); }

Result<CaseResult> decode_result(std::string_view line) {
  const auto json = parse_bounded(line);
  if (!json) return fail("a result of {} bytes is {}", line.size(), json.error().message);
  return read_result(*json);
}

}  // namespace sandgauge
