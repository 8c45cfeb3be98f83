#include "observe/observation_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::observation_text_test {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& text) {
  const auto seen = parse_observation(text, "x.log");
  return seen ? "no error" : seen.error().message;
}

TEST(ObservationTextTest, CallsOfALogAreCountedWhereTheyStandFirst) {
  const auto seen = parse_observation("read(0) = 1\nclose(0) = 0\n[pid 7] read(0) = 1\n", "x.log");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->calls, (std::vector<ObservedCall>{{Abi::x86_64, 0, 2, {"x.log", 1}}, {Abi::x86_64, 3, 1, {"x.log", 2}}}));
}

TEST(ObservationTextTest, ALogOfMoreCallsThanThereAreIsRefusedAtItsLine) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += fmt::format("syscall_0x{:x}(0) = 0\n", i);
  EXPECT_EQ(parse_observation(text, "x.log")->calls.size(), 10'000U);
  EXPECT_EQ(error_of(text + "syscall_0xffff(0) = 0\n"),
            "x.log:10001: more than 10000 different calls, expected those of programs");
}

TEST(ObservationTextTest, AMessageShowsNoMoreThanTheBeginningOfWhatIsWrongAndNoControlCharacters) {
  const std::string record = "type=1326 audit(1.2:3): pid=\x1b[2J" + std::string(10'000, 'x');
  EXPECT_THAT(error_of(record), HasSubstr("x.log:1: audit record: pid= is '\\x1b[2Jxxx"));
  EXPECT_LT(error_of(record).size(), 200U);
}

TEST(ObservationTextTest, ALineOfJsonThatWouldFillTheMemoryIsRefused) {
  EXPECT_EQ(error_of("{\"messages\":[" + std::string(1 << 20, '[')),
            "x.log:1: more than 1 MiB in a line of JSON, expected an event");
}

Observation parsed(std::string_view text) {
  auto seen = parse_observation(text, "log");
  EXPECT_TRUE(seen) << seen.error().message;
  return seen ? std::move(*seen) : Observation{};
}

TEST(ObservationTextTest, ATableOfStraceSaysWhatFailed) {
  const Observation seen = parsed(
      "% time     seconds  usecs/call     calls    errors syscall\n"
      "------ ----------- ----------- --------- --------- ----------------\n"
      " 60.00    0.000050          50         3         1 mkdir\n"
      " 40.00    0.000030          50        12           read\n"
      "100.00    0.000080                    15         1 total\n");
  ASSERT_EQ(seen.calls.size(), 2U);
  EXPECT_EQ(seen.calls[0].count, 3U);
  EXPECT_EQ(seen.calls[0].errors, 1U);
  EXPECT_EQ(seen.calls[1].errors, 0U);
  EXPECT_TRUE(seen.errors_known);
}

TEST(ObservationTextTest, SandgaugesOwnTableIsReadBack) {
  const Observation seen = parsed(
      "noise\n    calls    errors syscall\n--------- --------- ----------------\n"
      "       12         3 openat\n        2           close\n        1         1 syscall_0x3e8\n"
      "--------- --------- ----------------\n       15         4 total\n");
  ASSERT_EQ(seen.calls.size(), 3U);
  EXPECT_EQ(seen.calls[0].errors, 3U);
  EXPECT_EQ(seen.calls[1].count, 2U);
  EXPECT_EQ(seen.calls[2].number, 1000);
  EXPECT_TRUE(seen.errors_known);
  EXPECT_FALSE(parsed("calls errors syscall\n 2 - close\n 2 - total\n").errors_known);
}

TEST(ObservationTextTest, AHeadingTellsTheAbiOfATable) {
  const Observation seen = parsed(
      "System call usage summary for 64 bit mode:\ncalls errors syscall\n1 - read\n1 - total\n"
      "System call usage summary for 32 bit mode:\ncalls errors syscall\n1 - read\n1 - total\n"
      "calls errors syscall\n1 - write\n1 - total\n");
  ASSERT_EQ(seen.calls.size(), 3U);
  EXPECT_EQ(seen.calls[1].abi, Abi::i386);
  EXPECT_EQ(seen.calls[1].number, 3);
  EXPECT_EQ(seen.calls[2].abi, native_abi());
}

TEST(ObservationTextTest, ALogSaysWhatFailedAndAuditRecordsDoNot) {
  const Observation log = parsed("mkdir(\"x\", 0777) = 0\nmkdir(\"x\", 0777) = -1 EEXIST (File exists)\n");
  ASSERT_EQ(log.calls.size(), 1U);
  EXPECT_EQ(log.calls[0].count, 2U);
  EXPECT_EQ(log.calls[0].errors, 1U);
  EXPECT_TRUE(log.errors_known);
  EXPECT_FALSE(parsed("type=1326 audit(1.2:3): auid=1 uid=1 gid=1 ses=4 subj=u pid=7 comm=\"x\" exe=\"/x\" sig=0 "
                      "arch=c000003e syscall=83 compat=0 ip=0x7f code=0x7ffc0000\n")
                   .errors_known);
}

TEST(ObservationTextTest, ABrokenRowOfATableIsAnErrorWithItsLine) {
  const auto message = [](std::string_view text) { return parse_observation(text, "log").error().message; };
  EXPECT_EQ(message("calls errors syscall\n 2 - 3 close\n"),
            "log:2: expected a line of sandgauge's table: calls, errors, syscall; that of errors may be empty");
  EXPECT_EQ(message("calls errors syscall\n x close\n"),
            "log:2: expected a line of sandgauge's table: calls, errors, syscall; that of errors may be empty");
  EXPECT_EQ(message("calls errors syscall\n 1 clsoe\n"), "log:2: unknown syscall 'clsoe'");
}

TEST(ObservationTextTest, ATableOfStraceMayHaveAnyColumnsInAnyOrder) {
  const Observation few = parsed(
      "syscall              calls\n---------------- ---------\nread                     4\n"
      "---------------- ---------\ntotal                    4\nclose(3) = 0\n");
  ASSERT_EQ(few.calls.size(), 2U);
  EXPECT_EQ(few.calls[0].count, 4U);
  const Observation many = parsed(
      "% time     seconds     calls    errors syscall           longest\n"
      "  0.00    0.000000         7           read             0.000000\n"
      "  0.00    0.000000         2         1 access           0.000000\n"
      "100.00    0.000000         9         1 total            0.000000\n");
  ASSERT_EQ(many.calls.size(), 2U);
  EXPECT_EQ(many.calls[0].count, 7U);
  EXPECT_EQ(many.calls[0].errors, 0U);
  EXPECT_EQ(many.calls[1].errors, 1U);
  EXPECT_EQ(parse_observation("syscall errors\nread 1\n", "log").error().message,
            "log:2: a table of strace without the column calls, which its option -U left out");
}

TEST(ObservationTextTest, ALogAndItsTableAreTheSameCalls) {
  const std::string log = "close(3) = 0\nclose(4) = -1 EBADF (Bad file descriptor)\nexit_group(0) = ?\n";
  const std::string table = "% time seconds usecs/call calls errors syscall\n1 1 1 2 1 close\n1 1 1 2 1 total\n";
  const Observation both = parsed(log + table);
  ASSERT_EQ(both.calls.size(), 2U);
  EXPECT_EQ(both.calls[0].count, 2U);
  EXPECT_EQ(both.calls[0].errors, 1U);
  EXPECT_FALSE(both.ends_uncounted);
  EXPECT_EQ(parsed(table + table).calls[0].count, 4U);
  EXPECT_TRUE(parsed(table).ends_uncounted);
  EXPECT_FALSE(parsed("calls errors syscall\n1 - read\n1 - total\n").ends_uncounted);
}

TEST(ObservationTextTest, WhatStracePutsBeforeACallIsPassedOver) {
  for (const char* line : {
           "[00007f4cc4179ad7] close(3) = 0",
           "[   3] close(3) = 0",
           "19:10:15.774429 [   3] [00007f87a3c83ad7] close(3) = 0 <0.000455>",
           "[pid 30352<sh>] close(3) = 0",
           "[pid  7] 1700000000.123456 close(3) = 0",
           "30302<a b>      0.000408 close(3) = 0",
           "[????????????????] close(3) = 0",
           "\xef\xbb\xbf"
           "close(3) = 0",
       })
    EXPECT_EQ(parsed(line).calls, (std::vector<ObservedCall>{{Abi::x86_64, 3, 1, {"log", 1}}})) << line;
  for (const char* line : {"[note] close(3) = 0", "x close(3) = 0", "[7", "30302<", "30302", "<> ["})
    EXPECT_FALSE(parse_observation(line, "log")) << line;
}

TEST(ObservationTextTest, AnEventOfGoAuditThatIsCutIsAnErrorAsARecordIs) {
  const std::string event =
      R"({"sequence":499,"timestamp":"1606791644.847","messages":[{"type":1326,"data":"auid=1000 uid=1000 gid=1000 ses=4 )"
      R"(subj=unconfined pid=23772 comm=\"getuid\" exe=\"/x\" sig=0 arch=c000003e syscall=102 compat=0 ip=0x7f )"
      R"(code=0x7ffc0000"}],"uid_map":{"1000":"vagrant"}})";
  EXPECT_EQ(parsed(event).calls.front().number, 102);
  for (const std::size_t length : {event.size() - 1, event.size() / 2, std::size_t{20}, std::size_t{5}})
    EXPECT_EQ(error_of(event + "\n" + event.substr(0, length)),
              "x.log:2: a line of JSON that is cut or broken, expected an event of go-audit")
        << length;
  EXPECT_EQ(parsed(event + "\n{\n{ other things\n").calls.size(), 1U);
}

TEST(ObservationTextTest, AKernelsRecordFromLongAgoIsRead) {
  const Observation seen = parsed(
      "audit: type=1326 audit(169610.106246:394): auid=1000 uid=1000 gid=1000 ses=4 subj=unconfined pid=23772 "
      "comm=\"getuid\" "
      "exe=\"/vagrant/examples/getuid\" sig=0 arch=c000003e syscall=102 compat=0 ip=0x7f3739414b2b code=0x7ffc0000\n");
  EXPECT_EQ(seen.calls, (std::vector<ObservedCall>{{Abi::x86_64, 102, 1, {"log", 1}}}));
}

}  // namespace
}  // namespace sandgauge::observation_text_test
