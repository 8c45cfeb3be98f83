#include <algorithm>

#include "report/bench_plots.h"
#include "report/bench_report.h"
#include "report/escape.h"
#include "report/page.h"

namespace sandgauge {
namespace {

constexpr char kStyle[] = R"(
.legend,.why,dt{color:var(--soft);font-size:.85rem}
.invalid{border:2px solid var(--bad);padding:.75rem;font-weight:600}
.bar{display:grid;grid-template-columns:minmax(0,15rem) minmax(0,1fr) minmax(0,17rem);gap:0 .75rem;align-items:center;padding:.2rem 0;border-bottom:1px solid var(--faint)}
.bar .why{grid-column:1/-1}.bar .why:empty{display:none}.value{font-variant-numeric:tabular-nums}
svg.mark{width:100%;height:14px;display:block}svg .axis{stroke:var(--faint);vector-effect:non-scaling-stroke}
.interval{fill:var(--accent);opacity:.45}.median{fill:var(--accent)}.control .interval,.control .median{fill:var(--soft)}
svg.chart{width:100%;max-width:34rem;height:auto;display:block}svg.chart text{font:11px system-ui,sans-serif;fill:var(--ink)}
.grid{stroke:var(--faint)}.series0{stroke:var(--accent);fill:var(--accent);color:var(--accent)}.series1{stroke:var(--second);fill:var(--second);color:var(--second)}
.series2{stroke:var(--third);fill:var(--third);color:var(--third)}.model{stroke:var(--soft);stroke-dasharray:4 3}
.strip{display:flex;flex-wrap:wrap;gap:2px}.strip i,.legend i{display:inline-block;width:14px;height:14px;border:1px solid var(--faint)}
i.hit{background:var(--third)}i.miss{background:var(--second);opacity:calc(.35 + .65*var(--heat,1))}i.answered{background:repeating-linear-gradient(45deg,var(--faint) 0 2px,transparent 2px 5px)}
dl{display:grid;grid-template-columns:minmax(6rem,12rem) minmax(0,1fr);gap:.1rem .75rem;font-size:.9rem}dd{margin:0}
@media(max-width:40rem){.bar{grid-template-columns:minmax(0,1fr)}dl{grid-template-columns:minmax(0,1fr)}dd{margin-bottom:.4rem}}
@media print{.bar,svg.chart{break-inside:avoid}}
)";

std::string safe(std::string_view text) { return xml_text(visible(text)); }

std::string workload_html(const WorkloadCost& workload) {
  std::string html = fmt::format(
      "<h2>Workload: {}</h2>\n<p>{} calls cost {} more ({} to {}).</p>\n<table><tr><th>part</th><th>time</th></tr>\n",
      safe(workload.source), workload.calls, nanoseconds(workload.total() * 1e9), nanoseconds(workload.low * 1e9),
      nanoseconds(workload.high * 1e9));
  for (const auto& [name, seconds] : {std::pair{"entry", workload.entry},
                                      {"bitmap misses", workload.misses},
                                      {"BPF instructions", workload.instructions},
                                      {"trips to handlers and supervisors", workload.trips}})
    html += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", name, nanoseconds(seconds * 1e9));
  html += "</table>\n<table><tr><th>call</th><th>count</th><th>time</th><th>how</th></tr>\n";
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < std::min(kShown, workload.by_call.size()); ++i) {
    const WorkloadCost::Call& call = workload.by_call[i];
    html += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", safe(call.name), call.count,
                        nanoseconds(call.seconds * 1e9), safe(call.how));
  }
  return html + "</table>\n";
}

std::string model_html(const CostModel& model) {
  if (!model.fitted) return "";
  std::string html =
      "<h2>Cost model</h2>\n<p>extra = entry + filters &#215; a + instructions &#215; "
      "b</p>\n<table><tr><th></th><th>ns</th><th>95% interval</th></tr>\n";
  for (const auto& [name, value] : {std::pair{"entry", model.entry},
                                    {"a, per filter that runs", model.per_filter},
                                    {"b, per instruction", model.per_instruction}})
    html += fmt::format("<tr><td>{}</td><td>{:.3f}</td><td>{:.3f} to {:.3f}</td></tr>\n", name, value.median, value.low,
                        value.high);
  html += fmt::format(
      "</table>\n<p class=\"legend\">Residuals: rms {:.2f} "
      "ns.</p>\n<table><tr><th>row</th><th>measured</th><th>fitted</th></tr>\n",
      model.rms);
  for (const CostModel::Residual& residual : model.residuals)
    html += fmt::format("<tr><td>{}</td><td>{:.1f}</td><td>{:.1f}</td></tr>\n", safe(residual.row), residual.measured,
                        residual.fitted);
  return html + "</table>\n";
}

std::string gate_html(const Gate& gate) {
  if (gate.baseline.empty()) return "";
  std::string html =
      fmt::format("<h2>Against {}</h2>\n<table><tr><th>row</th><th>was</th><th>is</th><th>change, 95% interval</th></tr>\n",
                  safe(gate.baseline));
  for (const GateRow& row : gate.rows)
    html += fmt::format("<tr><td>{}</td><td>{:.3f}</td><td>{:.3f}</td><td>{:+.1f}% ({:+.1f} to {:+.1f}){}</td></tr>\n",
                        safe(row.row), row.before, row.now, row.change.median * 100, row.change.low * 100,
                        row.change.high * 100, row.regression ? " <b>regression</b>" : "");
  html += "</table>\n";
  for (const std::string& missing : gate.missing) html += fmt::format("<p>missing: {}</p>\n", safe(missing));
  return html;
}

}  // namespace

std::string to_html(const Measurement& measurement) {
  std::string html = fmt::format("<p>{} rounds in {:.1f} s, noise floor {}.</p>\n", measurement.rounds, measurement.seconds,
                                 nanoseconds(measurement.floor));
  if (!measurement.invalid.empty()) html += fmt::format("<p class=\"invalid\">Invalid: {}</p>\n", safe(measurement.invalid));
  if (measurement.interrupted)
    html += "<p class=\"invalid\">Ended early: intervals are wider than they would have been.</p>\n";
  for (const std::string& note : measurement.notes) html += fmt::format("<p>{}</p>\n", safe(note));
  if (!measurement.findings.empty()) {
    html += "<h2>Findings</h2>\n<ul>\n";
    for (const std::string& finding : measurement.findings) html += fmt::format("<li>{}</li>\n", safe(finding));
    html += "</ul>\n";
  }
  for (const WorkloadCost& workload : measurement.workload) html += workload_html(workload);
  if (const std::string strip = heat_strip(measurement); !strip.empty()) html += "<h2>The profile</h2>\n" + strip;
  std::string call;
  for (const BenchRow& row : measurement.rows) {
    if (row.call == call) continue;
    call = row.call;
    html += fmt::format("<h2>{}</h2>\n{}", safe(call), costs_plot(measurement, call));
  }
  if (const std::string plot = depth_plot(measurement); !plot.empty()) html += "<h2>Cost against depth</h2>\n" + plot;
  if (const std::string plot = length_plot(measurement); !plot.empty())
    html += "<h2>Cost against filter length</h2>\n" + plot;
  html += model_html(measurement.model) + gate_html(measurement.gate) + "<h2>Machine</h2>\n<dl>\n";
  for (const auto& [name, value] : measurement.environment)
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", safe(name), safe(value));
  html += fmt::format(
      "<dt>stolen time</dt><dd>{:.2f}%</dd>\n<dt>core undisturbed</dt><dd>in {:.0f}% of the samples</dd>\n"
      "<dt>involuntary switches</dt><dd>{}</dd>\n",
      measurement.steal_percent, measurement.undisturbed_percent, measurement.involuntary_switches);
  return html_page("Cost of filters: " + measurement.title, kStyle, html + "</dl>\n");
}

}  // namespace sandgauge
