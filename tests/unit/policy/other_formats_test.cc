// kafel, minijail, environment lists and compiled filters.
#include <gtest/gtest.h>

#include "policy/bpf_text.h"
#include "policy/constants.h"
#include "policy/env_list.h"
#include "policy/format.h"
#include "policy/kafel.h"
#include "policy/minijail.h"

namespace sandgauge::other_formats_test {
namespace {

const Action kAllow{ActionKind::allow, 0};
const Action kKill{ActionKind::kill_thread, 0};

template <class Parse>
std::string error_of(Parse parse, std::string_view text) {
  const auto profile = parse(text, "p", Abi::x86_64);
  return profile ? "no error" : profile.error().message;
}

Policy kafel(std::string_view text) {
  const auto profile = parse_kafel(text, "p", Abi::x86_64);
  EXPECT_TRUE(profile) << profile.error().message;
  return profile ? profile->policy : Policy();
}

Policy minijail(std::string_view text) {
  const auto profile = parse_minijail(text, "p", Abi::x86_64);
  EXPECT_TRUE(profile) << profile.error().message;
  return profile ? profile->policy : Policy();
}

/// A policy that says KILL but for these rules.
Policy allows(std::vector<Rule> rules) {
  return {.default_action = kKill, .architectures = {Abi::x86_64}, .foreign_action = kKill, .rules = std::move(rules)};
}

TEST(MinijailTest, WritesAlternativesOfWhichEachTestsSeveralArguments) {
  std::vector<Rule> rules;
  for (const std::uint64_t fd : {1, 2})
    for (const ArgumentTest other : {ArgumentTest{2, Compare::less, 4}, ArgumentTest{1, Compare::equal, 0}})
      rules.push_back({{"write"}, kAllow, {{0, Compare::masked_equal, fd, 0xffffffff}, other}});
  EXPECT_EQ(to_minijail(allows(rules)).lost, std::vector<std::string>{});
}

TEST(MinijailTest, WritesNoTestThatHasNoWords) {
  const ArgumentTest never{1, Compare::masked_equal, 5, 0};
  const ArgumentTest always{1, Compare::masked_equal, 0, 0};
  const std::string text = to_minijail(allows({{{"read"}, kAllow, {{0, Compare::equal, 2}, never}},
                                               {{"read"}, kAllow, {{0, Compare::equal, 3}, always}},
                                               {{"write"}, kAllow, {always}},
                                               {{"close"}, kAllow, {never}}}))
                               .text;
  EXPECT_EQ(text, "read: arg0 == 3\nwrite: 1\nclose: kill\n");
}

TEST(WrittenFormatsTest, ACallThatTheMachineDoesNotHaveIsLost) {
  Policy policy = allows({{{"chown32", "read"}, kAllow, {}}});
  policy.architectures.push_back(Abi::i386);
  EXPECT_EQ(to_minijail(policy).text, "read: 1\n");
  EXPECT_EQ(to_minijail(policy).lost.back(), "the call chown32, which x86_64 does not have");
  EXPECT_EQ(to_env_list(policy).text, "SECCOMP_SYSCALL_ALLOW=read\n");
  EXPECT_EQ(to_env_list(policy).lost.back(),
            "rule 1 (chown32 and 1 more): ALLOW: the call chown32, which x86_64 does not have");
}

TEST(OtherFormatsTest, ACallOfAnotherArchitectureIsNotMisspelt) {
  EXPECT_EQ(error_of(parse_minijail, "mmap2: 1"), "p:1:1: syscall 'mmap2' does not exist on x86_64");
  EXPECT_EQ(error_of(parse_kafel, "ALLOW { mmap2 }"), "p:1:9: syscall 'mmap2' does not exist on x86_64");
}

TEST(KafelTest, ReadsPoliciesUsesConstantsAndTheDefault) {
  const Policy policy = kafel(R"(
    /* what all need */ #define FD 0x2
    POLICY base { ALLOW { read, newuname }, ERRNO(38) { SYSCALL[435] } }
    POLICY more { USE base, KILL_PROCESS { ptrace { request == FD } } }  // and more
    USE more DEFAULT ERRNO(1))");
  EXPECT_EQ(policy.default_action, errno_action(1));
  ASSERT_EQ(policy.rules.size(), 4U);
  EXPECT_EQ(policy.rules[1], (Rule{.syscalls = {"uname"}, .action = kAllow, .when = {}}));
  EXPECT_EQ(policy.rules[2], (Rule{.syscalls = {"clone3"}, .action = errno_action(38), .when = {}}));
  EXPECT_EQ(policy.rules[3].when, (std::vector<ArgumentTest>{{0, Compare::equal, 2}}));
  EXPECT_EQ(kafel("ALLOW { read }").default_action, kKill);
}

TEST(KafelTest, AnArgumentOf32BitsIsComparedWithItsLowerHalf) {
  const std::vector<ArgumentTest> low = {{0, Compare::masked_equal, 1, 0xffffffff}};
  EXPECT_EQ(kafel("ALLOW { write { fd == 1 } }").rules.at(0).when, low);
  EXPECT_EQ(kafel("ALLOW { write { 1 == fd } }").rules.at(0).when, low);
  EXPECT_EQ(kafel("ALLOW { write(x) { x == 1 } }").rules.at(0).when, low);
  const std::vector<ArgumentTest> whole = {{0, Compare::equal, 1}};
  EXPECT_EQ(kafel("ALLOW { SYSCALL[1](x) { x == 1 } }").rules.at(0).when, whole);
  EXPECT_EQ(kafel("ALLOW { mmap { addr == 1 } }").rules.at(0).when, whole);
}

TEST(KafelTest, ExpressionsBindAsInC) {
  const Policy policy = kafel("ALLOW { mmap { prot == 1 || addr == 2 && len == 3, !(addr != 4) } }");
  ASSERT_EQ(policy.rules.size(), 3U);
  EXPECT_EQ(policy.rules[1].when.size(), 2U);
  EXPECT_EQ(policy.rules[2].when, (std::vector<ArgumentTest>{{0, Compare::equal, 4}}));
  EXPECT_EQ(kafel("ALLOW { mmap { (prot & (1|4)) == 4 } }").rules.at(0).when,
            (std::vector<ArgumentTest>{{2, Compare::masked_equal, 4, 5}}));
}

TEST(KafelTest, ErrorsSayWhereAndWhat) {
  const auto error = [](std::string_view text) { return error_of(parse_kafel, text); };
  EXPECT_EQ(error("ALLOW { raed }"), "p:1:9: unknown syscall 'raed', did you mean 'read'?");
  EXPECT_EQ(error("USE x DEFAULT KILL"), "p:1:5: unknown policy 'x', expected one that is defined before");
  EXPECT_EQ(error("ALLOW { read").substr(0, 30), "p:1:13: found the end, expecte");
  EXPECT_EQ(error("/* x"), "p:1:1: a comment that does not end, expected */");
  EXPECT_EQ(error("#include \"x\""), "p:1:1: #include, expected it at the start of a line");
  EXPECT_EQ(error("ERRNO(70000) { read }"), "p:1:7: 70000 is out of range, expected a number from 0 to 65535");
  EXPECT_EQ(error("ALLOW { write { df == 1 } }").substr(0, 40), "p:1:17: unknown argument 'df' of write, ");
  EXPECT_EQ(error("ALLOW { write {" + std::string(10'000, '!') + " fd == 1 } }").substr(0, 40),
            "p:1:81: nested deeper than 64 levels, ex");
  EXPECT_EQ(error("ALLOW { write {" + std::string(10'000, '(') + "} }").find("no error"), std::string::npos);
  EXPECT_EQ(error("ALLOW { 99999999999999999999 }").substr(0, 20), "p:1:9: '999999999999");
}

TEST(MinijailTest, ReadsLines) {
  const Policy policy = minijail(
      "# app\nread: 1\nptrace: return ENOSYS\n{close, dup}: allow\n"
      "socket: arg0 == AF_INET && \\\n  arg1 == 1 || arg0 == 0x1\nwrite: kill\n");
  EXPECT_EQ(policy.default_action, kKill);
  ASSERT_EQ(policy.rules.size(), 6U);
  EXPECT_EQ(policy.rules[1], (Rule{.syscalls = {"ptrace"}, .action = errno_action(38), .when = {}}));
  EXPECT_EQ(policy.rules[4].when, (std::vector<ArgumentTest>{{0, Compare::equal, 2}, {1, Compare::equal, 1}}));
  EXPECT_EQ(policy.rules[5].when, (std::vector<ArgumentTest>{{0, Compare::equal, 1}}));
}

TEST(MinijailTest, WhatIsNotAllowedGetsTheErrno) {
  const Policy policy = minijail("open: arg1 in O_WRONLY|O_CREAT; return EACCES");
  EXPECT_EQ(policy.rules.at(0).action, kAllow);
  EXPECT_EQ(policy.rules.at(0).when, (std::vector<ArgumentTest>{{1, Compare::masked_equal, 0, ~std::uint64_t{0101}}}));
  for (std::size_t i = 1; i < policy.rules.size(); ++i) EXPECT_EQ(policy.rules[i].action, errno_action(13));
  EXPECT_EQ(policy.rules.size(), 63U);  // one for each bit that may not be set
  EXPECT_EQ(minijail("open: arg1 & 0x3").rules.size(), 2U);
}

TEST(MinijailTest, ErrorsSayWhereAndWhat) {
  const auto error = [](std::string_view text) { return error_of(parse_minijail, text); };
  EXPECT_EQ(error("read: 1\nraed: 1"), "p:2:1: unknown syscall 'raed', did you mean 'read'?");
  EXPECT_EQ(error("read: 1\nread: 1"), "p:2:1: read for the second time (first at line 1), expected one line for a call");
  EXPECT_EQ(error("read 1"), "p:1:6: found '1', expected ':' after the name of a syscall");
  EXPECT_EQ(error("read: arg6 == 1"), "p:1:7: found 'arg6', expected arg0 to arg5");
  EXPECT_EQ(error("read: arg0 == O_RDNLY"), "p:1:15: found 'O_RDNLY', expected a number or a constant such as O_RDONLY");
  EXPECT_EQ(error("read: arg0 == 1 \\\n x"), "p:2:2: found 'x', expected the end of the line");
  EXPECT_EQ(error("@include /x"), "p:1:1: found @include, expected a call or @include");
  EXPECT_EQ(error("read: return EWHAT"), "p:1:14: found 'EWHAT', expected an errno such as EPERM");
  EXPECT_EQ(error("read: arg0 == " + std::string(100'000, '(')).substr(0, 40), "p:1:80: nested deeper than 64 levels, ex");
}

TEST(EnvListTest, ReadsTheVariables) {
  const auto profile =
      parse_env_list("# x\nexport SECCOMP_SYSCALL_DENY='uname'\nSECCOMP_SYSCALL_ALLOW=\"read::write:\"\n", "p", Abi::x86_64);
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->policy.default_action, (Action{ActionKind::kill_process, 0}));
  EXPECT_EQ(profile->policy.rules, (std::vector<Rule>{{.syscalls = {"read", "write"}, .action = kAllow, .when = {}}}));
  EXPECT_EQ(profile->places.at(0).syscalls.at(1), (TextPlace{3, 30}));
  const auto deny = parse_env_list("SECCOMP_SYSCALL_DENY=uname\nSECCOMP_DEFAULT_ACTION=log", "p", Abi::x86_64);
  EXPECT_EQ(deny->policy.default_action, kAllow);
  EXPECT_EQ(deny->policy.rules.at(0).action, (Action{ActionKind::log, 0}));
}

TEST(EnvListTest, ErrorsSayWhereAndWhat) {
  const auto error = [](std::string_view text) { return error_of(parse_env_list, text); };
  EXPECT_EQ(error("SECCOMP_SYSCALL_ALLOW=read:raed"), "p:1:28: unknown syscall 'raed', did you mean 'read'?");
  EXPECT_EQ(error("A=b").substr(0, 21), "p:1:1: found 'A=b', e");
  EXPECT_EQ(error("SECCOMP_DEFAULT_ACTION=log").substr(0, 35), "p: neither SECCOMP_SYSCALL_ALLOW no");
}

TEST(BpfTextTest, EveryWritingReadsBack) {
  Program program;
  program.code = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xc000003e, 1, 0),
                  BPF_STMT(BPF_RET | BPF_K, 0x80000000), BPF_STMT(BPF_RET | BPF_K, 0x7fff0000)};
  EXPECT_EQ(*parse_bpf_bytes(to_bpf_bytes(program), "p"), program);
  EXPECT_EQ(*parse_bpf_hex(to_bpf_hex(program), "p"), program);
  EXPECT_EQ(*parse_bpf_c(to_bpf_c(program), "p"), program);
  EXPECT_EQ(*parse_bpf_c(R"(#include <x.h>
      static struct sock_filter filter[] = { // one
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), /* two */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
        {6, 0, 0, SECCOMP_RET_KILL_PROCESS}, {0x06, 0x00, 0x00, 0x7fff0000},
      };)",
                         "p"),
            program);
}

TEST(BpfTextTest, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(parse_bpf_bytes("123", "p").error().message, "p: 3 bytes, expected a multiple of 8: the size of an instruction");
  EXPECT_EQ(parse_bpf_bytes(std::string(8 * 4097, 'x'), "p").error().message, "p: 4097 instructions, expected at most 4096");
  EXPECT_EQ(parse_bpf_hex("00 0", "p").error().message, "p: 3 digits, expected a multiple of 16: two for each byte");
  EXPECT_EQ(parse_bpf_hex("0\ng", "p").error().message, "p:2: found 'g', expected hexadecimal digits");
  EXPECT_EQ(parse_bpf_c("{1, 2,\n 300, 4}", "p").error().message, "p:2:5: 0x12c is too large, expected at most 0xff");
  EXPECT_EQ(parse_bpf_c("{1, 2, 3}", "p").error().message.substr(0, 27), "p:1:9: expected ',' and 1 m");
  EXPECT_EQ(parse_bpf_c("int x;", "p").error().message, "p: no instructions in it, expected at least one");
  EXPECT_FALSE(parse_bpf_c("/*", "p"));
}

TEST(ConstantsTest, HaveTheKernelsValues) {
  EXPECT_EQ(constant_value("O_CLOEXEC"), 02000000U);
  EXPECT_EQ(constant_value("O_LARGEFILE"), 0100000U);
  EXPECT_EQ(constant_value("SIGCHLD"), 17U);
  EXPECT_EQ(constant_value("ENOSYS"), 38U);
  EXPECT_EQ(constant_value("O_WHAT"), std::nullopt);
}

TEST(FormatTest, TheOthersAreRecognisedToo) {
  EXPECT_EQ(detect_format("// x\nALLOW { read }"), ProfileFormat::kafel);
  EXPECT_EQ(detect_format("#define X 1\n"), ProfileFormat::kafel);
  EXPECT_EQ(detect_format("DEFAULT KILL"), ProfileFormat::kafel);
  EXPECT_EQ(detect_format("# x\nread: 1\n"), ProfileFormat::minijail);
  EXPECT_EQ(detect_format("open: arg1 in 3; return EPERM"), ProfileFormat::minijail);
  EXPECT_EQ(detect_format("# x\ndefault: KILL\n"), ProfileFormat::yaml);
  EXPECT_EQ(detect_format("export SECCOMP_SYSCALL_DENY=x"), ProfileFormat::env);
  EXPECT_EQ(detect_format("{0x20, 0, 0, 4},"), ProfileFormat::bpf_c);
  EXPECT_EQ(detect_format("{ { 0x20, 0, 0, 4 } }"), ProfileFormat::bpf_c);
  EXPECT_EQ(detect_format("2000000004000000\n"), ProfileFormat::bpf_hex);
  EXPECT_EQ(detect_format(std::string_view("\x20\0\0\0\4\0\0\0", 8)), ProfileFormat::bpf);
}

}  // namespace
}  // namespace sandgauge::other_formats_test
