#include "report/result_reader.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "report/escape.h"

namespace sandgauge {
namespace {

using Json = nlohmann::ordered_json;

constexpr Status kEveryStatus[] = {Status::pass, Status::fail, Status::broken, Status::skip};
constexpr Cause kEveryCause[] = {Cause::none,  Cause::expectation, Cause::disagreement, Cause::deadline,    Cause::setup,
                                 Cause::probe, Cause::requirement, Cause::outer_filter, Cause::interrupted, Cause::harness};

/// Enough of a value to recognise it. What has an inside is only named: dump() recurses, as deep as the text says.
std::string shown(const Json& json) {
  if (json.is_object()) return "an object";
  if (json.is_array()) return "a list";
  return visible(fmt::format("{:.40}", json.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

/// Takes fields out of one object, which the caller has seen to be one. After the first error nothing more is read.
class ResultReader {
 public:
  ResultReader(const Json& object, std::string prefix, std::string& error)
      : object_(object), prefix_(std::move(prefix)), error_(error) {}

  void read(const char* name, std::string& into) {
    if (const Json* value = take(name, &Json::is_string, "a text")) into = value->get<std::string>();
  }
  void read(const char* name, bool& into) {
    if (const Json* value = take(name, &Json::is_boolean, "true or false")) into = value->get<bool>();
  }
  template <class Integer>
  void read_integer(const char* name, Integer& into) {
    const Json* value = take(name, &Json::is_number_integer, "a whole number");
    if (value == nullptr) return;
    const bool too_big =
        value->is_number_unsigned() && value->get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max();
    if (too_big || !std::in_range<Integer>(value->get<std::int64_t>())) return refuse(name, "a number that fits", *value);
    into = static_cast<Integer>(value->get<std::int64_t>());
  }
  void read(const char* name, std::vector<std::string>& into) {
    const Json* array = take(name, &Json::is_array, "a list of texts");
    if (array == nullptr) return;
    for (const Json& element : *array) {
      if (!element.is_string()) return refuse(name, "a list of texts", element);
      into.push_back(element.get<std::string>());
    }
  }
  /// A word out of an enumeration, by its name function.
  template <class Enum, std::size_t n>
  void read_word(const char* name, const Enum (&all)[n], std::string_view (*name_of)(Enum), Enum& into) {
    const Json* value = take(name, &Json::is_string, "a text");
    if (value == nullptr) return;
    for (const Enum one : all) {
      if (name_of(one) != value->get_ref<const std::string&>()) continue;
      into = one;
      return;
    }
    refuse(name, "a known word", *value);
  }
  const Json* take(const char* name, bool (Json::*is_right)() const noexcept, std::string_view expected) {
    if (!error_.empty()) return nullptr;
    const auto found = object_.find(name);
    if (found == object_.end()) {
      error_ = fmt::format("field '{}{}' of a result is missing", prefix_, name);
      return nullptr;
    }
    if (((*found).*is_right)()) return &*found;
    refuse(name, expected, *found);
    return nullptr;
  }

 private:
  void refuse(std::string_view name, std::string_view expected, const Json& found) {
    error_ = fmt::format("field '{}{}' of a result: expected {}, found {}", prefix_, name, expected, shown(found));
  }

  const Json& object_;
  std::string prefix_;
  std::string& error_;
};

void read_place(const Json& json, Place& place, std::string& error) {
  ResultReader reader(json, "place.", error);
  reader.read("file", place.file);
  reader.read_integer("line", place.line);
}

Check read_check(const Json& json, std::string& error) {
  Check check;
  ResultReader reader(json, "checks.", error);
  reader.read("what", check.what);
  reader.read("expected", check.expected);
  reader.read("observed", check.observed);
  reader.read("met", check.met);
  return check;
}

}  // namespace

Result<CaseResult> read_result(const Json& json) {
  if (!json.is_object()) return fail("a result is not an object: {}", shown(json));
  CaseResult result;
  std::string error;
  std::int64_t duration = 0;
  ResultReader reader(json, "", error);
  reader.read("id", result.id);
  reader.read("suite", result.suite);
  reader.read("title", result.title);
  reader.read("subject", result.subject);
  reader.read("action", result.action);
  reader.read("backend", result.backend);
  reader.read("probe", result.probe);
  if (const Json* place = reader.take("place", &Json::is_object, "an object")) read_place(*place, result.place, error);
  reader.read_word("status", kEveryStatus, status_name, result.verdict.status);
  reader.read_word("cause", kEveryCause, cause_name, result.verdict.cause);
  reader.read("reason", result.verdict.reason);
  if (const Json* checks = reader.take("checks", &Json::is_array, "a list"))
    for (const Json& check : *checks) {
      if (!check.is_object()) return fail("field 'checks' of a result: expected an object, found {}", shown(check));
      result.verdict.checks.push_back(read_check(check, error));
    }
  reader.read("facts", result.facts);
  reader.read("reproducer", result.reproducer);
  reader.read_integer("iteration", result.iteration);
  reader.read_integer("stage_checks", result.stage_checks);
  reader.read_integer("stage_filters", result.stage_filters);
  reader.read_integer("duration_us", duration);
  if (!error.empty()) return fail("{}", error);
  result.duration = std::chrono::microseconds(duration);
  return result;
}

}  // namespace sandgauge
