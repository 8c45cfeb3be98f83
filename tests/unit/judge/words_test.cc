#include "judge/words.h"

#include <gtest/gtest.h>

namespace sandgauge::words_test {
namespace {

TEST(JoinTest, PutsTheWordBeforeTheLast) {
  EXPECT_EQ(join({}, "or"), "");
  EXPECT_EQ(join({"a"}, "or"), "a");
  EXPECT_EQ(join({"a", "b"}, "or"), "a or b");
  EXPECT_EQ(join({"a", "b", "c"}, "and"), "a, b and c");
}

TEST(JoinTest, StopsAfterSeven) {
  EXPECT_EQ(join({"1", "2", "3", "4", "5", "6", "7", "8"}, "or"), "1, 2, 3, 4, 5, 6, 7 or 8");
  EXPECT_EQ(join({"1", "2", "3", "4", "5", "6", "7", "8", "9"}, "or"), "1, 2, 3, 4, 5, 6, 7 or others");
}

TEST(DescribeCallTest, KnowsX32AndForeignArches) {
  EXPECT_EQ(describe_call(63, 0xc000003e), "uname (63), x86_64");
  EXPECT_EQ(describe_call(0x4000003f, 0xc000003e), "uname (63), x32");
  EXPECT_EQ(describe_call(122, 0x40000003), "uname (122), i386");
  EXPECT_EQ(describe_call(1, 0x16), "syscall 1, arch 0x16");
}

TEST(ErrnoOfTest, TakesTheKernelsRange) {
  EXPECT_EQ(errno_of(0), std::nullopt);
  EXPECT_EQ(errno_of(-1), 1);
  EXPECT_EQ(errno_of(-4095), 4095);
  EXPECT_EQ(errno_of(-4096), std::nullopt);
  EXPECT_EQ(result_text(-38), "failed with ENOSYS");
  EXPECT_EQ(result_text(-4096), "returned -4096");
}

}  // namespace
}  // namespace sandgauge::words_test
