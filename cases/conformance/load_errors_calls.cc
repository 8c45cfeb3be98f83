// seccomp(2) and prctl(2): arguments, what is checked before what, what is available, and the lock of a mode.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "conformance/load_errors.h"
#include "conformance/privileges.h"
#include "conformance/proc_files.h"
#include "model/action.h"

namespace sandgauge {
namespace {

std::int64_t address_of(const void* object) { return reinterpret_cast<std::intptr_t>(object); }

std::int64_t seccomp(unsigned operation, unsigned flags, const void* args) {
  return raw_syscall(SYS_seccomp, operation, flags, address_of(args));
}

const Filter& allow_all() {
  static const Filter filter = Filter::always(SECCOMP_RET_ALLOW);
  return filter;
}

sock_fprog program_of(const Filter& filter) { return {filter.length(), const_cast<sock_filter*>(filter.code())}; }

/// A page that nothing may touch, with one before it that is writable.
char* forbidden_page(Stage& stage) {
  const long page = ::sysconf(_SC_PAGESIZE);
  void* const pages = ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) stage.broken("mmap", errno);
  char* const second = static_cast<char*>(pages) + page;
  if (::mprotect(second, page, PROT_NONE) != 0) stage.broken("mprotect", errno);
  return second;
}

void an_unknown_operation(Stage& stage) {
  const sock_fprog program = program_of(allow_all());
  stage.set_no_new_privs();
  stage.fails_with("seccomp(2)", EINVAL, seccomp(static_cast<unsigned>(stage.parameter(0)), 0, &program));
}

void an_unknown_flag(Stage& stage) {
  stage.set_no_new_privs();
  const std::int64_t before = filters_of_this_thread();
  stage.fails_with("the load", EINVAL, stage.try_load(allow_all(), static_cast<unsigned>(stage.parameter(0))));
  stage.equal("filters", before, filters_of_this_thread());
}

void a_known_flag(Stage& stage) {
  stage.set_no_new_privs();
  stage.succeeds("the load", stage.try_load(allow_all(), static_cast<unsigned>(stage.parameter(0))));
}

void strict_takes_no_flags(Stage& stage) {
  stage.fails_with("seccomp(2)", EINVAL, seccomp(SECCOMP_SET_MODE_STRICT, 1, nullptr));
}

void strict_takes_no_arguments(Stage& stage) {
  const sock_fprog program = program_of(allow_all());
  stage.fails_with("seccomp(2)", EINVAL, seccomp(SECCOMP_SET_MODE_STRICT, 0, &program));
}

void a_null_program(Stage& stage) {
  stage.set_no_new_privs();
  stage.fails_with("the load", EFAULT, seccomp(SECCOMP_SET_MODE_FILTER, 0, nullptr));
}

void a_program_out_of_reach(Stage& stage) {
  stage.set_no_new_privs();
  stage.fails_with("the load", EFAULT, seccomp(SECCOMP_SET_MODE_FILTER, 0, forbidden_page(stage)));
}

void null_instructions(Stage& stage) {
  stage.set_no_new_privs();
  stage.fails_with("the load", EINVAL, stage.try_load(nullptr, 1));
}

void instructions_out_of_reach(Stage& stage) {
  stage.set_no_new_privs();
  stage.fails_with("the load", EFAULT, stage.try_load(reinterpret_cast<sock_filter*>(forbidden_page(stage)), 1));
}

void instructions_that_end_out_of_reach(Stage& stage) {
  stage.set_no_new_privs();
  auto* const end = reinterpret_cast<sock_filter*>(forbidden_page(stage));
  end[-1] = *allow_all().code();
  stage.fails_with("the load of two instructions, of which one is there", EFAULT, stage.try_load(end - 1, 2));
  stage.equal("the load of that one", 0, stage.try_load(end - 1, 1));
}

/// What an ordinary process without NO_NEW_PRIVS is told.
enum Mistake : std::uint8_t { no_program, bad_operation, bad_flag, length_zero, too_long, bad_instruction, bad_pointer };

void what_is_said_first(Stage& stage) {
  require_no_new_privs_unset(stage);
  const auto mistake = static_cast<Mistake>(stage.parameter(0));
  const auto expected = static_cast<int>(stage.parameter(1));
  const sock_filter mod[] = {BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 7), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const auto* const nowhere = reinterpret_cast<sock_filter*>(forbidden_page(stage));
  const sock_fprog good = program_of(allow_all());
  stage.exited("the process without capabilities", 0, stage.child([&] {
    drop_capabilities(stage);
    std::int64_t result = 0;
    switch (mistake) {
      case no_program: result = seccomp(SECCOMP_SET_MODE_FILTER, 0, nullptr); break;
      case bad_operation: result = seccomp(77, 0, &good); break;
      case bad_flag: result = stage.try_load(allow_all(), 1U << 31); break;
      case length_zero: result = stage.try_load(allow_all().code(), 0); break;
      case too_long: result = stage.try_load(allow_all().code(), 4097); break;
      case bad_instruction: result = stage.try_load(mod, 2); break;
      case bad_pointer: result = stage.try_load(nowhere, 1); break;
    }
    stage.fails_with("the load", expected, result);
  }));
}

void an_action_is_available(Stage& stage) {
  const auto action = static_cast<std::uint32_t>(stage.parameter(0));
  stage.equal("seccomp(2)", 0, seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action));
}

void an_action_is_not_available(Stage& stage) {
  const auto action = static_cast<std::uint32_t>(stage.parameter(0));
  stage.fails_with("seccomp(2)", EOPNOTSUPP, seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action));
}

void a_question_takes_no_flags(Stage& stage) {
  const std::uint32_t words[64] = {SECCOMP_RET_ALLOW};
  stage.fails_with("seccomp(2)", EINVAL, seccomp(static_cast<unsigned>(stage.parameter(0)), 1, words));
}

void a_question_needs_memory(Stage& stage) {
  const auto operation = static_cast<unsigned>(stage.parameter(0));
  stage.fails_with("seccomp(2) with NULL", EFAULT, seccomp(operation, 0, nullptr));
  stage.fails_with("seccomp(2) with an address out of reach", EFAULT, seccomp(operation, 0, forbidden_page(stage)));
}

void the_sizes_of_the_structs(Stage& stage) {
  seccomp_notif_sizes sizes{};
  stage.equal("seccomp(2)", 0, seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes));
  stage.equal("seccomp_notif", 80, sizes.seccomp_notif);
  stage.equal("seccomp_notif_resp", 24, sizes.seccomp_notif_resp);
  stage.equal("seccomp_data", 64, sizes.seccomp_data);
}

std::string hex(std::uint32_t value) { return fmt::format("{:#010x}", value); }

std::vector<Scenario> availability_scenarios() {
  constexpr char kSource[] = "seccomp(2), SECCOMP_GET_ACTION_AVAIL; kernel/seccomp.c, seccomp_get_action_avail";
  std::vector<Scenario> scenarios;
  for (const ActionKind kind : kEveryActionKind) {
    const std::uint32_t value = return_value({kind});
    const std::string name(kind_name(kind));
    const bool tested_elsewhere = kind != ActionKind::kill_process && kind != ActionKind::notify;
    scenarios.push_back({.name = fmt::format("avail-{:08x}", value),
                         .title = fmt::format("SECCOMP_GET_ACTION_AVAIL knows {}", name),
                         .why = "Programs ask it before they choose an action.",
                         .source = kSource,
                         .also = tested_elsewhere ? "kselftest: get_action_avail" : "",
                         .run = an_action_is_available,
                         .parameters = {value}});
    scenarios.push_back({.name = fmt::format("avail-{:08x}", value | 8),
                         .title = fmt::format("SECCOMP_GET_ACTION_AVAIL of {} with data is EOPNOTSUPP", name),
                         .why = "It is asked for an action; a value with data is none.",
                         .source = kSource,
                         .run = an_action_is_not_available,
                         .parameters = {value | 8}});
  }
  for (const std::uint32_t value : {0x00010000U, 0x10000000U, 0x7ff80000U, 0xffff0000U})
    scenarios.push_back({.name = fmt::format("avail-{:08x}", value),
                         .title = fmt::format("SECCOMP_GET_ACTION_AVAIL of the unknown {} is EOPNOTSUPP", hex(value)),
                         .why = "A filter that uses an unknown action kills, so a program must learn it before.",
                         .source = kSource,
                         .also = value == 0x10000000U ? "kselftest: get_action_avail" : "",
                         .run = an_action_is_not_available,
                         .parameters = {value}});
  return scenarios;
}

std::vector<Scenario> order_scenarios() {
  struct Row {
    const char* name;
    Mistake mistake;
    int error;
    const char* title;
  };
  constexpr Row kRows[] = {
      {"null", no_program, EFAULT, "a NULL program is EFAULT"},
      {"operation", bad_operation, EINVAL, "an unknown operation is EINVAL"},
      {"flag", bad_flag, EINVAL, "an unknown flag is EINVAL"},
      {"length-0", length_zero, EINVAL, "a program of length 0 is EINVAL"},
      {"length-4097", too_long, EINVAL, "a program of 4097 instructions is EINVAL"},
      {"instruction", bad_instruction, EACCES, "a bad instruction is not looked at: EACCES"},
      {"pointer", bad_pointer, EACCES, "instructions out of reach are not looked at: EACCES"},
  };
  std::vector<Scenario> scenarios;
  for (const Row& row : kRows)
    scenarios.push_back({.name = fmt::format("order-{}", row.name),
                         .title = fmt::format("Without NO_NEW_PRIVS and CAP_SYS_ADMIN, {}", row.title),
                         .why = "Programs find out what the kernel supports by the error, before they give up privileges.",
                         .source = "kernel/seccomp.c, seccomp_set_mode_filter and seccomp_prepare_filter",
                         .also = row.mistake == no_program ? "kselftest: detect_seccomp_filter_flags" : "",
                         .run = what_is_said_first,
                         .parameters = {row.mistake, row.error}});
  return scenarios;
}

std::vector<Scenario> flag_scenarios() {
  constexpr char kSource[] = "seccomp(2), EINVAL; kernel/seccomp.c, seccomp_set_mode_filter (SECCOMP_FILTER_FLAG_MASK)";
  std::vector<Scenario> scenarios;
  for (const unsigned bit : {8U, 16U, 31U})
    scenarios.push_back({.name = fmt::format("flag-bit-{}", bit),
                         .title = fmt::format("The unknown flag of bit {} is EINVAL", bit),
                         .why = "A flag that is silently ignored is a promise that is not kept.",
                         .source = kSource,
                         .also = "kselftest: detect_seccomp_filter_flags",
                         .run = an_unknown_flag,
                         .parameters = {std::int64_t{1} << bit}});
  struct Known {
    const char* name;
    unsigned flags;
  };
  for (const Known& known :
       {Known{"log", SECCOMP_FILTER_FLAG_LOG}, Known{"spec-allow", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
        Known{"new-listener", SECCOMP_FILTER_FLAG_NEW_LISTENER}, Known{"tsync", SECCOMP_FILTER_FLAG_TSYNC}})
    scenarios.push_back({.name = fmt::format("flag-{}", known.name),
                         .title = fmt::format("The flag {} is taken", known.name),
                         .why = "Programs rely on it since the kernel has it.",
                         .source = "seccomp(2), SECCOMP_SET_MODE_FILTER",
                         .also = "kselftest: detect_seccomp_filter_flags",
                         .run = a_known_flag,
                         .parameters = {known.flags}});
  constexpr std::int64_t kKillableListener = 1 << 5 | SECCOMP_FILTER_FLAG_NEW_LISTENER;
  scenarios.push_back({.name = "flag-wait-killable-recv",
                       .title = "The flag WAIT_KILLABLE_RECV is taken with a listener",
                       .why = "Programs rely on it since the kernel has it.",
                       .source = "include/uapi/linux/seccomp.h",
                       .also = "kselftest: detect_seccomp_filter_flags",
                       .run = a_known_flag,
                       .needs = {.since = KernelVersion{6, 0}},
                       .parameters = {kKillableListener}});
  scenarios.push_back({.name = "flag-wait-killable-recv-before",
                       .title = "The flag WAIT_KILLABLE_RECV is EINVAL before the kernel has it",
                       .why = "A supervisor must learn that signals will interrupt its calls.",
                       .source = kSource,
                       .run = an_unknown_flag,
                       .needs = {.until = KernelVersion{5, 18}},
                       .parameters = {kKillableListener}});
  return scenarios;
}

Scenario call_scenario(const char* name, const char* title, void (*run)(Stage&), const char* also = "",
                       std::vector<std::int64_t> parameters = {}) {
  return {.name = name,
          .title = title,
          .why = "A program must be told that it asked for nothing, or it goes on as if it were confined.",
          .source = "seccomp(2), ERRORS; kernel/seccomp.c, do_seccomp and seccomp_prepare_user_filter",
          .also = also,
          .run = run,
          .parameters = std::move(parameters)};
}

}  // namespace

std::vector<Scenario> seccomp_call_scenarios() {
  std::vector<Scenario> scenarios = {
      call_scenario("operation-4", "Operation 4 is EINVAL", an_unknown_operation, "", {4}),
      call_scenario("operation-77", "Operation 77 is EINVAL", an_unknown_operation, "", {77}),
      call_scenario("operation-minus-one", "Operation -1 is EINVAL", an_unknown_operation, "kselftest: seccomp_syscall",
                    {-1}),
      call_scenario("strict-flags", "Strict mode with flags is EINVAL", strict_takes_no_flags, "kselftest: seccomp_syscall"),
      call_scenario("strict-args", "Strict mode with a program is EINVAL", strict_takes_no_arguments,
                    "kselftest: seccomp_syscall"),
      call_scenario("null", "A NULL program is EFAULT", a_null_program, "kselftest: seccomp_syscall"),
      call_scenario("out-of-reach", "A program struct out of reach is EFAULT", a_program_out_of_reach),
      call_scenario("null-instructions", "A program struct with NULL for the instructions is EINVAL", null_instructions),
      call_scenario("instructions-out-of-reach", "Instructions out of reach are EFAULT", instructions_out_of_reach),
      call_scenario("instructions-end-out-of-reach", "Instructions of which the last is out of reach are EFAULT",
                    instructions_that_end_out_of_reach),
      call_scenario("avail-flags", "SECCOMP_GET_ACTION_AVAIL with flags is EINVAL", a_question_takes_no_flags, "",
                    {SECCOMP_GET_ACTION_AVAIL}),
      call_scenario("avail-null", "SECCOMP_GET_ACTION_AVAIL of NULL is EFAULT", a_question_needs_memory, "",
                    {SECCOMP_GET_ACTION_AVAIL}),
      call_scenario("sizes", "SECCOMP_GET_NOTIF_SIZES says 80, 24 and 64", the_sizes_of_the_structs,
                    "kselftest: seccomp_get_notif_sizes"),
      call_scenario("sizes-flags", "SECCOMP_GET_NOTIF_SIZES with flags is EINVAL", a_question_takes_no_flags, "",
                    {SECCOMP_GET_NOTIF_SIZES}),
      call_scenario("sizes-null", "SECCOMP_GET_NOTIF_SIZES into NULL is EFAULT", a_question_needs_memory, "",
                    {SECCOMP_GET_NOTIF_SIZES}),
  };
  for (const auto& part : {availability_scenarios(), order_scenarios(), flag_scenarios()})
    scenarios.insert(scenarios.end(), part.begin(), part.end());
  return scenarios;
}

}  // namespace sandgauge
