#include "report/lint_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/syscalls.h"
#include "report/changes.h"
#include "report/escape.h"

namespace sandgauge {
namespace {

using nlohmann::ordered_json;

std::string dumped(const ordered_json& json) {
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string place_text(std::string_view file, const LintFinding& finding) {
  if (finding.line == 0) return visible(file);
  return fmt::format("{}:{}:{}", visible(file), finding.line, finding.column);
}

/// "mkdirat(), x86_64: ALLOW; this kernel: ALLOW".
std::string witness_text(const LintFinding& finding) {
  std::string text = fmt::format("{}, {}", call_text(*finding.witness), abi_name(finding.witness->abi));
  if (finding.answer) text += fmt::format(": {}", to_string(*finding.answer));
  if (finding.live)
    text += fmt::format("; this kernel: {}{}", to_string(*finding.live),
                        finding.live == finding.answer ? "" : ", which is not what was expected");
  return text;
}

std::string totals_text(const std::vector<LintFinding>& findings) {
  std::string text;
  for (const Severity severity : {Severity::high, Severity::medium, Severity::low, Severity::note}) {
    const auto count = std::ranges::count(findings, severity, &LintFinding::severity);
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, severity_name(severity));
  }
  return text;
}

const LintCheck* check_of(const LintFinding& finding, std::span<const LintCheck> checks) {
  const auto known = std::ranges::find(checks, finding.check, &LintCheck::id);
  return known == checks.end() ? nullptr : &*known;
}

ordered_json witness_json(const LintFinding& finding) {
  const Call& call = *finding.witness;
  ordered_json json = {{"abi", abi_name(call.abi)}, {"number", call.number}, {"call", call_text(call)}, {"args", call.args}};
  if (finding.answer) json["answer"] = to_string(*finding.answer);
  if (finding.live) json["kernel"] = to_string(*finding.live);
  return json;
}

/// RFC 3986: everything but unreserved characters and '/' as %XX. What is no path from here has its scheme.
std::string uri_of(std::string_view file) {
  std::string uri = file.starts_with('/') ? "file://" : "";
  for (const char c : file) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return uri;
}

std::string sarif_level(Severity severity) {
  if (severity == Severity::high) return "error";
  return severity == Severity::medium ? "warning" : "note";
}

/// Where each line of a text begins.
std::vector<std::size_t> line_starts(std::string_view text) {
  std::vector<std::size_t> starts{0};
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1))
    starts.push_back(end + 1);
  return starts;
}

/// Our columns count bytes of UTF-8, SARIF's characters. From 1.
std::ptrdiff_t sarif_column(std::string_view text, const std::vector<std::size_t>& starts, const LintFinding& finding) {
  const auto line = static_cast<std::size_t>(finding.line);
  if (line > starts.size() || finding.column < 1) return 1;
  const std::string_view before = text.substr(starts[line - 1], static_cast<std::size_t>(finding.column) - 1);
  return 1 + std::ranges::count_if(before, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

ordered_json sarif_result(std::string_view file, std::ptrdiff_t column, const LintFinding& finding,
                          std::span<const LintCheck> checks) {
  ordered_json place = {{"artifactLocation", {{"uri", uri_of(file)}}}};
  if (finding.line > 0) place["region"] = {{"startLine", finding.line}, {"startColumn", column}};
  const std::string proof = finding.witness ? fmt::format("\n{}", witness_text(finding)) : "";
  ordered_json result = {{"ruleId", finding.check}};
  if (const LintCheck* check = check_of(finding, checks)) result["ruleIndex"] = check - checks.data();
  result["level"] = sarif_level(finding.severity);
  result["message"] = {{"text", visible(finding.message) + proof}};
  result["locations"] = ordered_json::array({{{"physicalLocation", place}}});
  result["properties"] = {{"severity", severity_name(finding.severity)}};
  if (finding.witness) result["properties"]["witness"] = witness_json(finding);
  return result;
}

}  // namespace

std::string lint_text(std::string_view file, const std::vector<LintFinding>& findings) {
  if (findings.empty()) return fmt::format("{}: no findings\n", visible(file));
  std::string text;
  for (const LintFinding& finding : findings) {
    text += fmt::format("{}: {}: {} [{}]\n", place_text(file, finding), severity_name(finding.severity),
                        visible(finding.message), finding.check);
    if (finding.witness) text += fmt::format("    {}\n", witness_text(finding));
  }
  return text + fmt::format("{} finding{}: {}\n", findings.size(), findings.size() == 1 ? "" : "s", totals_text(findings));
}

std::string lint_json(std::string_view file, const std::vector<LintFinding>& findings, std::span<const LintCheck> checks) {
  ordered_json list = ordered_json::array();
  for (const LintFinding& finding : findings) {
    ordered_json entry = {
        {"severity", severity_name(finding.severity)}, {"check", finding.check}, {"message", finding.message}};
    if (const LintCheck* check = check_of(finding, checks)) entry["explanation"] = check->explanation;
    entry["line"] = finding.line;
    entry["column"] = finding.column;
    entry["witness"] = finding.witness ? witness_json(finding) : ordered_json(nullptr);
    list.push_back(std::move(entry));
  }
  return dumped({{"file", file}, {"findings", std::move(list)}});
}

std::string lint_sarif(std::string_view file, std::string_view text, const std::vector<LintFinding>& findings,
                       std::span<const LintCheck> checks) {
  ordered_json rules = ordered_json::array();
  for (const LintCheck& check : checks)
    rules.push_back({{"id", check.id},
                     {"shortDescription", {{"text", check.title}}},
                     {"fullDescription", {{"text", check.explanation}}},
                     {"help", {{"text", check.explanation}}}});
  ordered_json results = ordered_json::array();
  const std::vector<std::size_t> starts = line_starts(text);
  for (const LintFinding& finding : findings)
    results.push_back(sarif_result(file, sarif_column(text, starts, finding), finding, checks));
  const ordered_json driver = {{"name", "sandgauge"}, {"semanticVersion", SANDGAUGE_VERSION}, {"rules", std::move(rules)}};
  ordered_json run = {{"tool", {{"driver", driver}}}, {"results", std::move(results)}, {"columnKind", "unicodeCodePoints"}};
  return dumped({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                 {"version", "2.1.0"},
                 {"runs", ordered_json::array({std::move(run)})}});
}

}  // namespace sandgauge
