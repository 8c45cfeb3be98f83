// How long it takes to explain a profile of a container runtime: every call of three ABIs. The aim: less than 50 ms with all
// backends.
#include <benchmark/benchmark.h>

#include "app/explanation.h"
#include "compile/compile.h"
#include "evaluate/bitmap.h"
#include "evaluate/paths.h"
#include "measure/statistics.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

/// 350 allowed names, four of them with argument rules.
Policy large_profile() {
  Policy policy;
  policy.default_action = errno_action(1);
  policy.architectures = {Abi::x86_64, Abi::i386, Abi::x32};
  Rule names{.syscalls = {}, .action = {}, .when = {}};
  constexpr std::size_t kNames = 350;
  for (const SyscallEntry& entry : every_syscall())
    if (entry.number[0] >= 0 && entry.number[0] < 335 && names.syscalls.size() < kNames && entry.name != "socket" &&
        entry.name != "personality")
      names.syscalls.emplace_back(entry.name);
  policy.rules = {
      names, {.syscalls = {"socket"}, .action = {}, .when = {{.index = 0, .compare = Compare::not_equal, .value = 40}}}};
  for (const std::uint64_t persona : {0U, 8U, 0x20000U})
    policy.rules.push_back({.syscalls = {"personality"}, .action = {}, .when = {{.index = 0, .value = persona}}});
  return policy;
}

void Explain(benchmark::State& state, const Backend& backend) {
  const Policy policy = large_profile();
  const auto program = compile(policy, backend);
  if (!program) return state.SkipWithError(program.error().message.c_str());
  const NamedProgram named{to_string(backend), *program, ""};
  for (auto _ : state) benchmark::DoNotOptimize(explain({&named, 1}, &policy, {}));
}
BENCHMARK_CAPTURE(Explain, bpf, Backend{})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Explain, libseccomp, Backend{Backend::Compiler::libseccomp, 1})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Explain, libseccomp2, Backend{Backend::Compiler::libseccomp, 2})->Unit(benchmark::kMillisecond);

void CompileLibseccomp(benchmark::State& state) {
  const Policy policy = large_profile();
  for (auto _ : state)
    benchmark::DoNotOptimize(compile(policy, {Backend::Compiler::libseccomp, static_cast<int>(state.range(0))}));
}
BENCHMARK(CompileLibseccomp)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

void Unreachable(benchmark::State& state) {
  const Program program =
      compile(large_profile(), {Backend::Compiler::libseccomp, static_cast<int>(state.range(0))}).value();
  for (auto _ : state) benchmark::DoNotOptimize(unreachable(program));
}
BENCHMARK(Unreachable)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond);

void PredictBitmap(benchmark::State& state) {
  const Program program = compile(large_profile(), {Backend::Compiler::libseccomp, 1}).value();
  const seccomp_data data{.nr = 100, .arch = audit_arch(Abi::x86_64)};
  for (auto _ : state) benchmark::DoNotOptimize(predict_bitmap(program, data));
}
BENCHMARK(PredictBitmap);

void MedianInterval(benchmark::State& state) {
  std::vector<double> samples;
  for (int i = 0; i < 200; ++i) samples.push_back(i * 7919 % 200);
  for (auto _ : state) benchmark::DoNotOptimize(median_interval(samples, 0.95));
}
BENCHMARK(MedianInterval)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sandgauge
