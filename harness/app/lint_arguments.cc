#include "app/lint_arguments.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "app/lint_rules.h"
#include "evaluate/boundaries.h"
#include "evaluate/way_tests.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

constexpr std::uint64_t kUpper = std::uint64_t{1} << 32;

/// Arguments that the kernel declares as int, unsigned or a narrower type (SYSCALL_DEFINE in its sources): it never looks at
/// their upper half. clone's flags are cut by lower_32_bits() in kernel/fork.c.
struct Narrow {
  std::string_view name;
  unsigned arguments;  // a bit for each
};
constexpr Narrow kNarrow[] = {{"socket", 0b111},
                              {"socketpair", 0b111},
                              {"ioctl", 0b011},
                              {"fcntl", 0b011},
                              {"prctl", 0b1},
                              {"personality", 0b1},
                              {"clone", 0b1},
                              {"open", 0b110},
                              {"openat", 0b1101},
                              {"creat", 0b10},
                              {"mkdir", 0b10},
                              {"mkdirat", 0b101},
                              {"chmod", 0b10},
                              {"fchmod", 0b11},
                              {"fchmodat", 0b101},
                              {"fchmodat2", 0b1101},
                              {"kill", 0b11},
                              {"tkill", 0b11},
                              {"tgkill", 0b111},
                              {"setsockopt", 0b10111},
                              {"getsockopt", 0b00111},
                              {"seccomp", 0b011},
                              {"bpf", 0b101},
                              {"read", 0b1},
                              {"write", 0b1},
                              {"readv", 0b1},
                              {"writev", 0b1},
                              {"pread64", 0b1},
                              {"pwrite64", 0b1},
                              {"close", 0b1},
                              {"dup", 0b1},
                              {"dup2", 0b11},
                              {"dup3", 0b111},
                              {"pipe2", 0b10},
                              {"connect", 0b101},
                              {"bind", 0b101},
                              {"listen", 0b11},
                              {"accept", 0b1},
                              {"accept4", 0b1001},
                              {"sendto", 0b101001},
                              {"recvfrom", 0b1001},
                              {"sendmsg", 0b101},
                              {"recvmsg", 0b101},
                              {"fstat", 0b1},
                              {"lseek", 0b101},
                              {"unlinkat", 0b101},
                              {"umask", 0b1},
                              {"setuid", 0b1},
                              {"setgid", 0b1},
                              {"setresuid", 0b111},
                              {"setresgid", 0b111},
                              {"setreuid", 0b11},
                              {"setregid", 0b11},
                              {"unshare", 0},
                              {"setns", 0b11},
                              {"epoll_create1", 0b1},
                              {"eventfd2", 0b11},
                              {"memfd_create", 0b10},
                              {"getrandom", 0b100},
                              {"fchown", 0b111},
                              {"chown", 0b110},
                              {"lchown", 0b110},
                              {"mprotect", 0},
                              {"mmap", 0},
                              {"futex", 0b100110},
                              {"madvise", 0b100},
                              {"shmget", 0b101},
                              {"msgget", 0b11},
                              {"semget", 0b111},
                              {"inotify_init1", 0b1},
                              {"perf_event_open", 0b01110},
                              {"keyctl", 0b1},
                              {"quotactl", 0b101},
                              {"syslog", 0b101},
                              {"reboot", 0b111},
                              {"rt_sigprocmask", 0b1},
                              {"fadvise64", 0b1001},
                              {"mlockall", 0b1},
                              {"mlock2", 0b100},
                              {"msync", 0b100},
                              {"prlimit64", 0b11},
                              {"getrlimit", 0b1},
                              {"setrlimit", 0b1},
                              {"waitid", 0b1001},
                              {"wait4", 0b101},
                              {"ptrace", 0},
                              {"umount2", 0b10},
                              {"access", 0b10},
                              {"faccessat", 0b101}};

/// The arguments whose lower word is tested by its size on this way, and whose upper word is not looked at.
std::vector<unsigned> ordered_by_lower_word(const Way& way) {
  constexpr std::size_t kFirst = offsetof(seccomp_data, args) / sizeof(std::uint32_t);
  std::vector<unsigned> arguments;
  for (const auto& [word, test] : way.tests) {
    const bool ordered = (test.code == BPF_JGT || test.code == BPF_JGE) && test.mask == ~std::uint32_t{0};
    const bool upper_seen =
        std::ranges::any_of(way.tests, [upper = word + 1](const auto& other) { return other.first == upper; });
    if (word >= kFirst && (word - kFirst) % 2 == 0 && ordered && !upper_seen)
      arguments.push_back(static_cast<unsigned>((word - kFirst) / 2));
  }
  return arguments;
}

}  // namespace

bool is_narrow(std::string_view name, unsigned argument) {
  const auto* known = std::ranges::find(kNarrow, name, &Narrow::name);
  return known != std::end(kNarrow) && (known->arguments >> argument & 1U) != 0;
}

bool has_known_widths(std::string_view name) { return std::ranges::find(kNarrow, name, &Narrow::name) != std::end(kNarrow); }

Call narrowed(Call call) {
  const std::string_view name = syscall_name(call.abi, call.number);
  for (unsigned i = 0; i < call.args.size(); ++i)
    if (is_narrow(name, i)) call.args.at(i) &= kUpper - 1;
  return call;
}

void lint_halves(const LintSubject& subject, std::vector<LintFinding>& findings) {
  std::set<std::tuple<std::string_view, unsigned, std::string_view>> said;
  for (const ResolvedRule& rule : subject.rules()) {
    const std::string_view name = syscall_name(rule.abi, rule.number);
    // i386 has no upper halves.
    if (rule.abi == Abi::i386 || rule.when.empty()) continue;
    for (const ArgumentTest& test : rule.when) {
      const bool narrow = is_narrow(name, test.index);
      for (const Call& call : telling_calls(subject, rule.abi, rule.number)) {
        Call high = call;
        high.args.at(test.index) = (call.args.at(test.index) & (kUpper - 1)) | kUpper;
        Call low = high;
        low.args.at(test.index) -= kUpper;
        const bool slips = narrow && subject.open(high) && !subject.open(low);
        const bool half = !narrow && has_known_widths(name) && test.compare == Compare::masked_equal &&
                          test.mask == kUpper - 1 && subject.open(high) && subject.open(low) &&
                          holds(test, low.args.at(test.index));
        if (slips && said.insert({name, test.index, "slips"}).second) {
          findings.push_back(subject.proved(
              subject.finding(
                  Severity::high, "upper-half", &rule,
                  fmt::format("{} gets {} with argument {} = {:#x}, but not with {:#x}, which is the same to the "
                              "kernel: it takes 32 bits. Test with a mask of 0xffffffff",
                              name, to_string(subject.decide(low)), test.index, low.args.at(test.index),
                              high.args.at(test.index))),
              high));
        }
        if (half && said.insert({name, test.index, "half"}).second)
          findings.push_back(subject.proved(
              subject.finding(
                  Severity::medium, "half-tested", &rule,
                  fmt::format("argument {} of {} has 64 bits, and only 32 of them are tested: {:#x} passes as {:#x} does",
                              test.index, name, high.args.at(test.index), low.args.at(test.index))),
              high));
      }
    }
  }
}

void lint_lower_words(const LintSubject& subject, std::vector<LintFinding>& findings) {
  if (!subject.profile().program) return;
  std::set<std::pair<std::string_view, unsigned>> said;
  std::set<std::pair<Abi, std::int32_t>> seen;
  for (const ResolvedRule& rule : subject.rules()) {
    const std::string_view name = syscall_name(rule.abi, rule.number);
    if (rule.abi == Abi::i386 || rule.when.empty() || !has_known_widths(name)) continue;
    if (!seen.insert({rule.abi, rule.number}).second) continue;
    const seccomp_data data = to_seccomp_data({.abi = rule.abi, .number = rule.number});
    for (const Way& way : ways(*subject.profile().program, data.arch, data.nr).value_or(std::vector<Way>())) {
      const auto alternatives = argument_tests(way, rule.abi);
      if (!is_open(way.action) || !alternatives || alternatives->empty()) continue;
      for (const unsigned index : ordered_by_lower_word(way)) {
        Call low{.abi = rule.abi, .number = rule.number};
        satisfy(alternatives->front(), low.args);
        low.args.at(index) &= kUpper - 1;
        Call most = low;
        most.args.at(index) = kUpper - 1;
        Call beyond = low;
        beyond.args.at(index) |= kUpper;
        if (is_narrow(name, index) || !subject.open(beyond) || subject.open(most) || !said.insert({name, index}).second)
          continue;
        findings.push_back(subject.proved(
            subject.finding(Severity::high, "half-tested", &rule,
                            fmt::format("argument {} of {} has 64 bits, and only 32 of them are compared: {:#x} passes, and "
                                        "{:#x}, which is less, does not",
                                        index, name, beyond.args.at(index), most.args.at(index))),
            beyond));
      }
    }
  }
}

}  // namespace sandgauge
