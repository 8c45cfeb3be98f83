#include "base/edit_distance.h"

#include <gtest/gtest.h>

namespace sandgauge::edit_distance_test {
namespace {

TEST(EditDistanceTest, CountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("mkdir", "mkdirat"), 2U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(EditDistanceTest, AnExchangeOfNeighboursIsOneSlip) {
  EXPECT_EQ(edit_distance("unmae", "uname"), 1U);
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
}

}  // namespace
}  // namespace sandgauge::edit_distance_test
