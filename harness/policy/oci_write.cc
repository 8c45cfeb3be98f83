#include "policy/oci_write.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace sandgauge {
namespace {

using nlohmann::ordered_json;

std::string oci_arch(Abi abi) {
  switch (abi) {
    case Abi::i386: return "SCMP_ARCH_X86";
    case Abi::x32: return "SCMP_ARCH_X32";
    case Abi::aarch64: return "SCMP_ARCH_AARCH64";
    case Abi::x86_64: break;
  }
  return "SCMP_ARCH_X86_64";
}

std::string oci_compare(Compare compare) {
  switch (compare) {
    case Compare::not_equal: return "SCMP_CMP_NE";
    case Compare::less: return "SCMP_CMP_LT";
    case Compare::less_or_equal: return "SCMP_CMP_LE";
    case Compare::greater: return "SCMP_CMP_GT";
    case Compare::greater_or_equal: return "SCMP_CMP_GE";
    case Compare::masked_equal: return "SCMP_CMP_MASKED_EQ";
    case Compare::equal: break;
  }
  return "SCMP_CMP_EQ";
}

void put_action(ordered_json& json, const char* action_key, const char* errno_key, Action action) {
  json[action_key] =
      fmt::format("SCMP_ACT_{}", action.kind == ActionKind::kill_thread ? "KILL_THREAD" : kind_name(action.kind));
  if (action.kind == ActionKind::error || action.kind == ActionKind::trace) json[errno_key] = action.data;
}

ordered_json test_json(const ArgumentTest& test) {
  ordered_json json = {{"index", test.index}, {"value", test.value}, {"op", oci_compare(test.compare)}};
  if (test.compare == Compare::masked_equal) {
    json["value"] = test.mask;
    json["valueTwo"] = test.value;
  }
  return json;
}

bool tests_an_argument_twice(const Rule& rule) {
  std::array<int, 6> tests{};
  for (const ArgumentTest& test : rule.when) ++tests.at(test.index);
  return std::ranges::any_of(tests, [](int count) { return count > 1; });
}

class OciWriter {
 public:
  explicit OciWriter(const Policy& policy) : policy_(policy) {}

  WrittenProfile write() {
    ordered_json json;
    check_action("default", policy_.default_action);
    put_action(json, "defaultAction", "defaultErrnoRet", policy_.default_action);
    check_architectures();
    json["architectures"] = ordered_json::array();
    for (const Abi abi : policy_.architectures) json["architectures"].push_back(oci_arch(abi));
    put_flags(json);
    json["syscalls"] = ordered_json::array();
    for (std::size_t i = 0; i < policy_.rules.size(); ++i) put_rule(json["syscalls"], i);
    return {json.dump(2) + "\n", std::move(lost_)};
  }

 private:
  void check_action(const std::string& where, Action action) {
    if (action.kind == ActionKind::trap && action.data != 0)
      lost_.push_back(fmt::format("{}: the data of {}, which becomes TRAP", where, to_string(action)));
  }

  void check_architectures() {
    const auto& listed = policy_.architectures;
    if (std::ranges::find(listed, native_abi()) == listed.end())
      lost_.push_back(
          fmt::format("architectures without {}: runtimes always add the machine's own", abi_name(native_abi())));
    if (policy_.foreign_action != Action{ActionKind::kill_thread, 0})
      lost_.push_back(fmt::format("foreign: {}, runtimes answer calls of other architectures with KILL",
                                  to_string(policy_.foreign_action)));
  }

  void put_flags(ordered_json& json) {
    ordered_json flags = ordered_json::array();
    if (policy_.flags.tsync) flags.push_back("SECCOMP_FILTER_FLAG_TSYNC");
    if (policy_.flags.log) flags.push_back("SECCOMP_FILTER_FLAG_LOG");
    if (policy_.flags.spec_allow) flags.push_back("SECCOMP_FILTER_FLAG_SPEC_ALLOW");
    if (policy_.flags.wait_killable) flags.push_back("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
    if (!flags.empty()) json["flags"] = std::move(flags);
  }

  void put_rule(ordered_json& rules, std::size_t index) {
    const Rule& rule = policy_.rules[index];
    if (tests_an_argument_twice(rule)) {
      lost_.push_back(describe_rule(policy_, index) + ": two tests of one argument, of which runtimes take either");
      return;
    }
    check_action(describe_rule(policy_, index), rule.action);
    ordered_json json;
    json["names"] = ordered_json::array();
    for (const std::string& syscall : rule.syscalls) {
      const std::string name = call_name(policy_, syscall);
      if (name.empty())
        lost_.push_back(fmt::format("{}: the call {}, which has no name on each of the architectures",
                                    describe_rule(policy_, index), syscall));
      else
        json["names"].push_back(name);
    }
    if (json["names"].empty()) return;
    put_action(json, "action", "errnoRet", rule.action);
    for (const ArgumentTest& test : rule.when) json["args"].push_back(test_json(test));
    rules.push_back(std::move(json));
  }

  const Policy& policy_;
  std::vector<std::string> lost_;
};

}  // namespace

WrittenProfile to_oci(const Policy& policy) { return OciWriter(policy).write(); }

}  // namespace sandgauge
