#include "kernel/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::text_file_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ParseLsmListTest, ReadsTheListsOfRealKernels) {
  EXPECT_THAT(*parse_lsm_list("lockdown,capability,landlock,yama,apparmor,tomoyo,bpf,ipe,ima,evm"),
              ElementsAre("apparmor", "bpf", "capability", "evm", "ima", "ipe", "landlock", "lockdown", "tomoyo", "yama"));
  EXPECT_THAT(*parse_lsm_list("capability\n"), ElementsAre("capability"));
  EXPECT_THAT(*parse_lsm_list(""), IsEmpty());
}

TEST(ParseLsmListTest, RefusesWhatIsNoName) {
  for (const char* bad : {",", "a,,b", "a,", ",a", "a b", "Yama", "a;b", "a,b c", "\x01", "land\xff"}) {
    const auto list = parse_lsm_list(bad);
    ASSERT_FALSE(list) << bad;
    EXPECT_THAT(list.error().message, HasSubstr("list of LSMs")) << bad;
  }
  EXPECT_FALSE(parse_lsm_list(std::string_view("a\0b", 3)));
}

TEST(ParseActionListTest, ReadsTheListsOfRealKernels) {
  EXPECT_THAT(*parse_action_list("kill_process kill_thread trap errno user_notif trace log allow\n"),
              ElementsAre("allow", "errno", "kill_process", "kill_thread", "log", "trace", "trap", "user_notif"));
  EXPECT_THAT(*parse_action_list("\n"), IsEmpty());
  EXPECT_THAT(*parse_action_list("of_tomorrow"), ElementsAre("of_tomorrow"));
}

TEST(ParseActionListTest, RefusesWhatIsNoName) {
  for (const char* bad : {"kill,trap", "KILL", "kill  trap", "kill\ttrap", "kill\ntrap", "\xc3\xa4"}) {
    const auto list = parse_action_list(bad);
    ASSERT_FALSE(list) << bad;
    EXPECT_THAT(list.error().message, HasSubstr("list of seccomp actions")) << bad;
  }
}

TEST(ParseActionListTest, TakesAMillionBytesInItsStride) {
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += "log ";
  many += "log";
  EXPECT_THAT(*parse_action_list(many), ElementsAre("log"));
}

TEST(ParseStatusLineTest, FindsALineByItsWholeName) {
  const char* const status = "Name:\tx\nSeccomp_filters:\t3\nSeccomp:\t2\nNoNewPrivs:\t 1 \n";
  EXPECT_EQ(*parse_status_line(status, "Seccomp"), "2");
  EXPECT_EQ(*parse_status_line(status, "Seccomp_filters"), "3");
  EXPECT_EQ(*parse_status_line(status, "NoNewPrivs"), "1");
  EXPECT_FALSE(parse_status_line(status, "Sec"));
  EXPECT_FALSE(parse_status_line("", "Seccomp"));
  EXPECT_FALSE(parse_status_line("Seccomp", "Seccomp"));
}

TEST(ReadTextFileTest, NamesThePathAndTheError) {
  EXPECT_THAT(read_text_file("/no/such/file").error().message, HasSubstr("/no/such/file: ENOENT"));
  EXPECT_THAT(read_text_file("/proc").error().message, HasSubstr("EISDIR"));
}

TEST(ReadTextFileTest, DoesNotReadOnForEver) {
  EXPECT_THAT(read_text_file("/dev/zero", 1 << 20).error().message, HasSubstr("larger than"));
}

TEST(ReadSettingTest, TakesTheEndOfTheLineAway) { EXPECT_EQ(*read_setting("/proc/sys/kernel/ostype"), "Linux"); }

}  // namespace
}  // namespace sandgauge::text_file_test
