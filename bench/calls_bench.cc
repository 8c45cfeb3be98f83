// Calls under filters, each condition in a fresh process, as Google Benchmark sees them: a plain loop, without pairing.
// Compare the rows of one run with each other; for intervals and a control use `sandgauge bench`.
#include <benchmark/benchmark.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "compile/compile.h"
#include "confine/landlock.h"
#include "confine/seccomp.h"
#include "measure/sample.h"
#include "measure/statistics.h"

namespace sandgauge {
namespace {

int last_cpu() {
  cpu_set_t set;
  int last = 0;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return last;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) last = cpu;
  return last;
}

Program pass() { return {{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}}; }

Program reads_argument() {
  constexpr std::uint32_t kArgument5 = offsetof(seccomp_data, args) + 5 * sizeof(std::uint64_t);
  constexpr std::uint32_t kNever = 0x12345678;
  return {{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArgument5), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kNever, 0, 1),
           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
}

/// Each iteration is a process that times its calls itself.
void time_calls(benchmark::State& state, long number, const std::vector<const Confinement*>& confinements) {
  auto sampler = Sampler::make();
  if (!sampler) return state.SkipWithError(sampler.error().message.c_str());
  const int cpu = last_cpu();
  const Specimen specimen{.calls = {{.number = number}}, .confinements = confinements, .cpu = cpu, .supervisor_cpu = cpu};
  constexpr double kNanosecond = 1e-9;
  for (auto _ : state) {
    const auto sample = sampler->take(specimen, {.batch = 1000, .stretches = 9});
    if (!sample || !sample->problem.empty()) return state.SkipWithError("a sample failed");
    state.SetIterationTime(median(sample->nanoseconds) * kNanosecond);
  }
}

void NoFilter(benchmark::State& state) { time_calls(state, SYS_getppid, {}); }
BENCHMARK(NoFilter)->UseManualTime()->Iterations(200);

void AllowAll(benchmark::State& state) {
  const SeccompFilter filter(pass(), {}, false);
  time_calls(state, SYS_getppid, std::vector<const Confinement*>(static_cast<std::size_t>(state.range(0)), &filter));
}
BENCHMARK(AllowAll)->Arg(1)->Arg(4)->Arg(16)->UseManualTime()->Iterations(200);

void ArgumentRule(benchmark::State& state) {
  const SeccompFilter filter(reads_argument(), {}, false);
  time_calls(state, SYS_getppid, std::vector<const Confinement*>(static_cast<std::size_t>(state.range(0)), &filter));
}
BENCHMARK(ArgumentRule)->Arg(1)->Arg(4)->Arg(16)->UseManualTime()->Iterations(200);

void LandlockAllow(benchmark::State& state) {
  const LandlockLayers layers(static_cast<int>(state.range(0)));
  time_calls(state, SYS_getppid, {&layers});
}
BENCHMARK(LandlockAllow)->Arg(1)->Arg(16)->UseManualTime()->Iterations(200);

/// A fresh process that does nothing: what every sample and every case costs at least.
void Spawn(benchmark::State& state) {
  auto sampler = Sampler::make();
  if (!sampler) return state.SkipWithError(sampler.error().message.c_str());
  const int cpu = last_cpu();
  const Specimen specimen{.calls = {{.number = SYS_getppid}}, .cpu = cpu, .supervisor_cpu = cpu};
  for (auto _ : state) benchmark::DoNotOptimize(sampler->take(specimen, {.batch = 1, .stretches = 1}));
}
BENCHMARK(Spawn)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace sandgauge
