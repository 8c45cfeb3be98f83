#include "app/explain.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "app/command_line.h"
#include "app/complain.h"
#include "app/explanation.h"
#include "compile/compile.h"
#include "compile/libseccomp.h"
#include "evaluate/evaluate.h"
#include "model/syscalls.h"
#include "policy/call_text.h"
#include "policy/format.h"
#include "report/explain_report.h"
#include "report/output.h"

namespace sandgauge {
namespace {

/// "read", "read@i386": the call whatever its arguments; "read(0)": with these.
Result<AskedCall> asked_call(const std::string& text) {
  AskedCall asked{.with_arguments = text.find('(') != std::string::npos, .text = text};
  const std::size_t at = text.rfind('@');
  const std::string whole = asked.with_arguments      ? text
                            : at == std::string::npos ? text + "()"
                                                      : text.substr(0, at) + "()" + text.substr(at);
  const auto request = parse_call(whole);
  if (!request) return fail(request.error());
  asked.call.abi = request->abi;
  const auto number = syscall_number(request->abi, request->syscall);
  asked.call.number = number ? *number : std::stoi(request->syscall);  // parse_call() has seen that it is one or the other
  for (std::size_t i = 0; i < request->args.size(); ++i) {
    if (request->args[i].kind != CallArgument::Kind::number)
      return fail("{}: argument {} is a text, expected numbers: a filter sees no more of it than an address", text, i);
    asked.call.args[i] = request->args[i].number;
  }
  return asked;
}

/// Every backend's program explained. libseccomp works in children, beside one another and beside the explaining.
Explanation explain_backends(const Policy& policy, const std::vector<Backend>& backends, const std::vector<AskedCall>& asked,
                             std::vector<std::string>& notes) {
  const auto is_libseccomp = [](const Backend& backend) { return backend.compiler == Backend::Compiler::libseccomp; };
  std::vector<std::string> unknown;
  if (std::ranges::any_of(backends, is_libseccomp)) unknown = unknown_to_libseccomp(policy);
  const Policy known = without_calls(policy, unknown);
  std::vector<std::optional<Result<LibseccompJob>>> jobs(backends.size());
  for (std::size_t i = backends.size(); i-- > 0;)  // the last one takes longest, if these are all
    if (is_libseccomp(backends[i])) jobs[i].emplace(LibseccompJob::start(known, backends[i].optimise));
  for (std::size_t i = 0; i < backends.size(); ++i)
    if (jobs[i] && !unknown.empty())
      notes.push_back(fmt::format("{}: left out, as libseccomp {} does not know them on every ABI of the policy: {}",
                                  to_string(backends[i]), libseccomp_version(), fmt::join(unknown, ", ")));
  const auto named = [&](std::size_t i) -> NamedProgram {
    const auto program = !jobs[i] ? compile(policy, backends[i]) : *jobs[i] ? (*jobs[i])->finish() : fail(jobs[i]->error());
    return {to_string(backends[i]), program ? *program : Program{}, program ? "" : program.error().message};
  };
  return explain(backends.size(), named, &policy, asked);
}

}  // namespace

int explain(const ExplainOptions& options) {
  std::vector<AskedCall> asked;
  for (const std::string& text : options.calls) {
    auto call = asked_call(text);
    if (!call) return complain(call.error().message, kExitUsage);
    asked.push_back(*std::move(call));
  }
  std::vector<Backend> backends;
  for (const std::string& name : options.backends) {
    const auto backend = parse_backend(name);
    if (!backend) return complain("--backend: " + backend.error().message, kExitUsage);
    if (std::ranges::find(backends, *backend) == backends.end()) backends.push_back(*backend);
  }
  const auto profile = read_profile(options.policy);
  if (!profile) return complain(profile.error().message, kExitUsage);
  std::vector<std::string> notes;
  for (const ProfileNote& note : profile->notes) notes.push_back(in_place(*profile, note.place, note.text));
  if (profile->program)
    if (const auto valid = validate(*profile->program); !valid)
      return complain(fmt::format("{}: the kernel would not load it: {}", profile->file, valid.error().message), kExitUsage);
  const auto as_it_is = [&] {
    const NamedProgram program{"cbpf", *profile->program, ""};
    return explain({&program, 1}, nullptr, asked);
  };
  Explanation explanation = profile->program ? as_it_is() : explain_backends(profile->policy, backends, asked, notes);
  const std::vector<ExplainedBackend>& explained = explanation.backends;
  if (std::ranges::none_of(explained, [](const ExplainedBackend& each) { return each.error.empty(); }))
    return complain(fmt::format("{}: {}", options.policy, explained[0].error), kExitUsage);
  explanation.notes = std::move(notes);
  explanation.source = options.policy == "-" ? "<stdin>" : options.policy;
  const auto has = [&](const char* part) {
    return options.parts.empty() || std::ranges::find(options.parts, part) != options.parts.end();
  };
  const std::string report =
      options.format == "json"
          ? to_json(explanation)
          : to_text(explanation, {.summary = has("summary"), .calls = has("calls"), .listing = has("listing")});
  if (const auto written = write_report(options.output, report); !written)
    return complain(written.error().message, kExitCouldNotRun);
  return kExitAsExpected;
}

}  // namespace sandgauge
