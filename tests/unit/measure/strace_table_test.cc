#include "measure/strace_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::strace_table_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kTable[] =
    "some output of the program\n"
    "% time     seconds  usecs/call     calls    errors syscall\n"
    "------ ----------- ----------- --------- --------- ----------------\n"
    " 52.17    0.000012           0       120         3 openat\n"
    " 47.83    0.000011          11         1           execve\n"
    "------ ----------- ----------- --------- --------- ----------------\n"
    "100.00    0.000023           0       121         3 total\n";

TEST(StraceTableTest, ReadsTheCountsOfATable) {
  EXPECT_THAT(*parse_strace_table(kTable), ElementsAre(CallCount{"openat", 120}, CallCount{"execve", 1}));
}

TEST(StraceTableTest, AddsUpSeveralTables) {
  const std::string two = std::string(kTable) + kTable;
  EXPECT_THAT(*parse_strace_table(two), ElementsAre(CallCount{"openat", 240}, CallCount{"execve", 2}));
}

TEST(StraceTableTest, AProgramsOutputAfterTheTableIsPassedOver) {
  EXPECT_EQ(parse_strace_table(std::string(kTable) + "a b c d e f g\n")->size(), 2U);
}

TEST(StraceTableTest, SaysWhatIsWrong) {
  EXPECT_THAT(parse_strace_table("hello\n").error().message, HasSubstr("no table of strace -c"));
  EXPECT_THAT(parse_strace_table("").error().message, HasSubstr("no table"));
  EXPECT_THAT(parse_strace_table("% time seconds usecs/call calls errors syscall\n").error().message, HasSubstr("no calls"));
  EXPECT_THAT(parse_strace_table("% time seconds usecs/call calls errors syscall\n 1 2 3 many 5 read\n").error().message,
              HasSubstr("line 2: found ' 1 2 3 many 5 read'"));
  using std::string_literals::operator""s;
  const std::string with_nul = "% time seconds usecs/call calls errors syscall\n 1 2 3 \0\x1b 5 read\n"s;
  EXPECT_THAT(parse_strace_table(with_nul).error().message, HasSubstr("line 2"));
}

TEST(StraceTableTest, ATableOfAnyNumberOfNamesIsReadInOneGo) {
  std::string table = "% time seconds usecs/call calls errors syscall\n";
  for (int i = 0; i < 200'000; ++i) table += fmt::format("0 0 0 1 x{}\n", i);  // in linear time, or nobody waits for it
  EXPECT_EQ(parse_strace_table(table)->size(), 200'000U);
}

}  // namespace
}  // namespace sandgauge::strace_table_test
