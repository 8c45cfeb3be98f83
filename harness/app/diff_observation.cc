#include "app/diff_observation.h"

#include <algorithm>
#include <cstdio>

#include "app/command_line.h"
#include "app/lint_subject.h"
#include "model/syscalls.h"
#include "report/escape.h"
#include "report/observed.h"
#include "report/output.h"

namespace sandgauge {

int diff_observation(const Profile& profile, const Observation& seen, const std::string& file, const DiffOptions& options) {
  const auto subject = LintSubject::of(profile);
  if (!subject) return fmt::print(stderr, "sandgauge: {}\n", subject.error().message), kExitUsage;
  std::vector<Unallowed> unallowed;
  for (const ObservedCall& call : seen.calls)
    if (subject->closed(call.abi, call.number))
      unallowed.push_back({call, subject->decide({.abi = call.abi, .number = call.number})});
  std::vector<Unseen> unseen;
  bool same = unallowed.empty();
  bool passed_over = false;
  for (const Abi abi : profile.policy.architectures) {
    // A list for several ABIs is not wrong because the program has one of them: only those that were seen count.
    if (std::ranges::none_of(seen.calls, [abi](const ObservedCall& call) { return call.abi == abi; })) continue;
    Unseen part{.abi = abi, .names = {}, .everything = is_open(profile.policy.default_action)};
    for (const std::int32_t number : numbers_of(abi)) {
      const auto was_seen = [&](const ObservedCall& call) { return call.abi == abi && call.number == number; };
      if (part.everything || syscall_name(abi, number).empty() || std::ranges::any_of(seen.calls, was_seen)) continue;
      if (subject->closed(abi, number)) continue;
      const bool uncounted =
          seen.ends_uncounted && std::ranges::find(kUncountedEnds, syscall_name(abi, number)) != kUncountedEnds.end();
      passed_over = passed_over || uncounted;
      if (!uncounted) part.names.emplace_back(syscall_name(abi, number));
    }
    same = same && part.names.empty() && !part.everything;
    unseen.push_back(std::move(part));
  }
  if (passed_over)
    fmt::print(stderr, "sandgauge: {}: exit and exit_group are not missed in it, for a table of strace -c never has them\n",
               visible(file));
  std::string text = options.json ? observed_json(profile.file, file, unallowed, unseen) : observed_text(unallowed, unseen);
  if (!options.json && !text.empty()) text = fmt::format("--- {}\n+++ {}\n{}", visible(profile.file), visible(file), text);
  if (auto done = write_report(options.output, text); !done)
    return fmt::print(stderr, "sandgauge: {}\n", done.error().message), kExitCouldNotRun;
  return same ? kExitAsExpected : kExitMismatch;
}

}  // namespace sandgauge
