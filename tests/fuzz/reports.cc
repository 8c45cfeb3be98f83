// Our own reports, which come back as baselines, from guests and from workers: anybody can have changed them.

#include "measure/gate.h"
#include "report/bench_report.h"
#include "report/capabilities_json.h"
#include "report/json.h"
#include "report/matrix.h"
#include "target.h"

namespace sandgauge::fuzz {
namespace {

const Target result_json("result_json", [](std::string_view line) {
  const auto result = decode_result(line);
  if (!accepted(result)) return;
  const auto again = decode_result(encode_result(*result));
  expect(accepted(again) && *again == *result, "a result that is written can be read");
});

const Target capabilities_json("capabilities_json", [](std::string_view text) {
  const auto report = read_capabilities(text, "input");
  if (!accepted(report)) return expect(report.error().message.starts_with("input:"), "an error names its file");
  const auto again = read_capabilities(to_json(*report), "written");
  expect(accepted(again) && *again == *report, "a report that is written can be read");
  expect(drift_between(report->capabilities, again->capabilities).empty(), "it has not drifted from itself");
});

const Target measurement_json("measurement_json", [](std::string_view text) {
  const auto run = read_measurement(text);
  if (!accepted(run)) return;
  const std::string written = to_json(*run);
  const auto again = read_measurement(written);
  expect(accepted(again) && to_json(*again) == written, "a measurement that is written can be read");
  const auto gate = compare(*run, *run, 0.05);
  if (!accepted(gate)) return;
  for (const GateRow& row : gate->rows) expect(!row.regression, "a run is no slower than itself");
});

const Target matrix_column("matrix_column", [](std::string_view text) {
  const auto cells = read_matrix_column(text);
  if (!accepted(cells)) return;
  Matrix matrix;
  add_column(matrix, "6.1", *cells);
  add_column(matrix, "6.12", *cells);
  expect(differing_rows(matrix).empty(), "a column is the same as itself");
  add_column(matrix, "6.18", {}, "it did not start");
  matrix_text(matrix, {}, true);
  matrix_json(matrix);
  matrix_html(matrix);
});

}  // namespace
}  // namespace sandgauge::fuzz
