#include "kernel/environment.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>

namespace sandgauge::environment_test {
namespace {

class NoSpeculation : public Confinement {
 public:
  ConfineResult apply() const noexcept override {
    // Where the CPU or the kernel offers no switch, the state cannot be told: "unknown" differs from what it is as well.
    if (::prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE, 0, 0) != 0) return {"prctl", 1, -1};
    return {};
  }
};
class Failing : public Confinement {
 public:
  ConfineResult apply() const noexcept override { return {"x", 1, -1}; }
};

TEST(EnvironmentTest, EveryFactHasANameAndAValue) {
  const Facts facts = measured_environment();
  EXPECT_GE(facts.size(), 12U);
  for (const auto& [name, value] : facts) {
    EXPECT_FALSE(name.empty());
    EXPECT_FALSE(value.empty()) << name;
  }
}

TEST(EnvironmentTest, StolenTimeIsTheEighthColumn) {
  EXPECT_EQ(parse_stolen_ticks("cpu  10 20 30 40 0 0 0 7 0 0\ncpu0 1 2\n"),
            (std::pair<std::uint64_t, std::uint64_t>{7, 107}));
  EXPECT_EQ(parse_stolen_ticks("cpu  10 20"), (std::pair<std::uint64_t, std::uint64_t>{0, 30}));
  EXPECT_EQ(parse_stolen_ticks("intr 5"), (std::pair<std::uint64_t, std::uint64_t>{0, 0}));
}

TEST(EnvironmentTest, TheStateOfStoreBypassIsAChildsOwn) {
  const std::string before = store_bypass_state(nullptr);
  EXPECT_EQ(store_bypass_state(nullptr), before);
  if (before == "speculation on") {
    const NoSpeculation off;
    EXPECT_NE(store_bypass_state(&off), before);
  }
  const Failing failing;
  EXPECT_EQ(store_bypass_state(&failing), "unknown");
}

TEST(EnvironmentTest, AtLeastThisProcessRuns) { EXPECT_GE(running_now(), 1); }

}  // namespace
}  // namespace sandgauge::environment_test
