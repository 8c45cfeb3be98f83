#include <gtest/gtest.h>

#include "judge/judge.h"
#include "scene.h"

namespace sandgauge::unmet_test {
namespace {

using namespace scene;

struct Need {
  const char* name;
  Requirements needs;
  std::string reason;
};

TEST(UnmetTest, NamesWhatIsMissing) {
  Host host = user_host();
  host.kernel = {5, 10};
  host.core_to_file = false;
  const Need rows[] = {
      {"nothing", {}, ""},
      {"capability", {.capabilities = {"CAP_AUDIT_READ"}}, "needs CAP_AUDIT_READ"},
      {"since", {.since = KernelVersion{6, 0}}, "since Linux 6.0, this is 5.10"},
      {"since this one", {.since = KernelVersion{5, 10}}, ""},
      {"until", {.until = KernelVersion{5, 9}}, "until Linux 5.9, this is 5.10"},
      {"until this one", {.until = KernelVersion{5, 10}}, ""},
      {"machine", {.machine = {Abi::aarch64}}, "only on aarch64, this is x86_64"},
      {"this machine", {.machine = {Abi::aarch64, native_abi()}}, ""},
      {"abi", {.abis = {Abi::i386, Abi::x32}}, "the kernel runs no x32 calls"},
      {"core file", {.core_file = true}, "core dumps go to a program here, not to a file (kernel.core_pattern)"},
      {"two", {.capabilities = {"CAP_BPF"}, .abis = {Abi::x32}}, "needs CAP_BPF; the kernel runs no x32 calls"},
  };
  for (const Need& row : rows) {
    SCOPED_TRACE(row.name);
    Case test = call_case(kEperm);
    test.needs = row.needs;
    const auto verdict = unmet(test, host);
    ASSERT_EQ(verdict.has_value(), !row.reason.empty());
    if (verdict) expect_verdict(*verdict, Status::skip, Cause::requirement, row.reason);
  }
}

TEST(UnmetTest, ACallMustBePossibleOnThisMachine) {
  Case test = call_case(kEperm);
  Host host = root_host();
  test.call->abi = Abi::i386;
  EXPECT_FALSE(unmet(test, host));
  host.abis.erase(Abi::i386);
  EXPECT_EQ(unmet(test, host)->reason, "the kernel runs no i386 calls");
  test.call->abi = Abi::x32;
  EXPECT_FALSE(unmet(test, host)) << "a filter sees x32 calls on every kernel";
  test.call->abi = Abi::aarch64;
  EXPECT_EQ(unmet(test, host)->reason, "the kernel runs no aarch64 calls");
}

}  // namespace
}  // namespace sandgauge::unmet_test
