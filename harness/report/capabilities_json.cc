#include "report/capabilities_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "report/bounded_json.h"

namespace sandgauge {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "sandgauge.check/1";

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json about_json(const Capability& one) {
  return {
      {"id", one.id},
      {"group", one.group},
      {"title", one.title},
      {"meaning", one.meaning},
      {"since", one.since == KernelVersion{} ? Json() : Json(to_string(one.since))},
      {"source", one.source},
  };
}

Json finding_json(const Finding& finding) {
  return {{"standing", standing_name(finding.standing)}, {"evidence", finding.evidence}};
}

Json capability_json(const Capability& one) {
  Json json = about_json(one);
  json["claimed"] = finding_json(one.claimed);
  json["advertised"] = finding_json(one.advertised);
  json["works"] = finding_json(one.works);
  json["value"] = one.value;
  json["reason"] = one.reason;
  return json;
}

/// Reads one object; the first thing that is wrong is the error, and nothing is read after it.
class CapabilityReader {
 public:
  CapabilityReader(const Json& object, std::string path, std::string& error)
      : object_(object), path_(std::move(path)), error_(error) {
    if (error_.empty() && !object_.is_object()) error_ = fmt::format("{}: expected an object", path_);
  }
  const Json* take(const char* name, bool (Json::*is_kind)() const noexcept, const char* kind) {
    if (!error_.empty()) return nullptr;
    const auto found = object_.find(name);
    if (found == object_.end()) return refuse(name, "is missing");
    if (!((*found).*is_kind)()) return refuse(name, fmt::format("expected {}", kind));
    return &*found;
  }
  std::string text(const char* name) {
    const Json* value = take(name, &Json::is_string, "a text");
    return value != nullptr ? value->get<std::string>() : std::string();
  }
  Finding finding(const char* name) {
    const Json* value = take(name, &Json::is_object, "an object");
    if (value == nullptr) return {};
    CapabilityReader inside(*value, at(name), error_);
    const std::string standing = inside.text("standing");
    Finding finding{Standing::none, inside.text("evidence")};
    const auto known = parse_standing(standing);
    if (known) finding.standing = *known;
    if (!known && error_.empty())
      inside.refuse("standing", fmt::format("expected none, yes, no, unknown or untested, found '{:.40}'", standing));
    return finding;
  }
  std::nullptr_t refuse(const char* name, const std::string& why) {
    if (error_.empty()) error_ = fmt::format("{}: {}", at(name), why);
    return nullptr;
  }

 private:
  [[nodiscard]] std::string at(const char* name) const { return path_.empty() ? name : path_ + "." + name; }
  const Json& object_;
  std::string path_;
  std::string& error_;
};

Capability read_capability(const Json& json, const std::string& path, std::string& error) {
  CapabilityReader reader(json, path, error);
  Capability one;
  one.id = reader.text("id");
  one.group = reader.text("group");
  one.title = reader.text("title");
  one.claimed = reader.finding("claimed");
  one.advertised = reader.finding("advertised");
  one.works = reader.finding("works");
  one.value = reader.text("value");
  one.reason = reader.text("reason");
  return one;
}

}  // namespace

std::string to_json(const CapabilityReport& report) {
  Json json = {
      {"schema", kSchema},   {"version", report.version}, {"kernel", report.kernel},       {"machine", report.machine},
      {"user", report.user}, {"notes", report.notes},     {"capabilities", Json::array()},
  };
  for (const Capability& one : report.capabilities) json["capabilities"].push_back(capability_json(one));
  return dump(json);
}

std::string list_json(const std::vector<Capability>& capabilities) {
  Json json = {{"schema", "sandgauge.check-list/1"}, {"capabilities", Json::array()}};
  for (const Capability& one : capabilities) json["capabilities"].push_back(about_json(one));
  return dump(json);
}

Result<CapabilityReport> read_capabilities(std::string_view text, const std::string& name) {
  const auto parsed = parse_bounded(text);
  if (!parsed) return fail("{}: {}; expected what sandgauge check --format json writes", name, parsed.error().message);
  const Json& json = *parsed;
  std::string error;
  CapabilityReport report;
  if (!json.is_object()) return fail("{}: expected an object with schema '{}'", name, kSchema);
  CapabilityReader reader(json, "", error);
  const std::string schema = reader.text("schema");
  if (error.empty() && schema != kSchema)
    reader.refuse("schema", fmt::format("expected '{}', found '{:.40}'", kSchema, schema));
  report.version = reader.text("version");
  report.kernel = reader.text("kernel");
  report.machine = reader.text("machine");
  report.user = reader.text("user");
  if (const Json* list = reader.take("capabilities", &Json::is_array, "a list")) {
    std::set<std::string> ids;
    for (const Json& entry : *list) {
      const std::string path = fmt::format("capabilities[{}]", report.capabilities.size());
      report.capabilities.push_back(read_capability(entry, path, error));
      if (error.empty() && !ids.insert(report.capabilities.back().id).second)
        error = fmt::format("{}.id: '{:.80}' is there twice", path, report.capabilities.back().id);
      if (!error.empty()) break;
    }
    if (error.empty() && report.capabilities.empty()) reader.refuse("capabilities", "is empty");
  }
  if (!error.empty()) return fail("{}: {}", name, error);
  return report;
}

}  // namespace sandgauge
