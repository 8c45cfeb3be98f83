#include "app/lint_live.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "base/errno_text.h"
#include "base/shared_slot.h"
#include "compile/bpf.h"
#include "compile/libseccomp.h"
#include "confine/seccomp.h"
#include "evaluate/evaluate.h"
#include "probe/raw_call.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostCalls = 512;
constexpr std::int64_t kFirstErrno = 600;  // above every errno of Linux, below MAX_ERRNO

struct Answers {
  std::uint32_t loaded;
  std::int32_t load_errno;
  std::uint32_t made;
  std::int64_t result[kMostCalls];
};

/// Replaces each answer by ERRNO(kFirstErrno + its index); fails for a filter that returns the accumulator.
Result<Program> harmless(const Program& program, std::vector<std::uint32_t>& answers) {
  Program changed = program;
  for (sock_filter& step : changed.code) {
    if (BPF_CLASS(step.code) != BPF_RET) continue;
    if (BPF_RVAL(step.code) != BPF_K) return fail("the filter returns a computed value, which cannot be tried harmlessly");
    auto known = std::ranges::find(answers, step.k);
    if (known == answers.end()) known = answers.insert(answers.end(), step.k);
    const auto index = known - answers.begin();
    if (index > 3000) return fail("the filter has more than 3000 answers");
    step.k = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(kFirstErrno + index);
  }
  return changed;
}

/// async-signal-safe. Under the filter no call is carried out, not even exit_group(2): the child ends by a trap.
[[noreturn]] void run_child(const SeccompFilter& filter, const std::vector<LintFinding*>& findings, Answers& answers) {
  std::signal(SIGILL, SIG_DFL);
  std::signal(SIGTRAP, SIG_DFL);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  const ConfineResult result = filter.apply();
  answers.loaded = result.failed_step == nullptr ? 1 : 0;
  answers.load_errno = result.error;
  for (std::size_t i = 0; answers.loaded != 0 && i < findings.size(); ++i) {
    const Call& call = *findings[i]->witness;
    std::uint64_t args[6];
    std::copy(call.args.begin(), call.args.end(), args);
    answers.result[i] = raw_call(call.abi, call.number, args);
    answers.made = static_cast<std::uint32_t>(i + 1);
  }
  __builtin_trap();
}

Result<void> ask_filter(const Program& program, const std::vector<LintFinding*>& findings) {
  if (findings.empty()) return {};
  std::vector<std::uint32_t> values;
  auto changed = harmless(program, values);
  if (!changed) return fail(changed.error());
  auto answers = SharedSlot<Answers>::make();
  if (!answers) return fail(answers.error());
  const SeccompFilter filter(*std::move(changed), {}, false);
  const pid_t child = ::fork();
  if (child < 0) return fail("fork: {}", errno_text(errno));
  if (child == 0) run_child(filter, findings, **answers);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return fail("waitpid: {}", errno_text(errno));
  if ((*answers)->loaded == 0) return fail("the kernel refuses the filter: {}", errno_text((*answers)->load_errno));
  for (std::size_t i = 0; i < (*answers)->made; ++i) {
    const std::int64_t index = -(*answers)->result[i] - kFirstErrno;
    if (index < 0 || static_cast<std::size_t>(index) >= values.size()) continue;  // another filter has answered first
    findings[i]->live = action_of_return_value(values[static_cast<std::size_t>(index)]);
  }
  return {};
}

/// What is really loaded, or what would be. A filter that does not tell x32's calls from x86_64's answers them first.
Result<Program> filter_of(const Profile& profile) {
  if (profile.program) return *profile.program;
  auto program = compile_bpf(profile.policy);
  if (!program || !profile.x32_action) return program;
  const sock_filter x32_first[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit_arch(Abi::x32), 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ~0U, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, return_value(*profile.x32_action)),
  };
  program->code.insert(program->code.begin(), std::begin(x32_first), std::end(x32_first));
  return program;
}

}  // namespace

Result<void> ask_kernel(const Profile& profile, std::vector<LintFinding>& findings) {
  std::vector<LintFinding*> of_rules;
  std::vector<LintFinding*> of_libseccomp;
  for (LintFinding& finding : findings) {
    if (!finding.witness || !raw_call_supported(finding.witness->abi)) continue;
    auto& list = finding.check == "libseccomp-differs" ? of_libseccomp : of_rules;
    if (list.size() < kMostCalls) list.push_back(&finding);
  }
  Result<Program> program = filter_of(profile);
  if (!program) return fail(program.error());
  if (auto asked = ask_filter(*program, of_rules); !asked || of_libseccomp.empty()) return asked;
  Policy policy = profile.policy;
  const std::vector<std::string> unknown = unknown_to_libseccomp(policy);
  for (Rule& rule : policy.rules)
    std::erase_if(rule.syscalls, [&](const std::string& name) { return std::ranges::find(unknown, name) != unknown.end(); });
  std::erase_if(policy.rules, [](const Rule& rule) { return rule.syscalls.empty(); });
  program = compile_libseccomp(policy, 1);
  if (!program) return fail(program.error());
  return ask_filter(*program, of_libseccomp);
}

}  // namespace sandgauge
