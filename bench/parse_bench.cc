// How long it takes to read policies and cases. The aim: a policy of 400 rules is read and compiled in less than 5 ms.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "model/syscalls.h"
#include "policy/case_yaml.h"
#include "policy/policy_yaml.h"

namespace sandgauge {
namespace {

/// Rules of one syscall each, as profiles have them; with tests, every fourth has one.
std::string policy_of(std::int64_t rules, bool tests) {
  std::string text = "default: ALLOW\nrules:\n";
  std::int64_t written = 0;
  for (const SyscallEntry& entry : every_syscall()) {
    if (!syscall_number(native_abi(), entry.name)) continue;
    if (written++ == rules) break;
    text += fmt::format("  - {{syscalls: [{}], action: ERRNO(EPERM)", entry.name);
    if (tests && written % 4 == 0) text += ", when: [\"arg0 == 1\"]";
    text += "}\n";
  }
  // There are fewer names than 400: numbers fill up.
  for (; written < rules; ++written) text += fmt::format("  - {{syscalls: [{}], action: ERRNO(EPERM)}}\n", 1000 + written);
  return text;
}

void measure_policy(benchmark::State& state, bool tests) {
  const std::string text = policy_of(state.range(0), tests);
  if (const auto policy = parse_policy(text, "bench.yaml"); !policy) state.SkipWithError(policy.error().message.c_str());
  for (auto _ : state) {
    auto policy = parse_policy(text, "bench.yaml");
    benchmark::DoNotOptimize(policy);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}

void ParsePolicy(benchmark::State& state) { measure_policy(state, false); }
BENCHMARK(ParsePolicy)->Arg(60)->Arg(400)->Unit(benchmark::kMillisecond);

void ParsePolicyWithTests(benchmark::State& state) { measure_policy(state, true); }
BENCHMARK(ParsePolicyWithTests)->Arg(400)->Unit(benchmark::kMillisecond);

void WritePolicy(benchmark::State& state) {
  const auto policy = parse_policy(policy_of(state.range(0), true), "bench.yaml");
  for (auto _ : state) {
    auto text = to_yaml(*policy);
    benchmark::DoNotOptimize(text);
  }
}
BENCHMARK(WritePolicy)->Arg(400)->Unit(benchmark::kMicrosecond);

/// A matrix of the given number of cases over a policy of 20 rules.
void ParseCases(benchmark::State& state) {
  std::string text = "call: uname(scratch)\nexpect: {returns: \"{n}\"}\nmatrix:\n  n: [";
  for (std::int64_t i = 0; i < state.range(0); ++i) text += fmt::format("{}, ", i);
  text += "]\npolicy:\n  rules:\n";
  for (int i = 0; i < 20; ++i) text += "    - {syscalls: [uname], action: ERRNO(EPERM)}\n";
  for (auto _ : state) {
    auto cases = parse_cases(text, "bench.yaml");
    if (!cases) state.SkipWithError(cases.error().message.c_str());
    benchmark::DoNotOptimize(cases);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ParseCases)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sandgauge
