#include "base/errno_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

namespace sandgauge::errno_text_test {
namespace {

TEST(ErrnoTextTest, ErrnosHaveTheirNames) {
  EXPECT_EQ(errno_name(EPERM), "EPERM");
  EXPECT_EQ(errno_name(ENOSYS), "ENOSYS");
  EXPECT_EQ(errno_name(EHWPOISON), "EHWPOISON");
}

TEST(ErrnoTextTest, NumbersWithoutANameAreDigits) {
  EXPECT_EQ(errno_name(0), "0");
  EXPECT_EQ(errno_name(-1), "-1");
  EXPECT_EQ(errno_name(524), "524");
  EXPECT_EQ(errno_name(4095), "4095");
}

TEST(ErrnoTextTest, EveryNameLeadsBackToItsNumber) {
  for (int error = 0; error <= 4095; ++error) EXPECT_EQ(errno_number(errno_name(error)), error) << errno_name(error);
}

TEST(ErrnoTextTest, SecondNamesAreKnown) {
  EXPECT_EQ(errno_number("EWOULDBLOCK"), EAGAIN);
  EXPECT_EQ(errno_number("EDEADLOCK"), EDEADLK);
  EXPECT_EQ(errno_number("ENOTSUP"), EOPNOTSUPP);
  EXPECT_EQ(errno_number("EOPNOTSUPP"), EOPNOTSUPP);
}

TEST(ErrnoTextTest, OtherTextsAreNoErrno) {
  for (const char* text : {"", "eperm", "EPERM ", " 1", "1x", "-1", "-0", "+1", "0x1", "99999999999", "EPERMX", "E"})
    EXPECT_EQ(errno_number(text), std::nullopt) << text;
}

TEST(ErrnoTextTest, TheTextHasNameAndDescription) {
  EXPECT_EQ(errno_text(EPERM), "EPERM (Operation not permitted)");
  EXPECT_EQ(errno_text(4000), "4000 (no such errno)");
  EXPECT_THAT(errno_text(524), testing::StartsWith("ENOTSUPP (524, "));
}

TEST(SignalNameTest, SignalsHaveTheirNames) {
  EXPECT_EQ(signal_name(SIGSYS), "SIGSYS");
  EXPECT_EQ(signal_name(SIGKILL), "SIGKILL");
  EXPECT_EQ(signal_name(SIGRTMIN), "SIGRTMIN+0");
  EXPECT_EQ(signal_name(SIGRTMAX), "SIGRTMIN+30");
}

TEST(SignalNameTest, NumbersWithoutANameAreDigits) {
  EXPECT_EQ(signal_name(0), "0");
  EXPECT_EQ(signal_name(-1), "-1");
  EXPECT_EQ(signal_name(32), "32");  // glibc keeps 32 and 33 to itself
  EXPECT_EQ(signal_name(65), "65");
}

TEST(SignalNameTest, EveryNameLeadsBackToItsNumber) {
  for (int signal = 0; signal <= 65; ++signal) EXPECT_EQ(signal_number(signal_name(signal)), signal) << signal_name(signal);
}

TEST(SignalNameTest, TheNameWithoutItsPrefixIsEnough) {
  EXPECT_EQ(signal_number("SYS"), SIGSYS);
  EXPECT_EQ(signal_number("RTMIN+1"), SIGRTMIN + 1);
}

TEST(SignalNameTest, OtherTextsAreNoSignal) {
  for (const char* text :
       {"", "SIG", "sigsys", "SIGSIGSYS", "SIGSYS ", "SIG31", "-9", "9x", "SIGRTMIN+", "SIGRTMIN+31", "SIGRTMIN+-1"})
    EXPECT_EQ(signal_number(text), std::nullopt) << text;
}

}  // namespace
}  // namespace sandgauge::errno_text_test
