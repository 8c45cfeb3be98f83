// Random policies: the compiled filter must answer as the rules do. SANDGAUGE_SEED picks other policies.
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "compile/bpf.h"
#include "compile/libseccomp.h"
#include "compile/listing.h"
#include "evaluate/agree.h"
#include "model/syscalls.h"

namespace sandgauge::agreement_test {
namespace {

class RandomPolicies {
 public:
  std::uint64_t below(std::uint64_t bound) { return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(engine_); }

  /// libseccomp has no data for TRAP.
  Action action(bool trap_data) {
    const ActionKind kind = kEveryActionKind[below(std::size(kEveryActionKind))];
    if (kind == ActionKind::error) return {kind, static_cast<std::uint16_t>(below(200))};
    if (kind == ActionKind::trace) return {kind, static_cast<std::uint16_t>(below(0x10000))};
    if (kind == ActionKind::trap && trap_data) return {kind, static_cast<std::uint16_t>(below(3))};
    return {kind, 0};
  }

  std::uint64_t value() {
    switch (below(6)) {
      case 0: return below(4);
      case 1: return below(3) << 32 | below(3);
      case 2: return 0 - below(4);
      case 3: return std::uint64_t{1} << below(64);
      case 4: return below(std::uint64_t{1} << 32);
      default: return engine_();
    }
  }

  /// `inside`: the value of a masked test has no bits outside its mask.
  ArgumentTest test(bool inside) {
    ArgumentTest test{
        .index = static_cast<std::uint8_t>(below(6)), .compare = static_cast<Compare>(below(7)), .value = value()};
    if (test.compare == Compare::masked_equal) {
      test.mask = value();
      if (inside || below(4) != 0) test.value &= test.mask;
    }
    return test;
  }

  /// Anything that a policy can say: overlapping, duplicated and unreachable rules, numbers without a name.
  Policy any() {
    Policy policy;
    policy.default_action = action(true);
    policy.foreign_action = action(true);
    policy.architectures.clear();
    for (const Abi abi : kEveryAbi)
      if (below(2) == 0) policy.architectures.push_back(abi);
    std::ranges::shuffle(policy.architectures, engine_);
    std::vector<std::string> names = {"-1", "512", "1000000", "0"};
    while (names.size() < 10) names.push_back(name(policy));
    for (std::uint64_t rules = below(15); rules > 0; --rules) {
      Rule rule{.syscalls = {}, .action = action(true), .when = {}};
      for (std::uint64_t calls = 1 + below(3); calls > 0; --calls) rule.syscalls.push_back(names[below(names.size())]);
      for (std::uint64_t tests = below(4); tests > 0; --tests) rule.when.push_back(test(false));
      policy.rules.push_back(rule);
    }
    if (policy.architectures.empty()) policy.rules.clear();  // no name would resolve
    return policy;
  }

  /// What libseccomp reads as we do: for each call one rule, or several with one action and a single test of equality each.
  Policy without_conflict() {
    Policy policy;
    policy.default_action = action(false);
    policy.foreign_action = action(false);
    policy.architectures = {Abi::x86_64};
    if (below(2) == 0) policy.architectures.push_back(Abi::aarch64);
    std::vector<std::string> names;
    for (int i = 0; i < 12; ++i) names.push_back(name(policy));
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (const std::string& call : names) {
      Rule rule{.syscalls = {call}, .action = action(false), .when = {}};
      if (rule.action == policy.default_action) continue;
      if (below(2) == 0) {
        for (std::uint8_t index = 0; index < 6; ++index)
          if (below(3) == 0) (rule.when.emplace_back() = test(true)).index = index;
        policy.rules.push_back(rule);
        continue;
      }
      for (std::uint64_t rules = 1 + below(4); rules > 0; --rules) {
        ArgumentTest& only = rule.when.emplace_back(test(true));
        if (only.compare != Compare::masked_equal) only.compare = Compare::equal;
        policy.rules.push_back(rule);
        rule.when.clear();
      }
    }
    return policy;
  }

 private:
  /// Of a call that some listed ABI has, and that libseccomp has a name for: 2.5.4 knows those of Linux 5.17.
  std::string name(const Policy& policy) {
    if (policy.architectures.empty()) return "read";
    for (;;) {
      const SyscallEntry& entry = every_syscall()[below(every_syscall().size())];
      constexpr std::int32_t kNewest = 450;
      const auto has = [&entry](Abi abi) {
        const std::int32_t number = entry.number[static_cast<std::size_t>(abi)];
        return number >= 0 && (number <= kNewest || abi == Abi::x32);
      };
      if (std::ranges::any_of(policy.architectures, has)) return std::string(entry.name);
    }
  }
  static std::uint64_t seed() {
    const char* text = std::getenv("SANDGAUGE_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 0) : 20260;
  }
  std::mt19937_64 engine_{seed()};
};

std::string text(const Policy& policy) {
  std::string all =
      fmt::format("default {}, foreign {},", to_string(policy.default_action), to_string(policy.foreign_action));
  for (const Abi abi : policy.architectures) all += fmt::format(" {}", abi_name(abi));
  for (const Rule& rule : policy.rules) {
    all += fmt::format("\n{}: {}", to_string(rule.action), fmt::join(rule.syscalls, " "));
    for (const ArgumentTest& test : rule.when) all += fmt::format(", {}", to_string(test));
  }
  return all;
}

void expect_agreement(const Policy& policy, const Result<Program>& program) {
  ASSERT_TRUE(program) << program.error().message << "\n" << text(policy);
  ASSERT_TRUE(validate(*program)) << validate(*program).error().message << "\n" << text(policy);
  const auto found = disagreements(policy, Rules::of(policy).value(), *program, 1);
  ASSERT_TRUE(found.empty()) << fmt::format("nr {} arch {:#x} args {:#x}: the rules say {}, the filter {}\n{}\n{}",
                                            found[0].data.nr, found[0].data.arch, fmt::join(found[0].data.args, " "),
                                            to_string(found[0].decided), to_string(found[0].evaluated.action), text(policy),
                                            listing(*program));
}

TEST(AgreementTest, OurFilterAnswersAsTheRulesDo) {
  RandomPolicies random;
  for (int round = 0; round < 300; ++round) {
    const Policy policy = random.any();
    const Result<Program> program = compile_bpf(policy);
    ASSERT_NO_FATAL_FAILURE(expect_agreement(policy, program)) << "round " << round;
    ASSERT_EQ(*program, compile_bpf(policy).value()) << "the same policy gave two programs, round " << round;
  }
}

TEST(AgreementTest, LibseccompsFilterAnswersAsTheRulesDoWhereRulesDoNotMeet) {
  RandomPolicies random;
  for (int round = 0; round < 100; ++round) {
    const Policy policy = random.without_conflict();
    for (const int optimise : {1, 2}) {
      const Result<Program> program = compile_libseccomp(policy, optimise);
      ASSERT_NO_FATAL_FAILURE(expect_agreement(policy, program)) << "round " << round << ", optimise " << optimise;
    }
  }
}

}  // namespace
}  // namespace sandgauge::agreement_test
