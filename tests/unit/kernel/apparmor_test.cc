#include "kernel/apparmor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::apparmor_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kGood[] =
    "sandgauge-check-1 (enforce)\nfile 13\nnetwork 13\ncapability 1\nmount 13\nsignal 13\nptrace 13\nuserns 0\n";

std::string replaced(const std::string& from, const std::string& to) {
  std::string text = kGood;
  return text.replace(text.find(from), from.size(), to);
}

TEST(ParseStepReportTest, ReadsTheLabelAndEveryErrno) {
  const auto report = parse_step_report(kGood);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->label, "sandgauge-check-1 (enforce)");
  EXPECT_THAT(report->errors, ElementsAre(13, 13, 1, 13, 13, 13, 0));
}

TEST(ParseStepReportTest, RefusesAnythingElse) {
  for (const std::string& bad :
       {std::string(), std::string("x\n"), std::string(kGood) + "more 1\n", replaced("file 13\n", ""),
        replaced("file 13", "mount 13"), replaced("file 13", "file x"), replaced("file 13", "file -1"),
        replaced("file 13", "file 4096"), replaced("file 13", "file 13 "), replaced("file 13", "file"),
        replaced("file 13", "file 99999999999"), std::string(1 << 20, '\n')}) {
    const auto report = parse_step_report(bad);
    ASSERT_FALSE(report) << bad.substr(0, 100);
    EXPECT_THAT(report.error().message, HasSubstr("the confined program printed"));
  }
}

TEST(ProfileTextTest, NamesTheProfileAndTheDeniedFile) {
  const std::string text = profile_text("one", "/tmp/x");
  EXPECT_THAT(text, HasSubstr("profile one flags=(attach_disconnected) {\n"));
  EXPECT_THAT(text, HasSubstr("deny /tmp/x/denied rw,\n"));
}

}  // namespace
}  // namespace sandgauge::apparmor_test
