#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "report/bench_report.h"
#include "report/bounded_json.h"

namespace sandgauge {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json interval_json(const Interval& interval) {
  return {{"median", number(interval.median)}, {"low", number(interval.low)}, {"high", number(interval.high)}};
}

Json samples_json(const std::vector<double>& samples) {
  Json json = Json::array();
  for (const double sample : samples) json.push_back(number(sample));
  return json;
}

Json measured_json(const BenchRow& row, const Interval& interval) {
  return row.problem.empty() ? interval_json(interval) : Json();
}

Json row_json(const BenchRow& row) {
  return {{"id", row.id},
          {"group", row.group},
          {"call", row.call},
          {"condition", row.condition},
          {"baseline", row.baseline},
          {"placement", row.placement},
          {"problem", row.problem},
          {"note", row.note},
          {"control", row.control},
          {"answered", row.answered},
          {"bitmap_hit", row.bitmap_hit},
          {"filters", row.filters},
          {"instructions", row.instructions},
          {"batch", row.batch},
          {"cost_ns", measured_json(row, row.cost)},
          {"extra_ns", measured_json(row, row.extra)},
          {"ratio", measured_json(row, row.ratio)},
          {"confidence", row.confidence},
          {"resolution", row.resolution},
          {"p", number(row.p)},
          {"below_floor", row.below_floor},
          {"samples_ns", samples_json(row.samples)},
          {"disturbed_ns", samples_json(row.disturbed)},
          {"shared_core", row.shared_core}};
}

Json model_json(const CostModel& model) {
  if (!model.fitted) return nullptr;
  Json residuals = Json::array();
  for (const CostModel::Residual& residual : model.residuals)
    residuals.push_back(
        {{"row", residual.row}, {"measured_ns", number(residual.measured)}, {"fitted_ns", number(residual.fitted)}});
  return {{"entry_ns", interval_json(model.entry)},
          {"per_filter_ns", interval_json(model.per_filter)},
          {"per_instruction_ns", interval_json(model.per_instruction)},
          {"rms_ns", number(model.rms)},
          {"residuals", std::move(residuals)}};
}

Json workload_json(const WorkloadCost& workload) {
  Json calls = Json::array();
  for (const WorkloadCost::Call& call : workload.by_call)
    calls.push_back({{"name", call.name}, {"count", call.count}, {"how", call.how}, {"seconds", number(call.seconds)}});
  return {{"source", workload.source},
          {"calls", workload.calls},
          {"entry_s", number(workload.entry)},
          {"misses_s", number(workload.misses)},
          {"instructions_s", number(workload.instructions)},
          {"trips_s", number(workload.trips)},
          {"total_s", number(workload.total())},
          {"low_s", number(workload.low)},
          {"high_s", number(workload.high)},
          {"by_call", std::move(calls)},
          {"unknown", workload.unknown},
          {"deadly", workload.deadly},
          {"unpriced", workload.unpriced}};
}

Json gate_json(const Gate& gate) {
  if (gate.baseline.empty()) return nullptr;
  Json rows = Json::array();
  for (const GateRow& row : gate.rows)
    rows.push_back({{"row", row.row},
                    {"before", number(row.before)},
                    {"now", number(row.now)},
                    {"change", interval_json(row.change)},
                    {"regression", row.regression}});
  return {{"baseline", gate.baseline},
          {"max_regression", gate.max_regression},
          {"rows", std::move(rows)},
          {"missing", gate.missing},
          {"notes", gate.notes}};
}

Json strip_json(const std::vector<StripCell>& strip) {
  Json json = Json::array();
  for (const StripCell& cell : strip)
    json.push_back({{"name", cell.name},
                    {"number", cell.number},
                    {"decision", cell.decision},
                    {"bitmap_hit", cell.bitmap_hit},
                    {"allowed", cell.allowed},
                    {"instructions", cell.instructions},
                    {"modelled_ns", number(cell.nanoseconds)}});
  return json;
}

/// Reads fields of one object; the first that is wrong is remembered.
class MeasurementReader {
 public:
  MeasurementReader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {}

  template <class T>
  void take(const char* key, T& to) {
    const Json* field = find(key);
    if (field == nullptr) return;
    if constexpr (std::is_same_v<T, std::string>) {
      if (expect(key, field->is_string(), "a string")) to = field->get<std::string>();
    } else if constexpr (std::is_same_v<T, bool>) {
      if (expect(key, field->is_boolean(), "true or false")) to = field->get<bool>();
    } else if constexpr (std::is_same_v<T, double>) {
      if (field->is_null()) {
        to = std::numeric_limits<double>::quiet_NaN();
      } else if (expect(key, field->is_number(), "a number")) {
        to = field->get<double>();
      }
    } else if constexpr (std::is_same_v<T, Interval>) {
      MeasurementReader inside(*field, path_ + key + ".");
      inside.take("median", to.median);
      inside.take("low", to.low);
      inside.take("high", to.high);
      inherit(inside);
    } else {
      const bool fits = field->is_number_unsigned()
                            ? std::in_range<T>(field->get<std::uint64_t>())
                            : field->is_number_integer() && std::in_range<T>(field->get<std::int64_t>());
      if (expect(key, fits, "a whole number")) to = field->get<T>();
    }
  }

  void take(const char* key, std::vector<std::string>& to) {
    each(key, [&](const Json& item, const std::string& path) {
      if (!item.is_string())
        error_ = path + ": expected a string";
      else
        to.push_back(item.get<std::string>());
    });
  }
  void take(const char* key, std::vector<double>& to) {
    each(key, [&](const Json& item, const std::string& path) {
      if (item.is_null())
        to.push_back(std::numeric_limits<double>::quiet_NaN());
      else if (item.is_number())
        to.push_back(item.get<double>());
      else
        error_ = path + ": expected a number or null";
    });
  }

  template <class Visit>
  void each(const char* key, Visit visit) {
    const Json* field = find(key);
    if (field == nullptr || !expect(key, field->is_array(), "a list")) return;
    for (std::size_t i = 0; i < field->size() && error_.empty(); ++i)
      visit((*field)[i], fmt::format("{}{}[{}]", path_, key, i));
  }

  const Json* find(const char* key) {
    if (!error_.empty()) return nullptr;
    if (!json_.is_object()) {
      error_ = fmt::format("{}: expected an object", path_.empty() ? "it" : path_.substr(0, path_.size() - 1));
      return nullptr;
    }
    const auto found = json_.find(key);
    if (found != json_.end()) return &*found;
    error_ = fmt::format("{}{} is missing", path_, key);
    return nullptr;
  }
  void inherit(const MeasurementReader& inside) {
    if (error_.empty()) error_ = inside.error_;
  }
  [[nodiscard]] const std::string& error() const { return error_; }
  bool expect(const char* key, bool right, const char* what) {
    if (!right && error_.empty()) error_ = fmt::format("{}{}: expected {}", path_, key, what);
    return right;
  }

 private:
  const Json& json_;
  std::string path_;
  std::string error_;
};

void read_row(const Json& json, const std::string& path, MeasurementReader& outside, Measurement& to) {
  MeasurementReader fields(json, path + ".");
  BenchRow row;
  fields.take("id", row.id);
  fields.take("group", row.group);
  fields.take("call", row.call);
  fields.take("condition", row.condition);
  fields.take("baseline", row.baseline);
  fields.take("placement", row.placement);
  fields.take("problem", row.problem);
  fields.take("note", row.note);
  fields.take("control", row.control);
  fields.take("answered", row.answered);
  fields.take("bitmap_hit", row.bitmap_hit);
  fields.take("filters", row.filters);
  fields.take("instructions", row.instructions);
  fields.take("batch", row.batch);
  if (row.problem.empty()) {
    fields.take("cost_ns", row.cost);
    fields.take("extra_ns", row.extra);
    fields.take("ratio", row.ratio);
  }
  fields.take("confidence", row.confidence);
  fields.take("resolution", row.resolution);
  fields.take("p", row.p);
  fields.take("below_floor", row.below_floor);
  fields.take("samples_ns", row.samples);
  fields.take("disturbed_ns", row.disturbed);
  fields.take("shared_core", row.shared_core);
  const auto no_time = [](double sample) { return sample <= 0; };
  fields.expect("samples_ns", std::ranges::none_of(row.samples, no_time), "times above 0");
  outside.inherit(fields);
  to.rows.push_back(std::move(row));
}

void read_model(const Json& json, MeasurementReader& outside, CostModel& model) {
  if (json.is_null()) return;
  MeasurementReader fields(json, "model.");
  model.fitted = true;
  fields.take("entry_ns", model.entry);
  fields.take("per_filter_ns", model.per_filter);
  fields.take("per_instruction_ns", model.per_instruction);
  fields.take("rms_ns", model.rms);
  fields.each("residuals", [&](const Json& item, const std::string& path) {
    MeasurementReader inside(item, path + ".");
    CostModel::Residual residual;
    inside.take("row", residual.row);
    inside.take("measured_ns", residual.measured);
    inside.take("fitted_ns", residual.fitted);
    fields.inherit(inside);
    model.residuals.push_back(residual);
  });
  outside.inherit(fields);
}

void read_workload(const Json& json, const std::string& path, MeasurementReader& outside, Measurement& to) {
  MeasurementReader fields(json, path + ".");
  WorkloadCost workload;
  fields.take("source", workload.source);
  fields.take("calls", workload.calls);
  fields.take("entry_s", workload.entry);
  fields.take("misses_s", workload.misses);
  fields.take("instructions_s", workload.instructions);
  fields.take("trips_s", workload.trips);
  fields.take("low_s", workload.low);
  fields.take("high_s", workload.high);
  fields.take("unknown", workload.unknown);
  fields.take("deadly", workload.deadly);
  fields.take("unpriced", workload.unpriced);
  fields.each("by_call", [&](const Json& item, const std::string& where) {
    MeasurementReader inside(item, where + ".");
    WorkloadCost::Call call;
    inside.take("name", call.name);
    inside.take("count", call.count);
    inside.take("how", call.how);
    inside.take("seconds", call.seconds);
    fields.inherit(inside);
    workload.by_call.push_back(call);
  });
  outside.inherit(fields);
  to.workload.push_back(std::move(workload));
}

}  // namespace

std::string to_json(const Measurement& measurement) {
  Json environment = Json::object();
  for (const auto& [name, value] : measurement.environment) environment[name] = value;
  Json json = {{"schema", "sandgauge.bench/1"},
               {"version", measurement.version},
               {"title", measurement.title},
               {"environment", std::move(environment)},
               {"findings", measurement.findings},
               {"notes", measurement.notes},
               {"seed", measurement.seed},
               {"rounds", measurement.rounds},
               {"seconds", number(measurement.seconds)},
               {"budget", number(measurement.budget)},
               {"steal_percent", number(measurement.steal_percent)},
               {"undisturbed_percent", number(measurement.undisturbed_percent)},
               {"involuntary_switches", measurement.involuntary_switches},
               {"interrupted", measurement.interrupted},
               {"invalid", measurement.invalid},
               {"floor_ns", number(measurement.floor)},
               {"model", model_json(measurement.model)},
               {"workload", Json::array()},
               {"strip", strip_json(measurement.strip)},
               {"gate", gate_json(measurement.gate)},
               {"rows", Json::array()}};
  for (const WorkloadCost& workload : measurement.workload) json["workload"].push_back(workload_json(workload));
  for (const BenchRow& row : measurement.rows) json["rows"].push_back(row_json(row));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Measurement> read_measurement(std::string_view text) {
  const auto parsed = parse_bounded(text);
  if (!parsed) return fail("it is {}", parsed.error().message);
  const Json& json = *parsed;
  Measurement measurement;
  MeasurementReader fields(json, "");
  std::string schema;
  fields.take("schema", schema);
  if (!fields.error().empty() || schema != "sandgauge.bench/1")
    return fail("it is not a run of sandgauge bench: expected the schema sandgauge.bench/1");
  fields.take("version", measurement.version);
  fields.take("title", measurement.title);
  if (const Json* environment = fields.find("environment"); environment != nullptr && environment->is_object())
    for (const auto& [name, value] : environment->items())
      measurement.environment.emplace_back(name, value.is_string() ? value.get<std::string>() : "unknown");
  fields.take("findings", measurement.findings);
  fields.take("notes", measurement.notes);
  fields.take("seed", measurement.seed);
  fields.take("rounds", measurement.rounds);
  fields.take("seconds", measurement.seconds);
  fields.take("budget", measurement.budget);
  fields.take("steal_percent", measurement.steal_percent);
  fields.take("undisturbed_percent", measurement.undisturbed_percent);
  fields.take("involuntary_switches", measurement.involuntary_switches);
  fields.take("interrupted", measurement.interrupted);
  fields.take("invalid", measurement.invalid);
  fields.take("floor_ns", measurement.floor);
  if (const Json* model = fields.find("model"); model != nullptr) read_model(*model, fields, measurement.model);
  fields.each("workload",
              [&](const Json& item, const std::string& path) { read_workload(item, path, fields, measurement); });
  fields.each("strip", [&](const Json& item, const std::string& path) {
    MeasurementReader inside(item, path + ".");
    StripCell cell;
    inside.take("name", cell.name);
    inside.take("number", cell.number);
    inside.take("decision", cell.decision);
    inside.take("bitmap_hit", cell.bitmap_hit);
    inside.take("allowed", cell.allowed);
    inside.take("instructions", cell.instructions);
    inside.take("modelled_ns", cell.nanoseconds);
    fields.inherit(inside);
    measurement.strip.push_back(std::move(cell));
  });
  fields.each("rows", [&](const Json& item, const std::string& path) { read_row(item, path, fields, measurement); });
  if (!fields.error().empty()) return fail("{}", fields.error());
  return measurement;
}

}  // namespace sandgauge
