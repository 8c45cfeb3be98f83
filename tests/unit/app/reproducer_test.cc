#include "app/reproducer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::reproducer_test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const Program kDenyUname{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 63, 0, 1),
                          BPF_STMT(BPF_RET | BPF_K, 0x00050001), BPF_STMT(BPF_RET | BPF_K, 0x7fff0000)}};

Case scenario() {
  Case test;
  test.id = "errno/stacked";
  test.suite = "errno";
  test.attach = Attach::scenario;
  return test;
}

TEST(ReproducerTest, ACaseOfAFileHasItsFilterItsCallAndItsFile) {
  Case test;
  test.id = "uname/errno it's";
  test.suite = "uname";
  test.place.file = "my cases.yaml";
  test.call = CallRequest{.syscall = "uname", .abi = Abi::x86_64};
  const auto lines = reproducer(test, &kDenyUname);
  EXPECT_THAT(lines.front(), HasSubstr("4 instructions"));
  EXPECT_THAT(lines, Contains(HasSubstr("ERRNO(EPERM)")));
  EXPECT_THAT(lines, Contains("hex: " + to_hex(kDenyUname)));
  EXPECT_THAT(lines, Contains("call: uname(), x86_64"));
  EXPECT_EQ(lines.back(), "run: sandgauge run --filter 'uname/errno it'\\''s' 'my cases.yaml'");
}

TEST(ReproducerTest, AScenarioHasEachFilterThatItLoadedAndItsLastCall) {
  StageOutcome stage;
  stage.loaded = {kDenyUname, kDenyUname};
  stage.loads = 2;
  stage.call = Call{.abi = Abi::x86_64, .number = 63};
  const auto lines = reproducer(scenario(), stage);
  EXPECT_THAT(lines, Contains("filter (load 1, 4 instructions):"));
  EXPECT_THAT(lines, Contains("filter (load 2, 4 instructions):"));
  EXPECT_THAT(lines, Contains("hex: " + to_hex(kDenyUname)).Times(2));
  EXPECT_THAT(lines, Contains("last call: uname (63), x86_64"));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("not shown"))));
  EXPECT_EQ(lines.back(), "run: sandgauge run --filter errno/stacked errno");
}

TEST(ReproducerTest, AScenarioSaysHowManyOfItsFiltersAreNotShown) {
  StageOutcome stage;
  stage.loaded = {kDenyUname, Program{}};
  stage.loads = 11;
  EXPECT_THAT(reproducer(scenario(), stage), Contains("filters that are not shown, being long or late: 10"));
}

TEST(ReproducerTest, AScenarioThatDidNothingHasItsCommand) {
  EXPECT_THAT(reproducer(scenario(), StageOutcome{}), ElementsAre("run: sandgauge run --filter errno/stacked errno"));
}

}  // namespace
}  // namespace sandgauge::reproducer_test
