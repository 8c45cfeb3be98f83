#include "app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace sandgauge::command_line_test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kVariables[] = {"GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX", "GTEST_SHARD_STATUS_FILE"};

class CommandLineTest : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static void clear() {
    for (const char* name : kVariables) ::unsetenv(name);
  }

  static CommandLine parse(std::vector<const char*> words) {
    words.insert(words.begin(), "sandgauge");
    CommandLine line;
    parse_command_line(static_cast<int>(words.size()), words.data(), line);
    return line;
  }
  /// The options of `sandgauge run WORDS`, which are understood.
  static RunOptions run(std::vector<const char*> words) {
    words.insert(words.begin(), "run");
    const CommandLine line = parse(std::move(words));
    EXPECT_FALSE(line.answer) << line.answer->text;
    return line.run;
  }
  /// What `sandgauge run WORDS` says instead of running.
  static std::string complaint(std::vector<const char*> words) {
    words.insert(words.begin(), "run");
    const CommandLine line = parse(std::move(words));
    EXPECT_TRUE(line.answer);
    if (!line.answer) return "none";
    EXPECT_EQ(line.answer->exit_code, kExitUsage);
    return line.answer->text;
  }
};

TEST_F(CommandLineTest, RunAloneMeansEverythingOnEveryCore) {
  const RunOptions options = run({});
  EXPECT_THAT(options.targets, IsEmpty());
  EXPECT_THAT(options.command, IsEmpty());
  EXPECT_THAT(options.filters, IsEmpty());
  EXPECT_EQ(options.shard_index, 0);
  EXPECT_EQ(options.shard_count, 1);
  EXPECT_GE(options.jobs, 1);
  EXPECT_EQ(options.timeout, milliseconds(10'000));
  EXPECT_EQ(options.repeat, 1);
  EXPECT_FALSE(options.list || options.shuffle || options.fail_fast || options.mutate);
  EXPECT_EQ(options.format, Format::text);
  EXPECT_EQ(options.output, "-");
  EXPECT_THAT(options.backends, ElementsAre("bpf"));
  EXPECT_EQ(options.expect, Expectation{});
}

TEST_F(CommandLineTest, EveryOptionAboutCasesIsRead) {
  const RunOptions options = run({"a.yaml", "uname", "--filter", "x/*", "--filter", "y", "--list", "--shard", "2/3",
                                  "--require", "a,b/*", "--require", "c"});
  EXPECT_THAT(options.targets, ElementsAre("a.yaml", "uname"));
  EXPECT_THAT(options.filters, ElementsAre("x/*", "y"));
  EXPECT_TRUE(options.list);
  EXPECT_EQ(options.shard_index, 1);
  EXPECT_EQ(options.shard_count, 3);
  EXPECT_THAT(options.required, ElementsAre("a", "b/*", "c"));
}

TEST_F(CommandLineTest, EveryOptionAboutRunningIsRead) {
  const RunOptions options = run({"-j", "3", "--timeout", "500ms", "--repeat", "4", "--shuffle=9", "--fail-fast", "--mutate",
                                  "--format", "junit", "-o", "r.xml"});
  EXPECT_EQ(options.jobs, 3);
  EXPECT_EQ(options.timeout, milliseconds(500));
  EXPECT_EQ(options.repeat, 4);
  EXPECT_TRUE(options.shuffle);
  EXPECT_EQ(options.seed, 9U);
  EXPECT_TRUE(options.fail_fast);
  EXPECT_TRUE(options.mutate);
  EXPECT_EQ(options.format, Format::junit);
  EXPECT_EQ(options.output, "r.xml");
}

TEST_F(CommandLineTest, EveryOptionAboutACommandIsRead) {
  const RunOptions options =
      run({"--policy", "p.yaml", "--backend", "bpf,libseccomp:2", "--call", "uname", "--expect-exit", "2", "--expect-stdout",
           "out\n", "--expect-stderr", "", "--", "./app", "--flag", "--", "x"});
  EXPECT_THAT(options.command, ElementsAre("./app", "--flag", "--", "x"));
  EXPECT_EQ(options.policy_file, "p.yaml");
  EXPECT_THAT(options.backends, ElementsAre("bpf", "libseccomp:2"));
  EXPECT_EQ(options.call, "uname");
  EXPECT_EQ(options.expect, (Expectation{.exit = 2, .out = "out\n", .err = ""}));
}

TEST_F(CommandLineTest, TheOptionsOfTheCommandAreItsOwn) {
  const RunOptions options = run({"--", "ls", "--list", "--help", "--format", "bad"});
  EXPECT_THAT(options.command, ElementsAre("ls", "--list", "--help", "--format", "bad"));
  EXPECT_FALSE(options.list);
}

TEST_F(CommandLineTest, ASignalIsExpectedByNameOrNumber) {
  EXPECT_EQ(run({"--expect-signal", "SIGSYS", "--", "x"}).expect.signal, 31);
  EXPECT_EQ(run({"--expect-signal", "9", "--", "x"}).expect.signal, 9);
  EXPECT_THAT(complaint({"--expect-signal", "sigsys", "--", "x"}),
              HasSubstr("--expect-signal: expected a name such as SIGSYS, found 'sigsys'"));
}

TEST_F(CommandLineTest, ShuffleWithoutASeedTakesNoTarget) {
  const RunOptions options = run({"--shuffle", "uname"});
  EXPECT_TRUE(options.shuffle);
  EXPECT_THAT(options.targets, ElementsAre("uname"));
}

TEST_F(CommandLineTest, AnOptionWithOneValueLeavesTheNextWordToTheTargets) {
  EXPECT_THAT(run({"--filter", "a", "uname"}).targets, ElementsAre("uname"));
  EXPECT_THAT(run({"--require", "a", "uname"}).targets, ElementsAre("uname"));
}

TEST_F(CommandLineTest, ACommandLineThatIsWrongIsAUsageError) {
  EXPECT_THAT(complaint({"--no-such-option"}), HasSubstr("--no-such-option"));
  EXPECT_THAT(complaint({"--format"}), HasSubstr("--format"));
  EXPECT_THAT(complaint({"--format", "html"}), HasSubstr("--format: unknown format 'html'"));
  EXPECT_THAT(complaint({"--timeout", "soon"}), HasSubstr("--timeout: expected a time such as 500ms"));
  EXPECT_THAT(complaint({"--jobs", "0"}), HasSubstr("--jobs: expected a number from 1 to 1024, found '0'"));
  EXPECT_THAT(complaint({"--jobs", "2x"}), HasSubstr("--jobs: expected a number from 1 to 1024, found '2x'"));
  EXPECT_THAT(complaint({"--repeat", "0"}), HasSubstr("--repeat: expected a number from 1 to 1000000, found '0'"));
  EXPECT_THAT(complaint({"--shuffle=x"}), HasSubstr("--shuffle: expected a number"));
  EXPECT_THAT(complaint({"--expect-exit", "256", "--", "x"}),
              HasSubstr("--expect-exit: expected a number from 0 to 255, found '256'"));
}

TEST_F(CommandLineTest, AShardIsOneOfItsCount) {
  EXPECT_EQ(run({"--shard", "3/3"}).shard_index, 2);
  EXPECT_THAT(complaint({"--shard", "3"}), HasSubstr("--shard: expected i/n such as 1/3, found '3'"));
  EXPECT_THAT(complaint({"--shard", "0/3"}), HasSubstr("--shard: expected a number from 1 to 3, found '0'"));
  EXPECT_THAT(complaint({"--shard", "4/3"}), HasSubstr("--shard: expected a number from 1 to 3, found '4'"));
  EXPECT_THAT(complaint({"--shard", "1/0"}), HasSubstr("--shard: expected a number from 1 to 100000, found '0'"));
  EXPECT_THAT(complaint({"--shard", "1/2/3"}), HasSubstr("--shard: expected a number"));
}

TEST_F(CommandLineTest, ShardsOfGtestsVariablesAreCountedFromZero) {
  ::setenv("GTEST_TOTAL_SHARDS", "4", 1);
  ::setenv("GTEST_SHARD_INDEX", "3", 1);
  ::setenv("GTEST_SHARD_STATUS_FILE", "/tmp/status", 1);
  const RunOptions options = run({});
  EXPECT_EQ(options.shard_count, 4);
  EXPECT_EQ(options.shard_index, 3);
  EXPECT_EQ(options.shard_status_file, "/tmp/status");
}

TEST_F(CommandLineTest, TheShardOptionBeatsTheVariables) {
  ::setenv("GTEST_TOTAL_SHARDS", "4", 1);
  ::setenv("GTEST_SHARD_INDEX", "3", 1);
  const RunOptions options = run({"--shard", "1/2"});
  EXPECT_EQ(options.shard_count, 2);
  EXPECT_EQ(options.shard_index, 0);
}

TEST_F(CommandLineTest, BadVariablesAreRefused) {
  ::setenv("GTEST_TOTAL_SHARDS", "4", 1);
  EXPECT_THAT(complaint({}), HasSubstr("GTEST_TOTAL_SHARDS and GTEST_SHARD_INDEX need each other; one is not set"));
  ::setenv("GTEST_SHARD_INDEX", "4", 1);
  EXPECT_THAT(complaint({}), HasSubstr("GTEST_SHARD_INDEX: expected a number from 0 to 3, found '4'"));
  ::setenv("GTEST_TOTAL_SHARDS", "", 1);
  EXPECT_THAT(complaint({}), HasSubstr("GTEST_TOTAL_SHARDS: expected a number from 1 to 100000, found ''"));
}

TEST_F(CommandLineTest, OptionsThatExcludeEachOtherAreRefused) {
  EXPECT_THAT(complaint({"--expect-exit", "1", "--expect-signal", "SIGSYS", "--", "x"}),
              HasSubstr("--expect-exit and --expect-signal exclude each other"));
  for (const char* option : {"--policy", "--call", "--expect-exit", "--expect-stdout"}) {
    EXPECT_THAT(complaint({option, "1"}), HasSubstr("are for a command: add -- CMD [ARGS]")) << option;
    EXPECT_THAT(complaint({option, "1", "a.yaml", "--", "x"}), HasSubstr("a case file has its own policy")) << option;
  }
}

TEST_F(CommandLineTest, TheVersionIsAskedFor) {
  const CommandLine line = parse({"--version"});
  ASSERT_TRUE(line.answer);
  EXPECT_EQ(line.answer->text, "sandgauge " SANDGAUGE_VERSION "\n");
  EXPECT_EQ(line.answer->exit_code, kExitAsExpected);
}

TEST_F(CommandLineTest, HelpIsAskedForInGeneralOrForACommand) {
  const CommandLine general = parse({"--help"});
  ASSERT_TRUE(general.answer);
  EXPECT_EQ(general.answer->exit_code, kExitAsExpected);
  EXPECT_THAT(general.answer->text, StartsWith("sandgauge runs programs"));
  const CommandLine of_run = parse({"run", "--help"});
  ASSERT_TRUE(of_run.answer);
  EXPECT_EQ(of_run.answer->exit_code, kExitAsExpected);
  EXPECT_THAT(of_run.answer->text, HasSubstr("--expect-signal"));
  EXPECT_THAT(of_run.answer->text, HasSubstr("Exit codes"));
}

TEST_F(CommandLineTest, WithoutASubcommandItIsAUsageError) {
  for (const CommandLine& line : {parse({}), parse({"frobnicate"})}) {
    ASSERT_TRUE(line.answer);
    EXPECT_EQ(line.answer->exit_code, kExitUsage);
    EXPECT_THAT(line.answer->text, HasSubstr("See: sandgauge --help"));
  }
}

TEST_F(CommandLineTest, AnEmptyValueIsAValue) {
  const RunOptions options = run({"--expect-stdout=", "--", "true"});
  EXPECT_EQ(options.expect.out, "");
  EXPECT_THAT(options.command, ElementsAre("true"));
  EXPECT_THAT(complaint({"--require=", "a.yaml"}), HasSubstr("--require"));
  EXPECT_THAT(complaint({"--format=", "a.yaml"}), HasSubstr("--format"));
}

TEST_F(CommandLineTest, ABackendIsGivenOnce) {
  EXPECT_THAT(complaint({"--backend", "bpf,bpf", "--", "true"}), HasSubstr("bpf is given twice"));
}

TEST_F(CommandLineTest, AnUnknownCommandIsToldWhichThereAre) {
  const CommandLine line = parse({"rnu"});
  ASSERT_TRUE(line.answer);
  EXPECT_EQ(line.answer->exit_code, kExitUsage);
  EXPECT_THAT(line.answer->text, HasSubstr("unknown command 'rnu'; there is: run"));
}

}  // namespace
}  // namespace sandgauge::command_line_test
