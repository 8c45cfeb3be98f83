#include "base/shown.h"

#include <gtest/gtest.h>

namespace sandgauge::shown_test {
namespace {

TEST(ShownTest, ShowsTextOnOneLineAndCutsItBetweenCharacters) {
  EXPECT_EQ(shown("a\nb\x1b"), "'a\\x0ab\\x1b'");
  EXPECT_EQ(shown(std::string(61, 'a')), "'" + std::string(60, 'a') + "...'");
  EXPECT_EQ(shown(std::string(59, 'a') + "é"), "'" + std::string(59, 'a') + "...'");
}

}  // namespace
}  // namespace sandgauge::shown_test
