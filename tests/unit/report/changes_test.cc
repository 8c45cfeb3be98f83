#include "report/changes.h"

#include <gtest/gtest.h>

#include "model/syscalls.h"

namespace sandgauge::changes_test {
namespace {

const Action kAllow{ActionKind::allow, 0};
const Action kKill{ActionKind::kill_thread, 0};

TEST(ChangesReportTest, GroupsCallsThatChangeAlike) {
  const std::vector<Change> changes = {
      {.call = {.number = 83}, .before = kAllow, .after = kKill},
      {.call = {.number = 1, .args = {1, 0, 3}}, .before = kAllow, .after = kKill, .some_arguments = true},
      {.call = {.number = 84}, .before = kAllow, .after = kKill},
      {.call = {.number = 9999}, .before = kAllow, .after = kKill},
      {.call = {.abi = Abi::i386, .number = 39}, .before = kAllow, .after = kKill}};
  EXPECT_EQ(changes_text(changes),
            "x86_64: ALLOW -> KILL\n    mkdir rmdir syscall(9999)\n"
            "x86_64: ALLOW -> KILL, for some arguments\n    write(0x1, 0x0, 0x3)\n"
            "i386: ALLOW -> KILL\n    mkdir\n");
  EXPECT_EQ(changes_text({}), "");
}

TEST(ChangesReportTest, EveryCallIsSaidInTwoWords) {
  std::vector<Change> changes;
  for (const SyscallEntry& entry : every_syscall())
    if (entry.number[0] >= 0) changes.push_back({.call = {.number = entry.number[0]}, .before = kAllow, .after = kKill});
  changes.push_back({.call = {.number = 99999}, .before = kAllow, .after = kKill, .unnamed = true});
  EXPECT_EQ(changes_text(changes), "x86_64: ALLOW -> KILL\n    every call\n");
  changes.erase(changes.begin(), changes.end() - 2);
  EXPECT_TRUE(changes_text(changes).ends_with(" and every number without a name\n"));
  changes.erase(changes.begin());
  EXPECT_EQ(changes_text(changes), "x86_64: ALLOW -> KILL\n    every number without a name\n");
}

TEST(ChangesReportTest, JsonHasEveryChange) {
  const std::string json = changes_json(
      {{.call = {.number = 1, .args = {7}}, .before = kAllow, .after = kKill, .some_arguments = true}}, "a\n", "b");
  EXPECT_NE(json.find("\"a\": \"a\\\\n\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"same\": false"), std::string::npos);
  EXPECT_NE(json.find("\"syscall\": \"write\""), std::string::npos);
  EXPECT_NE(changes_json({}, "a", "b").find("\"same\": true"), std::string::npos);
}

}  // namespace
}  // namespace sandgauge::changes_test
