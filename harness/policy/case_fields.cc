#include "policy/case_fields.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>

#include "base/shown.h"
#include "model/privilege.h"
#include "policy/call_text.h"
#include "policy/expectation_yaml.h"
#include "policy/format.h"
#include "policy/policy_fields.h"
#include "policy/yaml_value.h"

namespace sandgauge {
namespace {

Result<std::vector<std::string>> program_of(const Yaml& node) {
  if (node.kind == Yaml::Kind::scalar && node.text.find(' ') != std::string::npos)
    return fail_at(node, "the program {} has a space, expected a list such as [./my-app, --flag]", shown(node.text));
  auto program = one_or_list_of(node, text_of);
  if (program && program->front().empty()) return fail_at(node, "the program '', expected a name or a path");
  return program;
}

Result<CallArgument> call_argument_of(const Yaml& node) {
  CallArgument argument{.kind = CallArgument::Kind::text};
  if (node.kind == Yaml::Kind::map) {
    Fields fields(node);
    fields.take("text", argument.text, text_of);
    if (auto read = fields.end(); !read) return fail(read.error());
    if (!fields.has("text")) return fail_at(node, "an argument without 'text', expected {{text: ...}}");
    return argument;
  }
  auto text = scalar_of(node, "a number, scratch or text");
  if (!text) return fail(text.error());
  // What begins like a number is meant as one: 0755 as text would make mkdir(2) read its mode from a pointer.
  if (*text == "scratch" || starts_like_number(*text)) {
    auto number = parse_call_argument(*text);
    if (!number) return fail_at(node, "{}, or {{text: {}}} for text", number.error().message, *text);
    return number;
  }
  argument.text = *std::move(text);
  return argument;
}

Result<CallRequest> call_of(const Yaml& node) {
  if (node.kind == Yaml::Kind::scalar) return at(node, parse_call(node.text));
  CallRequest call;
  Fields fields(node);
  fields.take("abi", call.abi, abi_of);
  fields.take("syscall", call.syscall, [&call](const Yaml& value) -> Result<std::string> {
    const auto text = term_of(value, "the name or the number of a syscall");
    if (!text) return fail(text.error());
    return at(value, parse_syscall(*text, {&call.abi, 1}));
  });
  fields.take("args", call.args, [](const Yaml& args) -> Result<std::vector<CallArgument>> {
    if (args.items.size() > 6) return fail_at(args, "found {} arguments, expected at most 6", args.items.size());
    return list_of(args, call_argument_of);
  });
  if (auto read = fields.end(); !read) return fail(read.error());
  if (!fields.has("syscall"))
    return fail_at(node, "a call without 'syscall', expected syscall, and abi and args if need be");
  if (auto fits = at(node, check_width(call)); !fits) return fail(fits.error());
  return call;
}

template <class T>
Result<std::vector<T>> each_once(const Yaml& node, Result<std::vector<T>> values) {
  if (!values) return values;
  for (auto value = values->begin(); value != values->end(); ++value)
    if (std::find(values->begin(), value, *value) != value)
      return fail_at(*node.items[static_cast<std::size_t>(value - values->begin())],
                     "{} for the second time, expected it once",
                     found(*node.items[static_cast<std::size_t>(value - values->begin())]));
  return values;
}

Result<std::vector<AttachWay>> ways_of(const Yaml& node) {
  return each_once(node, one_or_list_of(node, [](const Yaml& value) {
                     return choice_of<AttachWay>(value, {{"exec", {Attach::exec, Delivery::direct}},
                                                         {"call", {Attach::call, Delivery::direct}},
                                                         {"preload", {Attach::exec, Delivery::preload}},
                                                         {"needed", {Attach::exec, Delivery::needed}},
                                                         {"runc", {Attach::exec, Delivery::runc}},
                                                         {"crun", {Attach::exec, Delivery::crun}}});
                   }));
}

Result<std::vector<Backend>> backends_of(const Yaml& node) {
  return each_once(node, one_or_list_of(node, [](const Yaml& value) -> Result<Backend> {
                     const auto text = term_of(value, "bpf, libseccomp or libseccomp:2");
                     if (!text) return fail(text.error());
                     return at(value, parse_backend(*text));
                   }));
}

Result<std::optional<Probe>> probe_of(const Yaml& node) {
  if (node.kind == Yaml::Kind::scalar && node.text == "auto") return std::optional<Probe>();
  Probe probe;
  if (node.kind == Yaml::Kind::scalar && node.text == "plain") return std::optional(probe);
  const auto watchers = each_once(node, one_or_list_of(node, [](const Yaml& value) {
                                    return choice_of<bool Probe::*>(value, {{"handler", &Probe::handler},
                                                                            {"threads", &Probe::threads},
                                                                            {"tracer", &Probe::tracer},
                                                                            {"listener", &Probe::listener},
                                                                            {"audit", &Probe::audit}});
                                  }));
  if (!watchers) return fail(watchers.error());
  for (const auto watcher : *watchers) probe.*watcher = true;
  return std::optional(probe);
}

Result<std::int64_t> result_of(const Yaml& node) {
  return integer_of(node, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
}

Result<TracerPlan> tracer_of(const Yaml& node) {
  TracerPlan plan;
  if (node.kind == Yaml::Kind::scalar && node.text == "proceed") return plan;
  if (node.kind != Yaml::Kind::map) return fail_at(node, "found {}, expected proceed or {{skip: result}}", found(node));
  Fields fields(node);
  fields.take("skip", plan.result, result_of);
  if (auto read = fields.end(); !read) return fail(read.error());
  if (!fields.has("skip")) return fail_at(node, "an empty map, expected proceed or {{skip: result}}");
  plan.answer = TracerPlan::Answer::skip;
  return plan;
}

Result<ListenerPlan> listener_of(const Yaml& node) {
  constexpr std::string_view kExpected = "proceed, {error: errno} or {value: number}";
  ListenerPlan plan;
  if (node.kind == Yaml::Kind::scalar && node.text == "proceed") return plan;
  if (node.kind != Yaml::Kind::map) return fail_at(node, "found {}, expected {}", found(node), kExpected);
  Fields fields(node);
  fields.take("error", plan.error, [](const Yaml& value) -> Result<std::int32_t> {
    const auto error = errno_of(value);
    if (!error) return fail(error.error());
    return -static_cast<std::int32_t>(*error);
  });
  fields.take("value", plan.value, result_of);
  if (auto read = fields.end(); !read) return fail(read.error());
  if (node.entries.size() != 1) return fail_at(node, "found {} answers, expected {}", node.entries.size(), kExpected);
  plan.answer = ListenerPlan::Answer::reply;
  return plan;
}

Result<KernelVersion> version_of(const Yaml& node) {
  KernelVersion version;
  const char* const last = node.text.data() + node.text.size();
  const auto major = std::from_chars(node.text.data(), last, version.major);
  const bool dotted = major.ec == std::errc() && major.ptr != last && *major.ptr == '.';
  const auto minor = dotted ? std::from_chars(major.ptr + 1, last, version.minor) : major;
  if (!dotted || minor.ec != std::errc() || minor.ptr != last || version.major < 0 || version.minor < 0)
    return fail_at(node, "found {}, expected a kernel version such as \"5.10\"", found(node));
  return version;
}

Result<std::string> capability_of(const Yaml& node) {
  auto text = term_of(node, "a capability such as CAP_SYS_ADMIN");
  if (!text || std::ranges::find(privilege_names(), *text) != privilege_names().end()) return text;
  const std::string_view near = nearest_word(*text, privilege_names());
  if (!near.empty()) return fail_at(node, "unknown capability {}, did you mean '{}'?", shown(*text), near);
  return fail_at(node, "unknown capability {}, expected a name such as CAP_SYS_ADMIN", shown(*text));
}

Result<Requirements> needs_of(const Yaml& node) {
  Requirements needs;
  Fields fields(node);
  fields.take("capabilities", needs.capabilities, [](const Yaml& names) { return one_or_list_of(names, capability_of); });
  fields.take("since", needs.since, version_of);
  fields.take("until", needs.until, version_of);
  fields.take("machine", needs.machine, abis_of);
  fields.take("abis", needs.abis, abis_of);
  fields.take("core_file", needs.core_file, boolean_of);
  if (auto read = fields.end(); !read) return fail(read.error());
  if (needs.since && needs.until && *needs.until < *needs.since)
    return fail_at(**node.find("until"), "until {} is before since {}, expected a later version", to_string(*needs.until),
                   to_string(*needs.since));
  return needs;
}

/// A policy in place, or the path of a profile in any format.
Result<Policy> policy_or_file_of(const Yaml& node, const std::string& file, Case& row) {
  if (node.kind != Yaml::Kind::scalar) return policy_of(node);
  const auto path = std::filesystem::path(file).parent_path() / node.text;
  if (node.text.empty() || node.text == "-") return fail_at(node, "found {}, expected a policy or a file", found(node));
  ProfileFormat format{};
  auto policy = read_policy(path.string(), &format);
  row.by_variables = policy && format == ProfileFormat::env;
  if (policy && format == ProfileFormat::oci) row.oci_profile = path.string();
  return at(node, std::move(policy));
}

Result<void> check_fit(const Yaml& node, const Fields& fields, const CaseRow& read) {
  const Case& row = read.row;
  const auto place_of = [&node](std::string_view key) -> const Yaml& {
    const YamlNode* field = node.find(key);
    return field == nullptr ? node : **field;
  };
  if (!fields.has("expect")) return fail_at(node, "a case without 'expect', expected it to claim something");
  if (row.mechanism == Mechanism::filter && !fields.has("policy"))
    return fail_at(node, "a case without 'policy', expected one, or mechanism: strict or none");
  for (const auto& [attach, delivery] : read.ways) {
    const Yaml& place = place_of("attach");
    if (attach == Attach::call && !row.call) return fail_at(place, "attach call without 'call', expected the call to make");
    if (attach == Attach::exec && row.program.empty())
      return fail_at(place, "attach {} without 'program', expected the program to run", delivery_name(delivery));
    if (attach == Attach::call) continue;
    if (delivery != Delivery::direct && row.mechanism != Mechanism::filter)
      return fail_at(place_of("mechanism"), "attach {} with no filter to bring, expected mechanism: filter",
                     delivery_name(delivery));
    if (delivery != Delivery::direct && row.probe && row.probe->listener)
      return fail_at(place_of("probe"), "the probe listener with attach {}, expected it with attach exec or call only",
                     delivery_name(delivery));
    if (row.mechanism == Mechanism::strict)
      return fail_at(place_of("mechanism"), "strict mode with attach exec, expected attach call: it denies execve");
    if (row.probe && (row.probe->handler || row.probe->threads))
      return fail_at(place_of("probe"), "the probe {} with attach exec, expected handler and threads with attach call only",
                     to_string(*row.probe));
  }
  return {};
}

}  // namespace

Result<CaseRow> case_row_of(const Yaml& node, const std::string& file) {
  CaseRow read;
  Case& row = read.row;
  const auto passed_over = [](const Yaml&) -> Result<bool> { return true; };
  bool ignored = false;
  Fields fields(node);
  fields.take("name", ignored, passed_over);
  fields.take("title", row.title, text_of);
  fields.take("why", row.why, text_of);
  fields.take("source", row.source, text_of);
  fields.take("program", row.program, program_of);
  fields.take("call", row.call, call_of);
  read.ways = {{fields.has("program") ? Attach::exec : Attach::call, Delivery::direct}};
  fields.take("attach", read.ways, ways_of);
  fields.take("policy", row.policy, [&](const Yaml& value) { return policy_or_file_of(value, file, row); });
  fields.take("mechanism", row.mechanism, [](const Yaml& value) {
    return choice_of<Mechanism>(value,
                                {{"filter", Mechanism::filter}, {"strict", Mechanism::strict}, {"none", Mechanism::none}});
  });
  read.backends = {Backend()};
  fields.take("backends", read.backends, backends_of);
  fields.take("probe", row.probe, probe_of);
  fields.take("tracer", row.tracer, tracer_of);
  fields.take("listener", row.listener, listener_of);
  fields.take("core", row.core_unlimited, [](const Yaml& value) {
    return choice_of<bool>(value, {{"unlimited", true}, {"none", false}});
  });
  fields.take("timeout", row.timeout, duration_of);
  fields.take("needs", row.needs, needs_of);
  const Abi call_abi = row.call ? row.call->abi : native_abi();
  fields.take("expect", row.expect, [call_abi](const Yaml& value) { return expectation_of(value, call_abi); });
  fields.take("matrix", ignored, passed_over);
  if (auto end = fields.end(); !end) return fail(end.error());
  if (auto fit = check_fit(node, fields, read); !fit) return fail(fit.error());
  return read;
}

}  // namespace sandgauge
