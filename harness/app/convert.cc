#include "app/convert.h"

#include <cstdio>

#include "app/command_line.h"
#include "app/complain.h"
#include "app/profile_input.h"
#include "compile/bpf.h"
#include "report/changes.h"
#include "report/output.h"

namespace sandgauge {

Result<WrittenProfile> write_as(const Profile& profile, ProfileFormat to) {
  if (!is_raw(to)) {
    auto written = write_profile(profile.policy, to);
    // What no rule says cannot be written.
    for (const ProfileNote& note : profile.notes)
      if (written && profile.program &&
          (note.about == ProfileNote::About::inexact || note.about == ProfileNote::About::by_abi))
        written->lost.push_back(note.text);
    return written;
  }
  WrittenProfile written;
  if (profile.program) {
    written.text = write_program(*profile.program, to);
    return written;
  }
  const auto program = compile_bpf(profile.policy);
  if (!program) return fail(program.error());
  written.text = write_program(*program, to);
  if (profile.policy.flags != FilterFlags{}) written.lost.emplace_back("flags: the program that loads it sets them");
  return written;
}

int convert(const ConvertOptions& options) {
  const auto profile = read_profile_aloud(options.input, options.read);
  if (!profile) return complain(profile.error().message, kExitUsage);
  const auto written = write_as(*profile, options.to);
  if (!written) return complain(fmt::format("{}: {}", profile->file, written.error().message), kExitMismatch);
  for (const std::string& lost : written->lost) complain(fmt::format("{} cannot say: {}", format_name(options.to), lost));

  // What was written is read as its users will read it: that it means the same is seen, not believed.
  auto again = parse_profile(written->text, "what was written", {options.to, options.read.context});
  if (!again) return complain(again.error().message, kExitCouldNotRun);
  if (auto recovered = recover_rules(*again, options.read.context); !recovered)
    return complain(recovered.error().message, kExitCouldNotRun);
  const auto changed = changes_between(*profile, *again);
  if (!changed) return complain(changed.error().message, kExitUsage);
  if (!changed->empty() && written->lost.empty()) {
    complain(fmt::format("a fault of sandgauge: calls would be answered otherwise, nothing is written\n{}",
                         changes_text(*changed)));
    return kExitCouldNotRun;
  }
  if (auto done = write_report(options.output, written->text); !done)
    return complain(done.error().message, kExitCouldNotRun);
  if (changed->empty()) return kExitAsExpected;
  complain(fmt::format("these calls are answered otherwise\n{}", changes_text(*changed)));
  return kExitMismatch;
}

}  // namespace sandgauge
