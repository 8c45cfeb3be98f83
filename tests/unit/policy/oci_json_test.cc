#include "policy/oci_json.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "policy/oci_write.h"

namespace sandgauge::oci_json_test {
namespace {

using About = ProfileNote::About;

ProfileContext context(std::set<std::string> capabilities = {}, KernelVersion kernel = {6, 1}) {
  return {.machine = Abi::x86_64, .kernel = kernel, .capabilities = std::move(capabilities)};
}

Profile read(std::string_view text, const ProfileContext& where = context()) {
  const auto profile = parse_oci(text, "p.json", where);
  EXPECT_TRUE(profile) << profile.error().message;
  return profile ? *profile : Profile();
}

std::string error_of(std::string_view text) {
  const auto profile = parse_oci(text, "p.json", context());
  return profile ? "no error" : profile.error().message;
}

/// A profile that allows all else, with this list of rules.
std::string with_rules(std::string_view rules) {
  return fmt::format(R"({{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{}]}})", rules);
}

TEST(OciJsonTest, ReadsAProfileAsRuntimesDo) {
  const Profile profile = read(R"({
    "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
    "architectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_S390X"],
    "flags": ["SECCOMP_FILTER_FLAG_LOG"], "listenerPath": "/run/listener",
    "syscalls": [
      {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "args": null},
      {"name": "mkdir", "action": "SCMP_ACT_TRACE"},
      {"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 22,
       "args": [{"index": 0, "value": 2114060288, "valueTwo": 7, "op": "SCMP_CMP_MASKED_EQ"}]}]})");
  Policy expected;
  expected.default_action = errno_action(ENOSYS);
  expected.architectures = {Abi::x86_64, Abi::i386, Abi::x32};
  expected.foreign_action = {ActionKind::kill_thread, 0};
  expected.flags.log = true;
  expected.rules = {
      {.syscalls = {"read", "write"}, .action = {ActionKind::allow, 0}},
      {.syscalls = {"mkdir"}, .action = {ActionKind::trace, EPERM}},
      {.syscalls = {"clone"}, .action = errno_action(EINVAL), .when = {{0, Compare::masked_equal, 7, 2114060288}}}};
  EXPECT_EQ(profile.policy, expected);
  EXPECT_TRUE(profile.names_listener);
  ASSERT_EQ(profile.places.size(), 3U);
  EXPECT_EQ(profile.places[0].syscalls.at(1), (TextPlace{6, 26}));
  EXPECT_EQ(profile.places[1].rule, (TextPlace{7, 7}));
  ASSERT_EQ(profile.notes.size(), 1U);
  EXPECT_EQ(profile.notes[0].about, About::other_architecture);
}

TEST(OciJsonTest, PodmansErrnoNameDecides) {
  const Profile profile = read(R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "defaultErrno": "ENOSYS",
               "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errno": "EACCES"}]})");
  EXPECT_EQ(profile.policy.default_action, errno_action(ENOSYS));
  EXPECT_EQ(profile.policy.rules.at(0).action, errno_action(EACCES));
}

TEST(OciJsonTest, ConditionsAreResolvedForTheContext) {
  const std::string text = with_rules(R"(
    {"names": ["bpf"], "action": "SCMP_ACT_KILL", "includes": {"caps": ["CAP_BPF", "CAP_SYS_ADMIN"]}},
    {"names": ["mount"], "action": "SCMP_ACT_KILL", "excludes": {"caps": ["CAP_BPF", "CAP_SYS_ADMIN"]}},
    {"names": ["ptrace"], "action": "SCMP_ACT_KILL", "includes": {"minKernel": "4.8"}},
    {"names": ["chroot"], "action": "SCMP_ACT_KILL", "excludes": {"minKernel": "4.8"}},
    {"names": ["sync"], "action": "SCMP_ACT_KILL", "includes": {"arches": ["arm64", "amd64"]}},
    {"names": ["reboot"], "action": "SCMP_ACT_KILL", "excludes": {"arches": ["amd64"]}})");
  const auto names = [&](const ProfileContext& where) {
    std::string all;
    for (const Rule& rule : read(text, where).policy.rules) all += rule.syscalls[0] + " ";
    return all;
  };
  EXPECT_EQ(names(context()), "mount ptrace sync ");
  EXPECT_EQ(names(context({"CAP_BPF"})), "ptrace sync ");
  EXPECT_EQ(names(context({"CAP_BPF", "CAP_SYS_ADMIN"})), "bpf ptrace sync ");
  EXPECT_EQ(names(context({}, {4, 7})), "mount chroot sync ");
  EXPECT_EQ(names(context({}, {4, 8})), "mount ptrace sync ");
  EXPECT_EQ(names({.machine = Abi::aarch64, .kernel = {4, 8}, .capabilities = {}}), "mount ptrace sync reboot ");
  const auto note = read(text).notes.at(0);
  EXPECT_EQ(note.about, About::resolved);
  EXPECT_EQ(note.text, "its conditions were resolved for amd64, Linux 6.1, and no capability");
}

TEST(OciJsonTest, ArchMapAppliesToTheMachineOnly) {
  const std::string_view text = R"({"defaultAction": "SCMP_ACT_ALLOW", "archMap": [
      {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
      {"architecture": "SCMP_ARCH_S390X", "subArchitectures": ["SCMP_ARCH_S390"]}]})";
  EXPECT_EQ(read(text).policy.architectures, (std::vector{Abi::x86_64, Abi::i386, Abi::x32}));
  const ProfileContext arm{.machine = Abi::aarch64, .kernel = {}, .capabilities = {}};
  EXPECT_EQ(read(text, arm).policy.architectures, std::vector{Abi::aarch64});
}

TEST(OciJsonTest, NamesThatAreLeftOutAreNoted) {
  const Profile profile = read(with_rules(
      R"({"names": ["unmae", "uname", "chown32", "s390_pci_mmio_read", "63", "recv"], "action": "SCMP_ACT_KILL"})"));
  EXPECT_EQ(profile.policy.rules.at(0).syscalls, std::vector<std::string>{"uname"});
  std::vector<std::pair<About, std::string>> notes;
  for (const ProfileNote& note : profile.notes) notes.emplace_back(note.about, note.text);
  EXPECT_EQ(notes, (std::vector<std::pair<About, std::string>>{
                       {About::unknown_syscall, "unknown syscall 'unmae', did you mean 'uname'?"},
                       {About::unlisted, "syscall 'chown32' does not exist on the profile's architectures"},
                       {About::other_architecture, "syscall 's390_pci_mmio_read' belongs to another kind of machine"},
                       {About::unknown_syscall, "unknown syscall '63': the rule does not apply to it"},
                       {About::unlisted, "syscall 'recv' does not exist on the profile's architectures"}}));
}

TEST(OciJsonTest, ARuleThatTestsAnArgumentTwiceIsARuleForEachTest) {
  const Profile profile = read(with_rules(R"({"names": ["write"], "action": "SCMP_ACT_KILL", "args": [
      {"index": 0, "value": 3, "op": "SCMP_CMP_GE"}, {"index": 0, "value": 5, "op": "SCMP_CMP_LE"}]})"));
  ASSERT_EQ(profile.policy.rules.size(), 2U);
  EXPECT_EQ(profile.policy.rules[0].when, (std::vector<ArgumentTest>{{0, Compare::greater_or_equal, 3}}));
  EXPECT_EQ(profile.policy.rules[1].when, (std::vector<ArgumentTest>{{0, Compare::less_or_equal, 5}}));
  EXPECT_EQ(profile.places.size(), 2U);
  EXPECT_EQ(profile.notes.at(0).about, About::either_argument);
}

TEST(OciJsonTest, KeysThatNobodyReadsAreNoted) {
  const Profile profile = read(R"({"defaultAction": "SCMP_ACT_ALLOW", "sycalls": []})");
  EXPECT_EQ(profile.notes.at(0),
            (ProfileNote{About::unknown_key, {1, 37}, "unknown key 'sycalls', did you mean 'syscalls'?"}));
}

TEST(OciJsonTest, ReadsTheProfileOfAConfigJson) {
  EXPECT_EQ(
      read(R"({"ociVersion": "1.0.2", "linux": {"seccomp": {"defaultAction": "SCMP_ACT_LOG"}}})").policy.default_action,
      (Action{ActionKind::log, 0}));
  EXPECT_EQ(error_of(R"({"linux": {}})"),
            "p.json:1:11: linux: a config.json without linux.seccomp, expected a profile there");
}

TEST(OciJsonTest, ErrorsSayPlaceAndPath) {
  EXPECT_EQ(error_of("{}"), "p.json:1:1: a profile without 'defaultAction', expected one");
  EXPECT_EQ(error_of(R"({"defaultaction": "SCMP_ACT_ALLOW"})"),
            "p.json:1:1: a profile without 'defaultAction', expected one (found the key 'defaultaction')");
  EXPECT_EQ(error_of(R"({"defaultAction": "ALLOW"})").substr(0, 52), "p.json:1:19: defaultAction: unknown action 'ALLOW', ");
  EXPECT_EQ(error_of(with_rules(R"({"names": ["read"], "action": "SCMP_ACT_KILL",
"args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 1}, {"index": 6, "op": "SCMP_CMP_EQ"}]})")),
            "p.json:2:67: syscalls[0].args[1].index: found '6', expected a whole number from 0 to 5");
  EXPECT_EQ(error_of(with_rules(R"({"names": ["read"], "name": "write", "action": "SCMP_ACT_KILL"})")),
            "p.json:1:50: syscalls[0]: a rule with both 'name' and 'names', expected one of them");
  EXPECT_EQ(error_of(with_rules(R"({"action": "SCMP_ACT_KILL"})")),
            "p.json:1:50: syscalls[0]: a rule with neither 'name' nor 'names', expected one of them");
  EXPECT_EQ(error_of(with_rules(R"({"names": [5], "action": "SCMP_ACT_KILL"})")),
            "p.json:1:61: syscalls[0].names[0]: found '5' without quotes, expected a string");
  EXPECT_EQ(error_of(with_rules(R"({"names": ["read"], "action": "SCMP_ACT_KILL", "errnoRet": 1})")),
            "p.json:1:109: syscalls[0].errnoRet: an errno with the action KILL, expected it with SCMP_ACT_ERRNO or "
            "SCMP_ACT_TRACE");
  EXPECT_EQ(error_of(with_rules(R"({"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": -1})")),
            "p.json:1:110: syscalls[0].errnoRet: found '-1', expected a whole number from 0 to 4095");
  EXPECT_EQ(error_of(R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_AMD64"]})").substr(0, 70),
            "p.json:1:55: architectures[0]: unknown architecture 'SCMP_ARCH_AMD64',");
  EXPECT_EQ(error_of(R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": [], "archMap": []})"),
            "p.json:1:69: archMap: archMap beside architectures, expected one of them");
  EXPECT_EQ(error_of(R"({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["TSYNC"]})").substr(0, 45),
            "p.json:1:47: flags[0]: unknown flag 'TSYNC', ");
  EXPECT_EQ(error_of(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": {}})"),
            "p.json:1:49: syscalls: found a map, expected a list");
}

TEST(OciWriteTest, WhatIsWrittenReadsBackTheSame) {
  Policy policy;
  policy.default_action = errno_action(ENOSYS);
  policy.architectures = {Abi::x86_64, Abi::i386};
  policy.foreign_action = {ActionKind::kill_thread, 0};
  policy.flags = {.log = true, .tsync = true, .spec_allow = true, .wait_killable = true};
  for (const ActionKind kind : kEveryActionKind)
    policy.rules.push_back(
        {.syscalls = {"read", "write"}, .action = {kind, 0}, .when = {{1, Compare::greater, ~std::uint64_t{0}}}});
  policy.rules.push_back({.syscalls = {"clone"},
                          .action = {ActionKind::trace, 7},
                          .when = {{0, Compare::masked_equal, 3, 0xff}, {1, Compare::not_equal, 4}, {2, Compare::less, 5}}});
  policy.rules.push_back({.syscalls = {"open"}, .action = errno_action(0), .when = {{3, Compare::less_or_equal, 6}}});
  policy.rules.push_back({.syscalls = {"open"}, .action = errno_action(4095), .when = {{4, Compare::greater_or_equal, 7}}});
  const WrittenProfile written = to_oci(policy);
  EXPECT_EQ(written.lost, std::vector<std::string>());
  const Profile again = read(written.text);
  EXPECT_EQ(again.policy, policy);
  EXPECT_EQ(again.notes, std::vector<ProfileNote>());
}

TEST(OciWriteTest, SaysWhatTheFormatCannotSay) {
  Policy policy;
  policy.architectures = {Abi::i386};
  policy.default_action = {ActionKind::trap, 9};
  policy.rules = {
      {.syscalls = {"9999", "122"}, .action = errno_action(1)},
      {.syscalls = {"write"}, .action = {ActionKind::log, 0}, .when = {{0, Compare::greater, 1}, {0, Compare::less, 9}}}};
  const WrittenProfile written = to_oci(policy);
  EXPECT_EQ(written.lost,
            (std::vector<std::string>{
                "default: the data of TRAP(9), which becomes TRAP",
                "architectures without x86_64: runtimes always add the machine's own",
                "foreign: KILL_PROCESS, runtimes answer calls of other architectures with KILL",
                "rule 1 (9999 and 1 more): ERRNO(EPERM): the call 9999, which has no name on each of the architectures",
                "rule 2 (write): LOG: two tests of one argument, of which runtimes take either"}));
  EXPECT_EQ(read(written.text).policy.rules.size(), 1U);
  EXPECT_EQ(read(written.text).policy.rules[0].syscalls, std::vector<std::string>{"uname"});
}

}  // namespace
}  // namespace sandgauge::oci_json_test
