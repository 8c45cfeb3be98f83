// A measurement in every form that it is given out in.
//
//   to_text(measurement)       // for a terminal
//   to_json(measurement)       // all of it, raw samples too: schema "sandgauge.bench/1" (docs/report-formats.md)
//   to_google(measurement)     // Google Benchmark's JSON, for its compare.py and for dashboards
//   to_markdown(measurement)
//   to_html(measurement)       // one page with its plots in it, that needs no network
//   Result<Measurement> old = read_measurement(text);     // what to_json() wrote
//
// Reading fails for what is no JSON, another schema, a field that is missing or of another type, naming it. Writing cannot
// fail.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/measurement.h"

namespace sandgauge {

std::string to_text(const Measurement& measurement);
std::string to_json(const Measurement& measurement);
std::string to_google(const Measurement& measurement);
std::string to_markdown(const Measurement& measurement);
std::string to_html(const Measurement& measurement);

Result<Measurement> read_measurement(std::string_view text);

/// "+9.4 ns", "1.3 us"; three digits that count.
std::string nanoseconds(double value, bool sign = false);
/// What a row costs, in words: "+9.4 ns [9.1, 9.8]", "below the noise floor", "not measured: ...".
std::string extra_words(const BenchRow& row);

}  // namespace sandgauge
