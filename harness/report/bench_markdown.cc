#include "report/bench_report.h"
#include "report/escape.h"

namespace sandgauge {
namespace {

/// Inside of a table's cell (GitHub Flavored Markdown, "Tables").
std::string cell(std::string_view text) {
  std::string safe;
  for (const char c : visible(text)) {
    if (c == '|' || c == '\\' || c == '`' || c == '*' || c == '_' || c == '<' || c == '[') safe += '\\';
    safe += c;
  }
  return safe;
}

}  // namespace

std::string to_markdown(const Measurement& measurement) {
  std::string text = fmt::format("# Cost of filters: {}\n\n{} rounds in {:.1f} s.\n", cell(measurement.title),
                                 measurement.rounds, measurement.seconds);
  if (!measurement.invalid.empty()) text += fmt::format("\n**INVALID:** {}\n", cell(measurement.invalid));
  if (!measurement.findings.empty()) text += "\n## Findings\n\n";
  for (const std::string& finding : measurement.findings) text += fmt::format("- {}\n", cell(finding));
  for (const WorkloadCost& workload : measurement.workload) {
    text += fmt::format("\n## Workload: {}\n\n| part | time |\n|---|---|\n", cell(workload.source));
    for (const auto& [name, seconds] : {std::pair{"entry", workload.entry},
                                        {"bitmap misses", workload.misses},
                                        {"BPF instructions", workload.instructions},
                                        {"trips", workload.trips},
                                        {"**together**", workload.total()}})
      text += fmt::format("| {} | {} |\n", name, nanoseconds(seconds * 1e9));
  }
  std::string call;
  for (const BenchRow& row : measurement.rows) {
    if (row.call != call)
      text += fmt::format("\n## {}\n\n| condition | cost | extra, 95% interval | |\n|---|---|---|---|\n", cell(row.call));
    call = row.call;
    const std::string why = row.bitmap_hit         ? "bitmap hit"
                            : row.instructions > 0 ? fmt::format("{} instructions", row.instructions)
                                                   : row.note;
    text +=
        fmt::format("| {} | {} | {} | {} |\n", cell(row.condition), row.problem.empty() ? nanoseconds(row.cost.median) : "-",
                    cell(extra_words(row)), cell(row.placement.empty() ? why : row.placement));
  }
  if (measurement.model.fitted) {
    text += "\n## Cost model\n\n| | ns | 95% interval |\n|---|---|---|\n";
    for (const auto& [name, value] : {std::pair{"entry", measurement.model.entry},
                                      {"per filter", measurement.model.per_filter},
                                      {"per instruction", measurement.model.per_instruction}})
      text += fmt::format("| {} | {:.3f} | {:.3f} to {:.3f} |\n", name, value.median, value.low, value.high);
    text += fmt::format("\nResiduals: rms {:.2f} ns.\n", measurement.model.rms);
  }
  if (!measurement.gate.baseline.empty()) {
    text += fmt::format("\n## Against {}\n\n| row | was | is | change, 95% interval | |\n|---|---|---|---|---|\n",
                        cell(measurement.gate.baseline));
    for (const GateRow& row : measurement.gate.rows)
      text += fmt::format("| {} | {:.3f} | {:.3f} | {:+.1f}% ({:+.1f} to {:+.1f}) | {} |\n", cell(row.row), row.before,
                          row.now, row.change.median * 100, row.change.low * 100, row.change.high * 100,
                          row.regression ? "**regression**" : "");
    for (const std::string& missing : measurement.gate.missing) text += fmt::format("\nMissing: {}\n", cell(missing));
  }
  text += "\n## Machine\n\n| | |\n|---|---|\n";
  for (const auto& [name, value] : measurement.environment) text += fmt::format("| {} | {} |\n", cell(name), cell(value));
  return text + fmt::format("| stolen time | {:.2f}% |\n| core undisturbed | in {:.0f}% of the samples |\n",
                            measurement.steal_percent, measurement.undisturbed_percent);
}

}  // namespace sandgauge
