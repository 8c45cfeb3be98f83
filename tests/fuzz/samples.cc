#include "samples.h"

#include <linux/filter.h>

#include <algorithm>

#include "evaluate/boundaries.h"
#include "model/call.h"

namespace sandgauge::fuzz {
namespace {

constexpr std::size_t kMost = 600;

/// The ABIs of the machines that the policy is about: a profile says nothing of calls that its machine cannot make.
std::vector<Abi> callable(const Policy& policy) {
  std::vector<Abi> abis;
  for (const Abi abi : kEveryAbi)
    if (std::ranges::any_of(policy.architectures,
                            [abi](Abi listed) { return (listed == Abi::aarch64) == (abi == Abi::aarch64); }))
      abis.push_back(abi);
  return abis;
}

}  // namespace

std::vector<seccomp_data> samples_of(const Policy& policy) {
  std::vector<seccomp_data> samples;
  const std::vector<Abi> abis = callable(policy);
  for (const Abi abi : abis)
    for (const std::int32_t number : {0, 63, 300, 4000}) samples.push_back(to_seccomp_data({.abi = abi, .number = number}));
  const auto rules = resolve(policy).value();
  const std::size_t step = rules.size() / 40 + 1;
  for (std::size_t at = 0; at < rules.size() && samples.size() < kMost; at += step) {
    const ResolvedRule& rule = rules[at];
    for (const Abi abi : abis) samples.push_back(to_seccomp_data({.abi = abi, .number = rule.number}));
    if (rule.when.empty()) continue;
    Call call{.abi = rule.abi, .number = rule.number};
    satisfy(rule.when, call.args);
    samples.push_back(to_seccomp_data(call));
    for (const ArgumentTest& test : rule.when) {
      const std::uint64_t holding = call.args[test.index];
      for (const std::uint64_t value : boundaries(test)) {
        call.args[test.index] = value;
        samples.push_back(to_seccomp_data(call));
      }
      call.args[test.index] = holding;
    }
  }
  return samples;
}

std::vector<seccomp_data> samples_of(const Program& program) {
  std::vector<std::uint32_t> compared = {0, 63, ~0U};
  for (const sock_filter& step : program.code)
    if (compared.size() < 40 && std::ranges::find(compared, step.k) == compared.end()) compared.push_back(step.k);
  std::vector<seccomp_data> samples;
  for (const Abi abi : kEveryAbi) {
    for (const std::uint32_t value : compared) {
      const std::uint64_t both = std::uint64_t{value} << 32 | value;
      Call call{.abi = abi, .number = static_cast<std::int32_t>(value & ~kX32Bit)};
      samples.push_back(to_seccomp_data(call));
      call.args = {value, both, value + 1, value - 1, both + 1, ~both};
      call.instruction_pointer = both;
      samples.push_back(to_seccomp_data(call));
    }
  }
  return samples;
}

}  // namespace sandgauge::fuzz
