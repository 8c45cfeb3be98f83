#include "report/learned.h"

#include <gtest/gtest.h>

namespace sandgauge::learned_test {
namespace {

TEST(LearnedTest, TheMostFrequentCallComesFirstThenByName) {
  const Observation seen{.calls = {{.abi = Abi::x86_64, .number = 0, .count = 2},
                                   {.abi = Abi::x86_64, .number = 257, .count = 12, .errors = 3},
                                   {.abi = Abi::x86_64, .number = 3, .count = 2},
                                   {.abi = Abi::x86_64, .number = 1000, .count = 1}},
                         .errors_known = true};
  EXPECT_EQ(learned_table(seen),
            "    calls    errors syscall\n"
            "--------- --------- ----------------\n"
            "       12         3 openat\n"
            "        2           close\n"
            "        2           read\n"
            "        1           syscall_0x3e8\n"
            "--------- --------- ----------------\n"
            "       17         3 total\n");
}

TEST(LearnedTest, UnknownErrorsAreADashAndEachAbiHasATableOfItsOwn) {
  const Observation seen{
      .calls = {{.abi = Abi::x86_64, .number = 0, .count = 1}, {.abi = Abi::i386, .number = 3, .count = 2}}};
  EXPECT_EQ(learned_table(seen),
            "System call usage summary for 64 bit mode:\n"
            "    calls    errors syscall\n"
            "--------- --------- ----------------\n"
            "        1         - read\n"
            "--------- --------- ----------------\n"
            "        1         - total\n"
            "System call usage summary for 32 bit mode:\n"
            "    calls    errors syscall\n"
            "--------- --------- ----------------\n"
            "        2         - read\n"
            "--------- --------- ----------------\n"
            "        2         - total\n");
}

}  // namespace
}  // namespace sandgauge::learned_test
