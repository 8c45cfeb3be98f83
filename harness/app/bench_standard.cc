// The rows of the standard report.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "app/bench_plan.h"
#include "app/bench_policy.h"
#include "compile/compile.h"
#include "confine/landlock.h"
#include "confine/seccomp.h"

namespace sandgauge {
namespace {

constexpr int kRules = 300;
constexpr Backend kBackends[] = {
    {Backend::Compiler::bpf, 1}, {Backend::Compiler::libseccomp, 1}, {Backend::Compiler::libseccomp, 2}};

/// 300 equality tests one after another, as a filter written by hand has them; the call's is the first or the last.
Program chain(long number, bool first) {
  constexpr std::uint32_t kUnused = 1000;
  Program program{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))}};
  for (int i = 0; i < kRules; ++i) {
    const bool mine = i == (first ? 0 : kRules - 1);
    program.code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                    mine ? static_cast<std::uint32_t>(number) : kUnused + static_cast<std::uint32_t>(i), 0,
                                    1));
    program.code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  program.code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return program;
}

/// Loads an argument and allows: the shortest filter that the bitmap cannot stand in for.
Program argument_rule(long number) {
  constexpr std::uint32_t kArgument5 = offsetof(seccomp_data, args) + 5 * sizeof(std::uint64_t);
  constexpr std::uint32_t kNever = 0x12345678;
  return {{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 3),
           BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArgument5), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kNever, 0, 1),
           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
}

Program answer(long number, std::uint32_t value) {
  return {{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1), BPF_STMT(BPF_RET | BPF_K, value),
           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
}

Result<void> long_filters(Planner& planner, const std::vector<std::string>& names, bool argument, bool fitted = false) {
  for (const Backend& backend : kBackends) {
    const auto program = compile(long_policy(kRules, names, argument), backend);
    if (!program) return fail(program.error());
    planner.filtered(fmt::format("{} rules{}, {}", kRules, argument ? " and an argument rule" : "", to_string(backend)),
                     *program);
    if (fitted) planner.fit_last();
  }
  return {};
}

void supervised(Planner& planner, long number) {
  const auto add = [&](const std::string& words, std::uint32_t value, Supervision supervision) {
    const Program program = answer(number, value);
    const bool listens = supervision == Supervision::listener;
    const Confinement* filter = planner.keep(std::make_unique<SeccompFilter>(program, FilterFlags{}, listens));
    const Action action = action_of_return_value(value);
    planner.row(words + ", same CPU", {filter}, {program}, action, supervision, false);
    if (planner.placement().cpu != planner.placement().supervisor_cpu)
      planner.row(words + ", another CPU", {filter}, {program}, action, supervision, true);
  };
  add("TRACE", SECCOMP_RET_TRACE, Supervision::tracer);
  add("NOTIFY", SECCOMP_RET_USER_NOTIF, Supervision::listener);
}

void trips(Planner& planner, long number) {
  const Program trap = answer(number, SECCOMP_RET_TRAP);
  planner.row("TRAP with a handler", {planner.keep(std::make_unique<SeccompFilter>(trap, FilterFlags{}, false))}, {trap},
              {ActionKind::trap, 0}, Supervision::handler);
  planner.filtered("LOG", answer(number, SECCOMP_RET_LOG)).note = "records are printed or queued; few calls a sample";
  supervised(planner, number);
}

Result<void> other_call(Planner& planner, const BenchCall& call, const std::vector<std::string>& names) {
  planner.block(call, "calls");
  const long number = call.calls[0].number;
  planner.filtered("allow-all", {{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}});
  planner.filtered("argument rule", argument_rule(number));
  planner.filtered("ERRNO(EPERM)", answer(number, SECCOMP_RET_ERRNO | EPERM));
  if (call.on_files)
    for (const int layers : {1, 4, 16}) {
      planner.row(fmt::format("Landlock x{}", layers), {planner.keep(std::make_unique<LandlockLayers>(layers))}, {}, {});
    }
  return long_filters(planner, names, true);
}

Result<void> processes(Planner& planner) {
  planner.next_block();
  const auto install = [&](const std::string& words, Program program) {
    const std::size_t length = program.code.size();
    planner
        .process_row("install", words, Work::install,
                     {planner.keep(std::make_unique<SeccompFilter>(std::move(program), FilterFlags{}, false))}, {}, "")
        .note = fmt::format("{} instruction{}", length, length == 1 ? "" : "s");
  };
  install("1 instruction", {{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}});
  Program jumps = chain(SYS_getppid, false);
  constexpr std::ptrdiff_t kJumps = 250;
  jumps.code.erase(jumps.code.begin() + 1 + 2 * kJumps, jumps.code.end() - 1);
  install("250 tests in a chain", jumps);
  for (const Backend& backend : kBackends) {
    auto program = compile(long_policy(kRules, {"getppid"}, false), backend);
    if (!program) return fail(program.error());
    install(fmt::format("{} rules, {}", kRules, to_string(backend)), *std::move(program));
  }
  planner.next_block();
  const TimedCall call{.number = SYS_getppid};
  planner.process_row("process", "fork and exit", Work::life, {}, {}, "");
  planner.process_row(
      "process", "fork, filter, call and exit", Work::life,
      {planner.keep(std::make_unique<SeccompFilter>(answer(SYS_getppid, SECCOMP_RET_ALLOW), FilterFlags{}, false))}, {call},
      "process/fork and exit");
  planner.process_row(
      "process", "fork, filter, call and death by KILL_PROCESS", Work::life,
      {planner.keep(std::make_unique<SeccompFilter>(answer(SYS_getppid, SECCOMP_RET_KILL_PROCESS), FilterFlags{}, false))},
      {call}, "process/fork and exit");
  return {};
}

}  // namespace

Result<void> add_model_rows(Planner& planner) {
  planner.block({.name = "getppid", .calls = {{.number = SYS_getppid}}}, "calls");
  const Program pass{{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  for (const int depth : {1, 2, 4, 16}) {
    planner.filtered(fmt::format("allow-all x{}", depth), pass, depth);
    planner.fit_last();
  }
  for (const int depth : {1, 4, 16}) {
    planner.filtered(fmt::format("argument rule x{}", depth), argument_rule(SYS_getppid), depth);
    planner.fit_last();
  }
  return long_filters(planner, {"getppid"}, true, /*fitted=*/true);
}

void add_trip_rows(Planner& planner) { trips(planner, SYS_getppid); }

Result<Plan> standard_plan(Placement placement) {
  Planner planner(placement);
  if (auto begun = planner.begin(); !begun) return fail(begun.error());
  if (auto added = add_model_rows(planner); !added) return fail(added.error());
  planner.filtered("300 tests in a chain, hit first", chain(SYS_getppid, true));
  planner.filtered("300 tests in a chain, hit last", chain(SYS_getppid, false));
  if (auto added = long_filters(planner, {"getppid"}, false); !added) return fail(added.error());
  planner.filtered("ERRNO(EPERM)", answer(SYS_getppid, SECCOMP_RET_ERRNO | EPERM));
  planner.filtered("TRACE without a tracer", answer(SYS_getppid, SECCOMP_RET_TRACE));
  add_trip_rows(planner);

  const auto address = [](const std::string& text) { return reinterpret_cast<long>(text.c_str()); };
  const long buffer = address(planner.text(std::string(sizeof(utsname), '\0')));
  const long directory = address(planner.text(planner.scratch() + "/directory"));
  const long here = address(planner.text(planner.scratch()));
  constexpr long kMode = 0700;
  const std::pair<BenchCall, std::vector<std::string>> others[] = {
      {{.name = "uname", .calls = {{.number = SYS_uname, .args = {buffer}}}}, {"uname"}},
      {{.name = "getuid", .calls = {{.number = SYS_getuid}}}, {"getuid"}},
      {{.name = "mkdir+rmdir",
        .calls = {{.number = SYS_mkdirat, .args = {AT_FDCWD, directory, kMode}},
                  {.number = SYS_unlinkat, .args = {AT_FDCWD, directory, AT_REMOVEDIR}}},
        .on_files = true},
       {"mkdirat", "unlinkat"}},
      {{.name = "open+close",
        .calls = {{.number = SYS_openat, .args = {AT_FDCWD, here, O_RDONLY | O_CLOEXEC}},
                  {.number = SYS_close, .takes_result = true}},
        .on_files = true},
       {"openat", "close"}},
  };
  for (const auto& [call, names] : others)
    if (auto added = other_call(planner, call, names); !added) return fail(added.error());
  if (auto added = processes(planner); !added) return fail(added.error());
  return planner.take();
}

}  // namespace sandgauge
