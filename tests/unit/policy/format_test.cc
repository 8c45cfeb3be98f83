#include "policy/format.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "base/temp_dir.h"

namespace sandgauge::format_test {
namespace {

TEST(FormatTest, IsRecognisedByItsContent) {
  EXPECT_EQ(detect_format("\xef\xbb\xbf \n{ \"defaultAction\": 1}"), ProfileFormat::oci);
  EXPECT_EQ(detect_format("default: ALLOW"), ProfileFormat::yaml);
  EXPECT_EQ(detect_format("{}"), ProfileFormat::yaml);
  EXPECT_EQ(detect_format("{default: ALLOW}"), ProfileFormat::yaml);
  EXPECT_EQ(detect_format(""), ProfileFormat::yaml);
}

TEST(FormatTest, TextWithANulIsNoFilter) {
  using namespace std::string_view_literals;
  EXPECT_EQ(detect_format("\x20\0\0\0\4\0\0\0"sv), ProfileFormat::bpf);
  EXPECT_EQ(detect_format("\x06\0\0\0\0\0\xff\x7f"sv), ProfileFormat::bpf);
  EXPECT_EQ(detect_format("default: ALLOW\n\0"sv), ProfileFormat::yaml);
  EXPECT_EQ(parse_profile("default: ALLOW\n \0"sv, "p").error().message, "p:2:2: control character 0x00, expected text");
  EXPECT_EQ(parse_profile("{\"defaultAction\":\n\0}"sv, "p").error().message.substr(0, 4), "p:2:");
  EXPECT_EQ(parse_profile("{\0\"\0d\0e\0f\0"sv, "p").error().message, "p:1:2: control character 0x00, expected text");
  EXPECT_EQ(parse_profile("\xff\xfe{\0\"\0"sv, "p").error().message, "p:1:1: byte 0xff is not UTF-8, expected UTF-8 text");
}

TEST(FormatTest, APolicyThatAllowsNothingIsWrittenSoThatItCanBeRead) {
  const Policy nothing{.default_action = {ActionKind::kill_thread, 0}, .foreign_action = {ActionKind::kill_thread, 0}};
  for (const ProfileFormat format :
       {ProfileFormat::yaml, ProfileFormat::oci, ProfileFormat::kafel, ProfileFormat::minijail, ProfileFormat::env}) {
    const auto written = write_profile(nothing, format);
    ASSERT_TRUE(written);
    EXPECT_EQ(detect_format(written->text), format) << written->text;
    EXPECT_TRUE(parse_profile(written->text, "p")) << written->text;
  }
}

class IncludeTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = TempDir::make();
    ASSERT_TRUE(made);
    dir_.emplace(*std::move(made));
  }
  std::string write(const std::string& name, std::string_view text) {
    const std::string path = dir_->path() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  /// Of the file, with the folder's name left out.
  std::string error(const std::string& name, std::string_view text) {
    const auto profile = read_profile(write(name, text));
    if (profile) return "no error";
    std::string message = profile.error().message;
    for (std::size_t at = 0; (at = message.find(dir_->path() + "/")) != std::string::npos;)
      message.erase(at, dir_->path().size() + 1);
    return message;
  }

  std::optional<TempDir> dir_;
};

TEST_F(IncludeTest, WhatIsIncludedStandsWhereTheLineIs) {
  std::filesystem::create_directory(dir_->path() + "/more");
  write("more/base.policy", "#define ONE 1\n#include \"io.policy\"");  // relative to itself, and without a line end
  write("more/io.policy", "POLICY io { ALLOW { read,\nwrite { fd == ONE } } }\n");
  const auto profile = read_profile(
      write("a.policy", "/*\n#include \"none\"\n*/ // x\n  #include \"more/base.policy\";\nUSE io DEFAULT KILL\n"));
  ASSERT_TRUE(profile) << profile.error().message;
  ASSERT_EQ(profile->policy.rules.size(), 2U);
  EXPECT_EQ(profile->policy.rules[1].when, (std::vector<ArgumentTest>{{0, Compare::masked_equal, 1, 0xffffffff}}));
  EXPECT_EQ(profile->places[1].rule, (TextPlace{4, 1}));
  write("calls", "write: 1\n");
  const auto jail = read_profile(write("b.policy", "read: 1\n@include calls\nclose: 1\n"));
  ASSERT_TRUE(jail) << jail.error().message;
  ASSERT_EQ(jail->policy.rules.size(), 3U);
  EXPECT_EQ(jail->policy.rules[1].syscalls, std::vector<std::string>{"write"});
  EXPECT_EQ(jail->places[1].rule, (TextPlace{2, 1}));
  EXPECT_EQ(jail->places[2].rule, (TextPlace{3, 1}));
}

TEST_F(IncludeTest, ErrorsNameTheFileThatTheyAreIn) {
  write("bad", "read: 1\nraed: 1\n");
  EXPECT_EQ(error("a", "close: 1\n@include bad\n"), "bad:2:1: unknown syscall 'raed', did you mean 'read'?");
  write("good", "read: 1\n");
  EXPECT_EQ(error("a", "@include good\nclose: 1\nraed: 1\n"), "a:3:1: unknown syscall 'raed', did you mean 'read'?");
  EXPECT_EQ(error("a", "@include good\nclose: 1\nread: 1\n"),
            "a:3:1: read for the second time (first at good:1), expected one line for a call");
  EXPECT_EQ(error("a", "@include none\n"), "a:1:1: none: cannot open it: ENOENT (No such file or directory)");
  EXPECT_EQ(error("a", "read: 1\n@include a\n"), "a:2:1: 'a' includes itself");
  write("b", "@include a\n");
  EXPECT_EQ(error("a", "read: 1\n@include b\n"), "b:1:1: 'a' includes itself");
  EXPECT_EQ(error("a", "@include\nread: 1\n"), "a:1:1: @include without a name, expected that of a file");
  EXPECT_EQ(error("a", "@include /dev/zero\n"), "a:1:1: '/dev/zero' is no regular file, expected one");
  EXPECT_EQ(error("k", "#include base\nDEFAULT KILL"),
            "k:1:1: #include 'base', expected the name of a file in quotes, and nothing else");
  EXPECT_EQ(parse_profile("@include x\n", "p").error().message,
            "p:1:1: it includes 'x': that is done for files only, not for standard input");
  std::string many;
  for (int i = 0; i < 101; ++i) many += "@include empty\n";
  write("empty", "");
  EXPECT_EQ(error("a", many), "a:101:1: more than 100 files included, expected fewer");
  for (int i = 0; i < 20; ++i) write("deep" + std::to_string(i), "@include deep" + std::to_string(i + 1) + "\n");
  EXPECT_EQ(error("a", "@include deep0\n"), "deep14:1:1: included over more than 16 levels");
  write("large", std::string(700'000, '#') + "\n");
  EXPECT_EQ(error("a", "@include large\n@include large\n"), "large:1:1: more than 1 MiB with all that is included");
}

TEST(FormatTest, EveryFormatHasAName) {
  for (const char* name : {"yaml", "oci"}) EXPECT_EQ(format_name(*parse_profile_format(name)), name);
  EXPECT_EQ(parse_profile_format("xml").error().message.substr(0, 37), "unknown format 'xml', expected one of");
}

TEST(FormatTest, ThePlacesOfRulesAreKept) {
  const auto profile =
      parse_profile("rules:\n  - {syscalls: [read, 63], action: KILL}\n  - {action: LOG, syscalls: write}\n", "p");
  ASSERT_TRUE(profile) << profile.error().message;
  ASSERT_EQ(profile->places.size(), 2U);
  EXPECT_EQ(profile->places[0], (RulePlace{{2, 5}, {{2, 17}, {2, 23}}}));
  EXPECT_EQ(profile->places[1], (RulePlace{{3, 5}, {{3, 29}}}));
}

TEST(FormatTest, AFormatCanBeAskedFor) {
  const auto profile = parse_profile(R"({"defaultAction": "SCMP_ACT_ALLOW"})", "p", {.from = ProfileFormat::yaml});
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().message.substr(0, 32), "p:1:2: unknown key 'defaultActio");
}

TEST(FormatTest, ThisMachineIsTheContextUnlessAnotherIsStated) {
  const ProfileContext context = default_context();
  EXPECT_EQ(context.machine, native_abi());
  EXPECT_GE(context.kernel.major, 4);
  EXPECT_TRUE(context.capabilities.contains("CAP_SYS_CHROOT"));
  EXPECT_FALSE(context.capabilities.contains("CAP_SYS_ADMIN"));
}

}  // namespace
}  // namespace sandgauge::format_test
