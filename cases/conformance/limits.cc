// How long a filter may be, and all filters of a thread together.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <string>

#include "conformance/proc_files.h"
#include "conformance/scenario.h"
#include "conformance/topics.h"

namespace sandgauge {
namespace {

constexpr unsigned kLongest = 4096;     // BPF_MAXINSNS, linux/bpf_common.h
constexpr std::int64_t kTotal = 32768;  // MAX_INSNS_PER_PATH, kernel/seccomp.c
constexpr std::int64_t kPerFilter = 4;  // for each filter that is there already; seccomp_attach_filter
/// The kernel counts what it runs: its own translation of a program (net/core/filter.c, bpf_convert_filter) begins with
/// three instructions and makes two of RET. The others of these programs stay one each.
constexpr std::int64_t kTranslation = 4;
constexpr int kOneInstructionFilters = 3641;

/// A program of any length that allows every call: TAX does nothing to it, and has no constant that the JIT might blind.
class LongProgram {
 public:
  explicit LongProgram(std::uint32_t action = SECCOMP_RET_ALLOW) {
    code_.fill(BPF_STMT(BPF_MISC | BPF_TAX, 0));
    code_.back() = BPF_STMT(BPF_RET | BPF_K, action);
  }
  /// Its last `length` instructions.
  std::int64_t try_load(Stage& stage, unsigned length) const {
    return stage.try_load(code_.data() + code_.size() - length, length);
  }

 private:
  std::array<sock_filter, kLongest + 1> code_;
};

void a_length_is_fine(Stage& stage) {
  stage.set_no_new_privs();
  const LongProgram program;
  stage.equal("the load", 0, program.try_load(stage, static_cast<unsigned>(stage.parameter(0))));
}

void a_length_is_refused(Stage& stage) {
  stage.set_no_new_privs();
  // The kernel must not look at the code; what it would see there is fine.
  static std::array<sock_filter, 0xffff> code;
  code.fill(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const std::int64_t before = filters_of_this_thread();
  stage.fails_with("the load", EINVAL, stage.try_load(code.data(), static_cast<unsigned>(stage.parameter(0))));
  stage.equal("filters", before, filters_of_this_thread());
}

/// The last instruction counts: 4095 times nothing, then a denial.
void the_longest_program_runs_to_its_end(Stage& stage) {
  static std::array<sock_filter, kLongest> code;
  code.fill(BPF_STMT(BPF_MISC | BPF_TAX, 0));
  const Filter end = Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV);
  std::copy_n(end.code(), end.length(), code.end() - end.length());
  stage.set_no_new_privs();
  stage.equal("the load", 0, stage.try_load(code.data(), kLongest));
  stage.fails_with("getppid", EXDEV, raw_syscall(SYS_getppid));
}

/// Loads the longest programs until the kernel refuses one; how many it took.
int load_the_longest(Stage& stage, std::int64_t& refusal) {
  const LongProgram program;
  constexpr int kMore = 16;  // than fit
  for (int loaded = 0; loaded < kMore; ++loaded) {
    refusal = program.try_load(stage, kLongest);
    if (refusal < 0) return loaded;
  }
  return kMore;
}

void all_filters_together_have_a_limit(Stage& stage) {
  stage.set_no_new_privs();
  std::int64_t refusal = 0;
  const int loaded = load_the_longest(stage, refusal);
  stage.fails_with("the last load", ENOMEM, refusal);
  // 7 * (4096 + 4) + 4096 is more than 32768, also if a filter around this run takes some of it.
  stage.holds("at most 7 of 4096 instructions fit", loaded <= 7);
  stage.holds("some fit", loaded >= 1);
}

void seven_of_the_longest_fit(Stage& stage) {
  if (stage.host().outer_filters != 0) stage.skip("filters around this run take some of the total");
  stage.set_no_new_privs();
  std::int64_t refusal = 0;
  stage.equal("filters that fit", 7, load_the_longest(stage, refusal));
  stage.fails_with("the load of the eighth", ENOMEM, refusal);
}

void a_refusal_leaves_the_others(Stage& stage) {
  stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV));
  std::int64_t refusal = 0;
  const std::int64_t before = filters_of_this_thread();
  const int loaded = load_the_longest(stage, refusal);
  stage.fails_with("the last load", ENOMEM, refusal);
  stage.equal("filters", before + loaded, filters_of_this_thread());
  stage.fails_with("getppid, by the first filter", EXDEV, raw_syscall(SYS_getppid));
  // Less than the refused one may still fit; this tells that the refusal used nothing up.
  stage.equal("one instruction more", 0, stage.try_load(Filter::always(SECCOMP_RET_ALLOW)));
}

void children_inherit_the_sum(Stage& stage) {
  stage.set_no_new_privs();
  std::int64_t refusal = 0;
  load_the_longest(stage, refusal);
  stage.fails_with("the last load", ENOMEM, refusal);
  stage.exited("the child", 0, stage.child([&stage] {
    stage.fails_with("the same load in a child", ENOMEM, LongProgram().try_load(stage, kLongest));
  }));
}

/// The exact sums hold for programs as bpf_convert_filter() makes them.
void skip_where_sums_differ(Stage& stage) {
  if (stage.host().outer_filters != 0) stage.skip("filters around this run take some of the total");
  // 1: those of unprivileged users, 2: all. Only root can read it.
  const std::string harden = text_of_file("/proc/sys/net/core/bpf_jit_harden");
  if (harden.empty()) stage.skip("net.core.bpf_jit_harden cannot be read; if set, programs are longer than written");
  if (harden != "0") stage.skip("net.core.bpf_jit_harden is set, so that programs are longer than written");
}

void the_sum_counts_translated_instructions(Stage& stage) {
  skip_where_sums_differ(stage);
  stage.set_no_new_privs();
  std::int64_t refusal = 0;
  const int loaded = load_the_longest(stage, refusal);
  const std::int64_t used = loaded * (kLongest + kTranslation + kPerFilter);
  const auto fits = static_cast<unsigned>(kTotal - used - kTranslation);
  const LongProgram program;
  stage.fails_with("one instruction too many", ENOMEM, program.try_load(stage, fits + 1));
  stage.equal("as many as fit", 0, program.try_load(stage, fits));
  stage.fails_with("one instruction after that", ENOMEM, stage.try_load(Filter::always(SECCOMP_RET_ALLOW)));
}

void many_short_filters_fit(Stage& stage) {
  skip_where_sums_differ(stage);
  stage.set_no_new_privs();
  const Filter allow = Filter::always(SECCOMP_RET_ALLOW);
  std::int64_t refusal = 0;
  int loaded = 0;
  while (loaded <= kOneInstructionFilters && (refusal = stage.try_load(allow)) == 0) ++loaded;
  stage.equal("filters that fit", kOneInstructionFilters, loaded);
  stage.fails_with("the next one", ENOMEM, refusal);
  stage.equal("Seccomp_filters in /proc/self/status", kOneInstructionFilters, filters_of_this_thread());
}

constexpr char kLengthSource[] = "seccomp(2), EINVAL; kernel/seccomp.c, seccomp_prepare_filter (BPF_MAXINSNS)";
constexpr char kTotalSource[] = "seccomp(2), ENOMEM; kernel/seccomp.c, seccomp_attach_filter (MAX_INSNS_PER_PATH)";
constexpr char kDifference[] =
    "seccomp(2) speaks of the instructions of the programs. The kernel counts those of their translation to eBPF "
    "(bpf_convert_filter: three to begin with, two for RET) since 3.16, so that one instruction counts as five.";

}  // namespace

std::vector<Case> limits_cases() {
  std::vector<Scenario> scenarios;
  for (const std::int64_t length : {1, 2, 4095, 4096})
    scenarios.push_back({.name = fmt::format("length-{}", length),
                         .title = fmt::format("A filter of {} instruction{} loads", length, length == 1 ? "" : "s"),
                         .why = "Big profiles come close to the longest that is promised.",
                         .source = kLengthSource,
                         .also = length == 1 ? "kselftest: filter_size_limits" : "kselftest: filter_size_limits (4096)",
                         .run = a_length_is_fine,
                         .parameters = {length}});
  for (const std::int64_t length : {0, 4097, 65535})
    scenarios.push_back({.name = fmt::format("length-{}", length),
                         .title = fmt::format("A filter of {} instructions is EINVAL", length),
                         .why = "A compiler of filters must learn that its work was not loaded.",
                         .source = kLengthSource,
                         .also = length == 65535 ? "" : "kselftest: filter_size_limits",
                         .run = a_length_is_refused,
                         .parameters = {length}});
  std::ranges::move(
      std::vector<Scenario>{
          {.name = "longest-runs",
           .title = "A filter of 4096 instructions runs to its last one",
           .why = "Rules at the end of a big profile must count as the first do.",
           .source = kLengthSource,
           .run = the_longest_program_runs_to_its_end},
          {.name = "total",
           .title = "All filters of a thread together have a limit: ENOMEM",
           .why = "A chain without end would let anybody slow down every call, and the machine with it.",
           .source = kTotalSource,
           .also = "kselftest: filter_chain_limits",
           .run = all_filters_together_have_a_limit},
          {.name = "total-seven-longest",
           .title = "Seven filters of 4096 instructions fit, and the eighth is ENOMEM",
           .why = "Nested sandboxes rely on room for more than one.",
           .source = kTotalSource,
           .also = "kselftest: filter_chain_limits",
           .run = seven_of_the_longest_fit},
          {.name = "total-refusal-changes-nothing",
           .title = "ENOMEM leaves the filters that are there in force, and uses nothing up",
           .why = "A program that goes on after ENOMEM must not go on unconfined.",
           .source = kTotalSource,
           .run = a_refusal_leaves_the_others},
          {.name = "total-inherited",
           .title = "A child starts with the sum of its parent",
           .why = "Or a fork would be the way around the limit.",
           .source = kTotalSource,
           .run = children_inherit_the_sum},
          {.name = "total-exact",
           .title = "The sum of translated lengths, and 4 for each earlier filter, may be 32768 and not 32769",
           .why = "Whoever plans a stack by the manual's formula finds room for less than it says.",
           .source = kTotalSource,
           .run = the_sum_counts_translated_instructions,
           .difference = kDifference},
          {.name = "total-one-instruction",
           .title = "3641 filters of one instruction fit, and the next is ENOMEM",
           .why = "A daemon that loads a filter for each thing it does comes to this end.",
           .source = kTotalSource,
           .run = many_short_filters_fit,
           .difference = kDifference,
           .timeout = std::chrono::minutes(2)},  // each load runs all filters before it; a virtual machine takes its time
      },
      std::back_inserter(scenarios));
  return topic("limits", std::move(scenarios));
}

}  // namespace sandgauge
