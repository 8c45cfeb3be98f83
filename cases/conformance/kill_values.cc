// Return values that no action has, values with data, and a filter that divides by zero.
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "conformance/kill.h"
#include "conformance/worker.h"

namespace sandgauge {
namespace {

Filter parameter_for_getppid(Stage& stage) {
  return Filter::answer(SYS_getppid, static_cast<std::uint32_t>(stage.parameter(0)));
}

// What acts as KILL_PROCESS and as ALLOW is loaded as it is: nothing tells it from these two.
void kills_the_process(Stage& stage) {
  stage.load_as_it_is(parameter_for_getppid(stage));
  const int status = stage.child([&] {
    returns_in_worker(stage, SYS_getppid);
    stage.never("the first thread went on");
  });
  stage.killed("a process whose worker made the call", SIGSYS, status);
}

void kills_the_thread(Stage& stage) {
  stage.load(parameter_for_getppid(stage));
  const int status = stage.child([&] {
    stage.holds("the worker is gone", !returns_in_worker(stage, SYS_getppid));
    stage.end(42);
  });
  stage.exited("the process", 42, status);
}

void allows(Stage& stage) {
  const std::int64_t parent = raw_syscall(SYS_getppid);
  stage.load_as_it_is(parameter_for_getppid(stage));
  stage.equal("getppid(2)", parent, raw_syscall(SYS_getppid));
}

/// Divides 100 by the first argument of getppid(2), which has none, and then allows.
Filter divide(std::uint16_t operation, std::uint32_t constant) {
  return Filter::of({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 4),
                     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)), BPF_STMT(BPF_MISC | BPF_TAX, 0),
                     BPF_STMT(BPF_LD | BPF_IMM, 100), BPF_STMT(operation, constant),
                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)});
}

void fault_kills_the_thread(Stage& stage) {
  stage.load_as_it_is(divide(BPF_ALU | BPF_DIV | BPF_X, 0));
  const int status = stage.child([&] {
    stage.holds("the call comes back that divides by 5", returns_in_worker(stage, SYS_getppid, 5));
    stage.holds("the worker is gone that divides by 0", !returns_in_worker(stage, SYS_getppid, 0));
    stage.end(42);
  });
  stage.exited("the process", 42, status);
}

void fault_kills(Stage& stage) {
  stage.load_as_it_is(divide(BPF_ALU | BPF_DIV | BPF_X, 0));
  stage.succeeds("getppid(2) that divides by 5", raw_syscall(SYS_getppid, 5));
  raw_syscall(SYS_getppid, 0);
  stage.never("the call came back");
}

void constant_zero_is_refused(Stage& stage) {
  stage.set_no_new_privs();
  stage.fails_with("loading a division by the constant 0", EINVAL, stage.try_load(divide(BPF_ALU | BPF_DIV | BPF_K, 0)));
  stage.succeeds("loading a division by the constant 5", stage.try_load(divide(BPF_ALU | BPF_DIV | BPF_K, 5)));
}

Scenario unknown(std::int64_t value) {
  return {.name = fmt::format("value-{:08x}", value),
          .title = fmt::format("The return value 0x{:08x}, which is no action, ends the whole process", value),
          .why = "A filter for a newer kernel that uses an action this one lacks must fail closed.",
          .source = "seccomp(2), Return value of filters; kernel/seccomp.c, __seccomp_filter (default)",
          .also = "kselftest: KILL_unknown",
          .run = kills_the_process,
          // The man page says since 4.14, but up to 5.9 the kernel ended the thread only.
          .needs = {.since = KernelVersion{5, 10}},
          .parameters = {value}};
}

}  // namespace

std::vector<Scenario> kill_value_scenarios() {
  std::vector<Scenario> scenarios;
  for (const std::int64_t value : {0x00010000, 0x00020000, 0x10000000, 0x7FF10000, 0x7FFE0000})
    scenarios.push_back(unknown(value));
  for (const std::int64_t value : {0x80010000U, 0xC0000000U, 0xFFFFFFFFU}) scenarios.push_back(unknown(value));
  scenarios.insert(scenarios.end(),
                   {{.name = "value-80000001",
                     .title = "KILL_PROCESS with data, 0x80000001, is KILL_PROCESS",
                     .why = "Data in a kill is a note for people; it must not change the action.",
                     .source = "seccomp(2), SECCOMP_RET_DATA; linux/seccomp.h, SECCOMP_RET_ACTION_FULL",
                     .run = kills_the_process,
                     .parameters = {0x80000001}},
                    {.name = "value-00000001",
                     .title = "KILL with data, 0x00000001, is KILL: the worker ends alone",
                     .why = "Data in a kill is a note for people; it must not change the action.",
                     .source = "seccomp(2), SECCOMP_RET_DATA; linux/seccomp.h, SECCOMP_RET_ACTION_FULL",
                     .run = kills_the_thread,
                     .parameters = {0x00000001}},
                    {.name = "value-0000ffff",
                     .title = "KILL with all of its data set, 0x0000ffff, is KILL: the worker ends alone",
                     .why = "Data in a kill is a note for people; it must not change the action.",
                     .source = "seccomp(2), SECCOMP_RET_DATA; linux/seccomp.h, SECCOMP_RET_ACTION_FULL",
                     .run = kills_the_thread,
                     .parameters = {0x0000FFFF}},
                    {.name = "value-7fff0001",
                     .title = "ALLOW with data, 0x7fff0001, allows",
                     .why = "A compiler that leaves data in an ALLOW must not end its program.",
                     .source = "seccomp(2), SECCOMP_RET_DATA; linux/seccomp.h, SECCOMP_RET_ACTION_FULL",
                     .run = allows,
                     .parameters = {0x7FFF0001}},
                    {.name = "value-7fffffff",
                     .title = "ALLOW with all of its data set, 0x7fffffff, allows",
                     .why = "A compiler that leaves data in an ALLOW must not end its program.",
                     .source = "seccomp(2), SECCOMP_RET_DATA; linux/seccomp.h, SECCOMP_RET_ACTION_FULL",
                     .also = "kselftest: unknown_ret_is_kill_above_allow (the values beyond it)",
                     .run = allows,
                     .parameters = {0x7FFFFFFF}},
                    {.name = "divide-by-x-worker",
                     .title = "A filter that divides by X while X is 0 answers 0, KILL: the worker ends alone",
                     .why = "A fault in a filter must fail closed; an answer made of rubbish could be ALLOW.",
                     .source = "net/core/filter.c, bpf_convert_filter (BPF_DIV by X); seccomp(2), SECCOMP_RET_KILL_THREAD",
                     .run = fault_kills_the_thread},
                    {.name = "divide-by-x",
                     .title = "A filter that divides by X while X is 0 ends a process with one thread by SIGSYS",
                     .why = "A fault in a filter must fail closed; an answer made of rubbish could be ALLOW.",
                     .source = "net/core/filter.c, bpf_convert_filter (BPF_DIV by X)",
                     .run = fault_kills,
                     .ends = {.signal = SIGSYS}},
                    {.name = "divide-by-constant",
                     .title = "A filter that divides by the constant 0 is refused when it is loaded: EINVAL",
                     .why = "A program that always faults is a mistake, and loading is the time to hear of it.",
                     .source = "net/core/filter.c, bpf_check_classic",
                     .run = constant_zero_is_refused}});
  return scenarios;
}

}  // namespace sandgauge
