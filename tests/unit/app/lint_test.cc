#include "app/lint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "app/lint_catalog.h"
#include "app/lint_live.h"
#include "app/profile_input.h"
#include "compile/bpf.h"
#include "evaluate/decide.h"
#include "evaluate/evaluate.h"

namespace sandgauge::lint_test {
namespace {

const ProfileContext kContext{.machine = Abi::x86_64, .kernel = {6, 1}, .capabilities = {}};

Profile read(std::string_view text) {
  auto profile = parse_profile(text, "p", {std::nullopt, kContext});
  EXPECT_TRUE(profile) << profile.error().message;
  return profile ? *std::move(profile) : Profile();
}

std::vector<LintFinding> lint_text(std::string_view text) {
  auto findings = lint_profile(read(text), kContext.kernel);
  EXPECT_TRUE(findings) << findings.error().message;
  return findings ? *std::move(findings) : std::vector<LintFinding>();
}

/// "high open-twin 2:27 mkdirat" of the first finding of a kind.
const LintFinding* find(const std::vector<LintFinding>& findings, std::string_view check) {
  for (const LintFinding& finding : findings)
    if (finding.check == check) return &finding;
  return nullptr;
}

/// Profiles with one mistake each.
struct Mistake {
  const char* check;
  Severity severity;
  const char* text;
  int line;
  const char* word;  // in the message
};
constexpr Severity kHigh = Severity::high;
constexpr Severity kMedium = Severity::medium;
constexpr Severity kLow = Severity::low;
const Mistake kMistakes[] = {
    {"open-twin", kHigh, "rules:\n  - {syscalls: [mkdir], action: ERRNO(EPERM)}", 2, "mkdirat"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [chmod, fchmod], action: ERRNO(EPERM)}", 2, "fchmodat2"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [open, openat, creat], action: KILL}", 2, "openat2"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [chown, fchownat, fchown], action: KILL}", 2, "lchown"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [rename, renameat], action: KILL}", 2, "renameat2"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [execve], action: ERRNO(EACCES)}", 2, "execveat"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: clone, action: ERRNO(1), when: arg0 & 0x10000000 == 0x10000000}", 2,
     "clone3"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [mkdir], action: NOTIFY}", 2, "mkdirat"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [openat, open], action: ERRNO(EPERM), when: arg1 & 1 == 1}", 2,
     "openat2 and creat"},
    {"open-twin", kHigh,
     "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [\n{\"names\": [\"openat\"], \"action\": \"SCMP_ACT_ERRNO\", "
     "\"args\": [{\"index\": 2, \"value\": 3, \"valueTwo\": 1, \"op\": \"SCMP_CMP_MASKED_EQ\"}]}]}",
     2, "openat2"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [mkdir], action: ERRNO(EPERM), when: arg1 & 0o777 == 0o777}", 2, "mkdirat"},
    {"open-twin", kHigh,
     "default: KILL\nrules:\n  - {syscalls: openat, action: ALLOW, when: arg2 & 3 == 0}\n"
     "  - {syscalls: openat2, action: ALLOW}",
     3, "openat2"},
    {"open-twin", kHigh,
     "default: KILL\nrules:\n  - {syscalls: kill, action: ALLOW, when: arg1 & 0xffffffff == 9}\n"
     "  - {syscalls: [tkill, tgkill], action: ALLOW}",
     3, "tkill and tgkill"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [mprotect], action: KILL, when: arg2 & 4 == 4}", 2, "pkey_mprotect"},
    {"open-twin", kHigh, "architectures: [x86_64, i386]\nrules:\n  - {syscalls: [mmap, mkdir], action: KILL}", 3, "mmap2"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [clone], action: ERRNO(EPERM)}", 2, "fork, vfork and clone3"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [listxattr], action: KILL}", 2, "listxattrat"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [utimensat], action: KILL}", 2, "utime, utimes and futimesat"},
    {"open-twin", kHigh, "rules:\n  - {syscalls: [write, writev, pwrite64, pwritev, pwritev2], action: KILL}", 2,
     "io_submit"},
    {"absent-syscall", kHigh,
     "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [\n{\"names\": [\"umount\"], \"action\": \"SCMP_ACT_ERRNO\"}]}",
     2, "umount2"},
    {"absent-syscall", kHigh,
     "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [\n{\"names\": [\"arm_fadvise64_64\"], \"action\": "
     "\"SCMP_ACT_KILL\"}]}",
     2, "fadvise64"},
    {"absent-syscall", kLow,
     "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [\n{\"names\": [\"s390_sthyi\"], \"action\": "
     "\"SCMP_ACT_KILL\"}]}",
     2, "s390_sthyi"},
    {"open-abi", kHigh, "KILL { mkdir, mkdirat }\nDEFAULT ALLOW", 1, "x32"},
    {"upper-half", kHigh, "rules:\n  - {syscalls: ioctl, action: ERRNO(1), when: arg1 == 0x5412}", 2, "0x100005412"},
    {"upper-half", kHigh, "rules:\n  - {syscalls: socket, action: ERRNO(1), when: arg0 == 38}", 2, "0x100000026"},
    {"upper-half", kHigh, "default: KILL\nrules:\n  - {syscalls: socket, action: ALLOW, when: arg0 != 38}", 3,
     "0x100000026"},
    {"half-tested", kMedium, "default: KILL\nrules:\n  - {syscalls: write, action: ALLOW, when: arg2 & 0xffffffff == 7}", 3,
     "64 bits"},
    {"open-abi", kHigh, "foreign: ALLOW\nrules:\n  - {syscalls: uname, action: KILL}", 3, "i386"},
    {"open-abi", kHigh, "default: KILL\nforeign: LOG\nrules:\n  - {syscalls: read, action: ALLOW}", 0, "i386"},
    {"open-abi", kHigh,
     "architectures: [x86_64, x32]\nrules:\n  - {syscalls: ['63'], action: KILL}\n"
     "  - {syscalls: ['59'], action: KILL}",
     4, "execve"},
    {"open-io-uring", kHigh, "rules:\n  - {syscalls: [connect], action: ERRNO(1)}", 2, "connect"},
    {"open-io-uring", kMedium, "default: ERRNO(1)\nrules:\n  - {syscalls: [io_uring_setup], action: ALLOW}", 0, "openat"},
    {"open-multiplexer", kMedium,
     "architectures: [x86_64, i386]\nrules:\n  - {syscalls: socket, action: ERRNO(1), when: arg0 == 38}", 3, "socketcall"},
    {"unknown-syscall", kHigh,
     "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [\n{\"names\": [\"unmae\"], \"action\": \"SCMP_ACT_KILL\"}]}", 2,
     "'uname'"},
    {"unknown-syscall", kMedium,
     "{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": [\n{\"names\": [\"raed\"], \"action\": \"SCMP_ACT_ALLOW\"}]}", 2,
     "'read'"},
    {"unknown-key", kMedium, "{\"defaultAction\": \"SCMP_ACT_KILL\", \n\"sycalls\": []}", 2, "'syscalls'"},
    {"unknown-to-libseccomp", kMedium, "rules:\n  - {syscalls: [rseq_slice_yield], action: KILL}", 2, "rseq_slice_yield"},
    {"newer-than-kernel", Severity::note, "default: KILL\nrules:\n  - {syscalls: [read, mseal, fchmodat2], action: ALLOW}",
     3, "mseal"},
    {"never-matches", kMedium, "rules:\n  - {syscalls: write, action: KILL, when: [arg0 == 1, arg0 == 2]}", 2, "write"},
    {"never-matches", kMedium, "rules:\n  - {syscalls: write, action: KILL, when: arg0 & 1 == 2}", 2, "write"},
    {"never-matches", kMedium, "rules:\n  - {syscalls: write, action: KILL, when: arg0 < 0}", 2, "write"},
    {"contradiction", kMedium, "rules:\n  - {syscalls: [mkdir, rmdir], action: ALLOW}\n  - {syscalls: rmdir, action: KILL}",
     2, "stricter"},
    {"shadowed", kMedium,
     "default: KILL\nrules:\n  - {syscalls: write, action: ALLOW, when: arg0 == 1}\n"
     "  - {syscalls: write, action: ERRNO(1)}",
     3, "write"},
    {"shadowed", kLow, "default: KILL\nrules:\n  - {syscalls: write, action: ALLOW}\n  - {syscalls: write, action: ALLOW}",
     3, "same"},
    {"same-as-default", kLow, "default: KILL\nrules:\n  - {syscalls: write, action: KILL}", 3, "KILL"},
    {"either-argument", kHigh,
     "{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": [\n{\"names\": [\"ptrace\"], \"action\": \"SCMP_ACT_ALLOW\", "
     "\"args\": [{\"index\": 0, \"value\": 16, \"op\": \"SCMP_CMP_NE\"}]},\n"
     "{\"names\": [\"ptrace\"], \"action\": \"SCMP_ACT_ALLOW\", "
     "\"args\": [{\"index\": 0, \"value\": 17, \"op\": \"SCMP_CMP_NE\"}]}]}",
     2, "arg0 != 16 or arg0 != 17"},
    {"either-argument", kMedium,
     "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [\n{\"names\": [\"write\"], \"action\": \"SCMP_ACT_KILL\", "
     "\"args\": ["
     "{\"index\": 2, \"value\": 1, \"op\": \"SCMP_CMP_GE\"}, {\"index\": 2, \"value\": 9, \"op\": \"SCMP_CMP_LE\"}]}]}",
     2, "any one"},
    {"either-argument", kHigh,
     "{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": [\n{\"names\": [\"write\"], \"action\": \"SCMP_ACT_ALLOW\", "
     "\"args\": ["
     "{\"index\": 2, \"value\": 1, \"op\": \"SCMP_CMP_GE\"}, {\"index\": 2, \"value\": 9, \"op\": \"SCMP_CMP_LE\"}]}]}",
     2, "any one"},
    {"not-enosys", kMedium, "default: ERRNO(EPERM)\nrules:\n  - {syscalls: [clone], action: ALLOW}", 0, "clone3"},
    {"not-enosys", kMedium, "rules:\n  - {syscalls: [faccessat2], action: KILL}", 2, "faccessat"},
    {"default-open", kMedium, "{}", 0, "ALLOW"},
    {"default-open", kMedium, "default: LOG", 0, "LOG"},
    {"no-listener", kMedium, "rules:\n  - {syscalls: [uname], action: NOTIFY}", 2, "NOTIFY"},
    {"no-tracer", kMedium, "rules:\n  - {syscalls: [uname], action: TRACE(3)}", 2, "TRACE(3)"},
    {"errno-zero", kLow, "rules:\n  - {syscalls: [uname], action: ERRNO(0)}", 2, "success"},
    {"number-differs", kMedium, "architectures: [x86_64, i386]\nrules:\n  - {syscalls: ['63'], action: KILL}", 3, "dup2"},
    {"libseccomp-differs", kHigh,
     "default: ALLOW\nrules:\n  - {syscalls: write, action: ERRNO(1), when: arg0 & 6 == 2}\n"
     "  - {syscalls: write, action: LOG}",
     3, "libseccomp"},
    {"libseccomp-refuses", kMedium, "rules:\n  - {syscalls: read, action: LOG}\n  - {syscalls: uname, action: TRAP(7)}", 3,
     "TRAP(7)"},
    {"shadowed", kMedium, "ALLOW { write { fd == 1 } }\nKILL { write { fd == 1 } }", 2, "the rules before it"},
    {"never-matches", kMedium, "ALLOW { read,\nwrite { fd > 5 && fd < 3 } }", 2, "write"},
    {"never-matches", kMedium, "read: 1\nwrite: arg0 == 1 && arg0 == 2", 2, "write"},
    {"never-matches", kMedium, "read: 1\nopenat: arg2 in 0x0 && arg2 & 0x1", 2, "openat"},
};

TEST(LintTest, EverySeededMistakeIsFoundAndProved) {
  for (const Mistake& mistake : kMistakes) {
    SCOPED_TRACE(mistake.text);
    const std::vector<LintFinding> findings = lint_text(mistake.text);
    const LintFinding* finding = find(findings, mistake.check);
    if (finding == nullptr) {
      std::string all;
      for (const LintFinding& other : findings) all += other.check + ": " + other.message + "\n";
      ADD_FAILURE() << "no " << mistake.check << " among\n" << all;
      continue;
    }
    EXPECT_EQ(finding->severity, mistake.severity);
    EXPECT_EQ(finding->line, mistake.line);
    EXPECT_NE(finding->message.find(mistake.word), std::string::npos) << finding->message;
  }
}

TEST(LintTest, AWitnessGetsWhatTheFindingSaysFromTheRulesAndFromAFilter) {
  for (const Mistake& mistake : kMistakes) {
    SCOPED_TRACE(mistake.text);
    const Profile profile = read(mistake.text);
    const auto rules = Rules::of(profile.policy);
    const auto program = compile_bpf(profile.policy);
    ASSERT_TRUE(rules && program);
    const auto findings = lint_profile(profile, kContext.kernel);
    for (const LintFinding& finding : findings.value()) {
      if (!finding.witness || finding.check == "libseccomp-differs") continue;
      if (profile.x32_action && finding.witness->abi == Abi::x32) continue;  // what no policy can say
      EXPECT_EQ(rules->decide(*finding.witness), finding.answer);
      EXPECT_EQ(evaluate(*program, to_seccomp_data(*finding.witness)).action, finding.answer);
    }
  }
}

TEST(LintTest, TheKernelAgreesWithEveryWitnessAndCarriesNoneOut) {
  for (const Mistake& mistake : kMistakes) {
    SCOPED_TRACE(mistake.text);
    const Profile profile = read(mistake.text);
    std::vector<LintFinding> findings = lint_profile(profile, kContext.kernel).value();
    const auto asked = ask_kernel(profile, findings);
    ASSERT_TRUE(asked) << asked.error().message;
    for (const LintFinding& finding : findings)
      if (finding.witness) {
        EXPECT_EQ(finding.live, finding.answer) << finding.message;
      }
  }
  // Under this one fork(2) and reboot(2) are open, and witnesses.
  const Profile profile = read("rules:\n  - {syscalls: [clone, vfork, kill, init_module], action: ERRNO(EPERM)}");
  std::vector<LintFinding> findings = lint_profile(profile, kContext.kernel).value();
  ASSERT_TRUE(ask_kernel(profile, findings));
  EXPECT_NE(find(findings, "open-twin"), nullptr);
}

/// Steps after the tests of arch and x32, of which the first compares the number; the last are the answers.
std::vector<LintFinding> lint_steps(std::vector<sock_filter> steps, bool tests_x32 = true) {
  Profile profile{.file = "p", .format = ProfileFormat::bpf};
  std::vector<sock_filter> code = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit_arch(Abi::x86_64), 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)};
  if (tests_x32) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD));
  }
  code.insert(code.end(), steps.begin(), steps.end());
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  profile.program = Program{std::move(code)};
  EXPECT_TRUE(recover_rules(profile, kContext));
  auto findings = lint_profile(profile, kContext.kernel);
  EXPECT_TRUE(findings && ask_kernel(profile, *findings));
  for (const LintFinding& finding : *findings)
    if (finding.witness && finding.witness->abi != Abi::x32) {
      EXPECT_EQ(finding.live, finding.answer) << finding.message;
    }
  return *std::move(findings);
}

std::vector<std::string> checks_of(const std::vector<LintFinding>& findings) {
  std::vector<std::string> checks;
  for (const LintFinding& finding : findings)
    checks.push_back(std::string(severity_name(finding.severity)) + " " + finding.check);
  return checks;
}

TEST(LintTest, ACompiledFilterIsReadByItsWays) {
  using Checks = std::vector<std::string>;
  const auto jump = [](std::uint16_t compare, std::uint32_t k, std::uint8_t yes, std::uint8_t no) {
    return sock_filter{static_cast<std::uint16_t>(BPF_JMP | compare | BPF_K), yes, no, k};
  };
  const auto load = [](std::uint32_t offset) { return sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); };
  EXPECT_EQ(checks_of(lint_steps({jump(BPF_JEQ, 83, 0, 1)}, false)),  // mkdir
            (Checks{"high open-twin", "high open-abi", "high open-io-uring", "medium default-open"}));
  EXPECT_EQ(checks_of(lint_steps(
                {jump(BPF_JEQ, 16, 0, 5), load(28), jump(BPF_JEQ, 0, 0, 3), load(24), jump(BPF_JEQ, 0x5412, 0, 1)})),
            (Checks{"high upper-half", "medium default-open"}));
  EXPECT_EQ(checks_of(lint_steps({jump(BPF_JEQ, 9, 0, 3), load(24), jump(BPF_JGT, 4096, 0, 1)})),  // the length of mmap
            (Checks{"high half-tested", "medium default-open"}));
  EXPECT_EQ(
      checks_of(lint_steps({jump(BPF_JEQ, 9, 0, 5), load(28), jump(BPF_JGT, 0, 2, 0), load(24), jump(BPF_JGT, 4096, 0, 1)})),
      (Checks{"medium default-open"}));
  EXPECT_EQ(checks_of(lint_steps({jump(BPF_JEQ, 165, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),  // mount
                                  jump(BPF_JEQ, 429, 0, 1)})),
            (Checks{"medium default-open", "medium no-listener"}));
}

TEST(LintTest, FlagsThatOnlyTheNewerCallHasSayNothingOfTheOlder) {
  const std::vector<LintFinding> findings = lint_text(
      "rules:\n  - {syscalls: [renameat2], action: ERRNO(EPERM), when: arg4 & 0xffffffff == 2}\n"
      "  - {syscalls: [io_uring_setup], action: ERRNO(EPERM)}");
  EXPECT_EQ(find(findings, "open-twin"), nullptr);
  EXPECT_NE(find(lint_text("rules:\n  - {syscalls: [renameat2], action: ERRNO(EPERM), when: arg0 == 2}"), "open-twin"),
            nullptr);
}

TEST(LintTest, AListForSeveralMachinesThatIsCompleteHasNothingGrave) {
  const std::vector<LintFinding> findings = lint_text(
      "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", "
      "\"SCMP_ARCH_X32\"], \"syscalls\": [{\"names\": [\"umount\", \"umount2\", \"arm_sync_file_range\", "
      "\"sync_file_range\"], \"action\": \"SCMP_ACT_ERRNO\"}]}");
  ASSERT_EQ(findings.size(), 1U) << findings.at(1).message;
  EXPECT_EQ(findings[0].check, "default-open");
}

TEST(LintTest, AProfileOfDockersSizeHasNothingGraveButTheUpperHalfOfItsSocketRules) {
  std::ifstream file(std::string(SANDGAUGE_PROFILES_DIR) + "/container.json");
  std::stringstream text;
  text << file.rdbuf();
  const Profile profile = read(text.str());
  EXPECT_GT(profile.policy.rules.at(0).syscalls.size(), 300U);
  const auto findings = lint_profile(profile, kContext.kernel);
  for (const LintFinding& finding : findings.value()) {
    EXPECT_TRUE(finding.severity != kHigh || finding.check == "upper-half") << finding.message;
  }
}

TEST(LintTest, AnAllowListOfWhatAProgramNeedsHasNothingGrave) {
  const std::vector<LintFinding> findings = lint_text(
      "default: ERRNO(ENOSYS)\nrules:\n  - {syscalls: [read, write, openat, close, mmap, munmap, brk, exit_group, fstat, "
      "newfstatat, execve, rt_sigreturn, mprotect], action: ALLOW}");
  EXPECT_EQ(findings.size(), 0U) << findings.at(0).message;
}

TEST(LintTest, ADenyListOfAllFormsAndEveryAbiHasOnlyItsDefault) {
  const std::vector<LintFinding> findings = lint_text(
      "architectures: [x86_64, i386, x32]\nrules:\n"
      "  - {syscalls: [mkdir, mkdirat, io_uring_setup, io_uring_enter, io_uring_register], action: ERRNO(EPERM)}");
  ASSERT_EQ(findings.size(), 1U) << findings.at(1).message;
  EXPECT_EQ(findings[0].check, "default-open");
}

TEST(LintTest, TheGravestComesFirst) {
  const std::vector<LintFinding> findings =
      lint_text("rules:\n  - {syscalls: [uname], action: ERRNO(0)}\n  - {syscalls: mkdir, action: KILL}");
  EXPECT_TRUE(std::ranges::is_sorted(findings, {}, &LintFinding::severity));
  EXPECT_EQ(findings.front().severity, Severity::high);
}

TEST(LintTest, EveryKindOfFindingIsInTheCatalogue) {
  EXPECT_TRUE(std::ranges::is_sorted(lint_catalog(), {}, &LintCheck::id));
  for (const Mistake& mistake : kMistakes)
    EXPECT_EQ(std::ranges::count(lint_catalog(), mistake.check, &LintCheck::id), 1) << mistake.check;
  for (const LintCheck& check : lint_catalog()) {
    const bool seeded = std::ranges::any_of(kMistakes, [&](const Mistake& mistake) { return mistake.check == check.id; });
    EXPECT_TRUE(seeded || check.id == "inexact") << check.id;
  }
}

}  // namespace
}  // namespace sandgauge::lint_test
