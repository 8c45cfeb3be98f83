#include "profile.h"

#include "compile/bpf.h"
#include "evaluate/decide.h"
#include "evaluate/evaluate.h"
#include "policy/format.h"
#include "program.h"
#include "samples.h"
#include "target.h"

namespace sandgauge::fuzz {
namespace {

ReadOptions reading_as(ProfileFormat format) {
  ReadOptions options{.from = format, .context = {.machine = native_abi(), .kernel = {}, .capabilities = {"CAP_SYS_ADMIN"}}};
  options.context.kernel.major = 6;
  return options;
}

void expect_same(const Policy& policy, const Rules& before, const Policy& written, ProfileFormat format) {
  const auto after = Rules::of(written);
  if (!accepted(after)) expect(false, fmt::format("what is written as {} has rules", format_name(format)));
  for (const Policy* of : {&policy, &written})
    for (const seccomp_data& data : samples_of(*of))
      expect(before.decide(data) == after->decide(data),
             fmt::format("{} keeps the answer to arch {:#x}, number {}, arguments {:#x} {:#x} {:#x}: {}, not {}",
                         format_name(format), data.arch, data.nr, data.args[0], data.args[1], data.args[2],
                         to_string(before.decide(data)), to_string(after->decide(data))));
}

void try_policy(const Policy& policy) {
  const auto rules = Rules::of(policy);
  expect(accepted(rules), "a policy that was read passes resolve()");
  for (const ProfileFormat format :
       {ProfileFormat::yaml, ProfileFormat::oci, ProfileFormat::kafel, ProfileFormat::minijail, ProfileFormat::env}) {
    const auto written = write_profile(policy, format);
    expect(accepted(written), "a policy can be written");
    for (const std::string& lost : written->lost) expect_message(lost);
    constexpr std::size_t kLargestRead = 1 << 20;
    if (written->text.size() > kLargestRead) continue;
    const auto again = parse_profile(written->text, "written", reading_as(format));
    if (!again) expect(!written->lost.empty(), fmt::format("what is written can be read: {}", again.error().message));
    if (again && written->lost.empty()) expect_same(policy, *rules, again->policy, format);
  }
  const auto program = compile_bpf(policy);
  if (!accepted(program)) return;
  expect(accepted(validate(*program)), "the kernel takes what we compile");
  for (const seccomp_data& data : samples_of(policy))
    expect(rules->decide(data) == evaluate(*program, data).action, "the filter answers as the rules do");
}

}  // namespace

void try_profile(std::string_view text, ProfileFormat format) {
  detect_format(text);
  const auto profile = parse_profile(text, "input", reading_as(format));
  if (!accepted(profile)) return expect(profile.error().message.starts_with("input:"), "an error names its file");
  for (const ProfileNote& note : profile->notes) expect_message(note.text);
  const auto again = parse_profile(text, "input", reading_as(format));
  expect(again && again->policy == profile->policy && again->program == profile->program, "reading twice gives the same");
  if (profile->program) return try_program(*profile->program);
  expect(profile->places.size() == profile->policy.rules.size(), "each rule has a place");
  try_policy(profile->policy);
}

}  // namespace sandgauge::fuzz
