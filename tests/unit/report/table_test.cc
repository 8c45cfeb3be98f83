#include "report/table.h"

#include <gtest/gtest.h>

namespace sandgauge::table_test {
namespace {

TEST(TableTest, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(text_table({{"backend", "length"}, {"bpf", "21"}, {"a", "", "more"}}),
            "  backend  length\n  bpf      21\n  a                more\n");
  EXPECT_EQ(text_table({}), "");
}

TEST(TableTest, ACharacterOfManyBytesIsOneColumn) {
  EXPECT_EQ(text_table({{"µs", "x"}, {"ns", "y"}}), "  µs  x\n  ns  y\n");
}

}  // namespace
}  // namespace sandgauge::table_test
