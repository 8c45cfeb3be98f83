#include <cmath>
#include <nlohmann/json.hpp>

#include "report/bench_report.h"

namespace sandgauge {
namespace {

using Json = nlohmann::ordered_json;

std::string fact(const Measurement& measurement, std::string_view name) {
  for (const auto& [key, value] : measurement.environment)
    if (key == name) return value;
  return "unknown";
}

int cpus(const Measurement& measurement) {
  const std::string text = fact(measurement, "cpus");
  int number = 0;
  for (const char c : text)
    if (c >= '0' && c <= '9' && number < 100'000) number = number * 10 + (c - '0');
  return number;
}

/// Times are real; what a pinned, undisturbed process takes is CPU time as well.
Json entry(const BenchRow& row, std::size_t family, const char* type, double nanoseconds) {
  return {{"name", row.id},
          {"family_index", family},
          {"per_family_instance_index", 0},
          {"run_name", row.id},
          {"run_type", type},
          {"repetitions", row.samples.size()},
          {"threads", 1},
          {"iterations", row.batch},
          {"real_time", nanoseconds},
          {"cpu_time", nanoseconds},
          {"time_unit", "ns"}};
}

}  // namespace

/// https://github.com/google/benchmark/blob/main/docs/user_guide.md, "Output Formats". The samples of each round are the
/// repetitions, so that compare.py can test them against another run's.
std::string to_google(const Measurement& measurement) {
  Json json = {{"context",
                {{"date", fact(measurement, "date")},
                 {"host_name", fact(measurement, "host")},
                 {"executable", "sandgauge bench"},
                 {"num_cpus", cpus(measurement)},
                 {"mhz_per_cpu", 0},
                 {"cpu_scaling_enabled", false},
                 {"caches", Json::array()},
                 {"load_avg", Json::array()},
                 {"library_build_type", "release"},
                 {"sandgauge_version", measurement.version},
                 {"sandgauge_invalid", measurement.invalid},
                 {"kernel", fact(measurement, "kernel")}}},
               {"benchmarks", Json::array()}};
  std::size_t family = 0;
  for (const BenchRow& row : measurement.rows) {
    if (!row.problem.empty()) {
      Json failed = entry(row, family++, "iteration", 0);
      failed["error_occurred"] = true;
      failed["error_message"] = row.problem;
      json["benchmarks"].push_back(std::move(failed));
      continue;
    }
    std::size_t repetition = 0;
    for (const double sample : row.samples) {
      if (!std::isfinite(sample)) continue;
      Json one = entry(row, family, "iteration", sample);
      one["repetition_index"] = repetition++;
      json["benchmarks"].push_back(std::move(one));
    }
    Json middle = entry(row, family++, "aggregate", row.cost.median);
    middle["name"] = row.id + "_median";
    middle["aggregate_name"] = "median";
    middle["aggregate_unit"] = "time";
    json["benchmarks"].push_back(std::move(middle));
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sandgauge
