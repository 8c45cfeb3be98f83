#include "app/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/temp_dir.h"

namespace sandgauge::selection_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// Built-in suites first (one case), fruit (apple, pear) and programs, which is none; and a folder of the user's.
class SelectionTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TempDir::make();
    ASSERT_TRUE(dir) << dir.error().message;
    dir_.emplace(*std::move(dir));
    root_ = dir_->path();
    installation_ = {(root_ / "cases").string(), (root_ / "programs").string()};
    write("cases/group/first.yaml", "one");
    write("cases/group/fruit.yml", "apple, pear");
    write("cases/programs/not-a-suite.yaml", "none");
    write("user/b.yaml", "x");
    write("user/a.yaml", "x");
    write("user/below/c.yml", "x");
    write("user/notes.txt", "x");
  }

  /// A case file with these case names.
  void write(const std::string& name, const std::string& cases) const {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream file(path);
    file << "title: a case\nprogram: uname\npolicy: {}\nexpect: {exit: 0}\ncases:\n";
    for (std::size_t from = 0; from < cases.size();) {
      const std::size_t comma = std::min(cases.find(", ", from), cases.size());
      file << "  - {name: " << cases.substr(from, comma - from) << "}\n";
      from = comma + 2;
    }
  }
  std::string path(const std::string& name) const { return (root_ / name).string(); }

  Result<std::vector<Case>> select(const RunOptions& options) const { return select_cases(options, installation_); }
  std::vector<std::string> ids(const RunOptions& options) const {
    const auto cases = select(options);
    EXPECT_TRUE(cases) << cases.error().message;
    std::vector<std::string> result;
    if (!cases) return result;
    for (const Case& test : *cases) result.push_back(test.id);
    return result;
  }
  std::vector<std::string> ids(const std::string& target) const { return ids(RunOptions{.targets = {target}}); }
  std::string complaint(const RunOptions& options) const {
    const auto cases = select(options);
    EXPECT_FALSE(cases);
    return cases ? "none" : cases.error().message;
  }

  std::optional<TempDir> dir_;
  fs::path root_;
  Installation installation_;
};

TEST_F(SelectionTest, AWordIsABuiltInFolderOrFile) {
  EXPECT_THAT(ids("group"), ElementsAre("first/one", "fruit/apple", "fruit/pear"));
  EXPECT_THAT(ids("fruit"), ElementsAre("fruit/apple", "fruit/pear"));
}

TEST_F(SelectionTest, WithoutATargetEveryBuiltInCaseIsSelected) {
  EXPECT_THAT(ids(RunOptions{}), AllOf(Contains("first/one"), Contains("fruit/apple"), Contains("fruit/pear"),
                                       Not(Contains("not-a-suite/none"))));
}

TEST_F(SelectionTest, AFolderStandsForTheCaseFilesBelowItInOrder) {
  EXPECT_THAT(ids(path("user")), ElementsAre("a/x", "b/x", "c/x"));
}

TEST_F(SelectionTest, TargetsKeepTheirOrderAndCountOnce) {
  EXPECT_THAT(ids(RunOptions{.targets = {path("user/b.yaml"), path("user"), "first", path("user/b.yaml")}}),
              ElementsAre("b/x", "a/x", "c/x", "first/one"));
}

TEST_F(SelectionTest, ATargetThatDoesNotExistIsRefused) {
  EXPECT_EQ(complaint({.targets = {path("user/d.yaml")}}), path("user/d.yaml") + ": no such file or folder");
  EXPECT_EQ(complaint({.targets = {"d.yaml"}}), "d.yaml: no such file or folder");
  EXPECT_THAT(complaint({.targets = {"vegetables"}}),
              AllOf(HasSubstr("'vegetables' is neither a file nor a folder nor a built-in suite, expected one of: "),
                    HasSubstr("first"), HasSubstr("fruit")));
}

TEST_F(SelectionTest, AFolderWithoutCaseFilesIsRefused) {
  fs::create_directory(root_ / "empty");
  EXPECT_EQ(complaint({.targets = {path("empty")}}), path("empty") + ": no case files (*.yaml) in this folder");
}

TEST_F(SelectionTest, AMistakeInAnyFileIsRefused) {
  std::ofstream(root_ / "user/bad.yaml") << "program: [\n";
  EXPECT_THAT(complaint({.targets = {path("user")}}), HasSubstr(path("user/bad.yaml") + ":"));
}

TEST_F(SelectionTest, TwoCasesOfOneIdAreRefusedWithBothPlaces) {
  write("other/a.yaml", "x");
  EXPECT_EQ(complaint({.targets = {path("user/a.yaml"), path("other/a.yaml")}}),
            path("other/a.yaml") + ":6: a second case 'a/x', the first is " + path("user/a.yaml") +
                ":6; give one of the files another suite name");
}

TEST_F(SelectionTest, AFilterKeepsWhatAnyGlobMatches) {
  EXPECT_THAT(ids(RunOptions{.targets = {"group"}, .filters = {"*/pear", "first/*"}}),
              ElementsAre("first/one", "fruit/pear"));
}

TEST_F(SelectionTest, AGlobThatMatchesNothingIsRefused) {
  EXPECT_EQ(complaint({.targets = {"group"}, .filters = {"first/*", "plum"}}),
            "--filter 'plum': no case has such an id; --list shows them");
  EXPECT_EQ(complaint({.targets = {"group"}, .required = {"plum"}}),
            "--require 'plum': no case has such an id; --list shows them");
}

TEST_F(SelectionTest, TheShardsTogetherAreEverythingOnce) {
  const auto shard = [this](int index) {
    return ids(RunOptions{.targets = {"group"}, .shard_index = index, .shard_count = 2});
  };
  EXPECT_THAT(shard(0), ElementsAre("first/one", "fruit/pear"));
  EXPECT_THAT(shard(1), ElementsAre("fruit/apple"));
}

TEST_F(SelectionTest, AShardMayBeEmptyAndIsCountedAfterTheFilter) {
  EXPECT_THAT(ids(RunOptions{.targets = {"group"}, .filters = {"*/pear"}, .shard_index = 1, .shard_count = 2}), IsEmpty());
  EXPECT_THAT(ids(RunOptions{.targets = {"group"}, .filters = {"*/pear"}, .shard_index = 0, .shard_count = 2}),
              ElementsAre("fruit/pear"));
}

TEST_F(SelectionTest, ACommandAloneIsOneUnconfinedCaseThatExpectsSuccess) {
  const auto cases = select({.command = {"./app", "--flag"}});
  ASSERT_TRUE(cases) << cases.error().message;
  ASSERT_EQ(cases->size(), 1U);
  const Case& test = cases->front();
  EXPECT_EQ(test.id, "command");
  EXPECT_EQ(test.mechanism, Mechanism::none);
  EXPECT_THAT(test.program, ElementsAre("./app", "--flag"));
  EXPECT_THAT(test.executable, IsEmpty());  // there is none of that name
  EXPECT_EQ(test.directory, fs::current_path().string());
  EXPECT_EQ(test.expect, Expectation{.exit = 0});
}

TEST_F(SelectionTest, ACommandWithAPolicyIsACaseForEachBackend) {
  std::ofstream(root_ / "p.yaml") << "rules: [{syscalls: [uname], action: ERRNO(EPERM)}]\n";
  RunOptions options{.command = {"uname"}, .policy_file = path("p.yaml"), .backends = {"bpf", "libseccomp:2"}};
  options.expect.signal = 31;
  const auto cases = select(options);
  ASSERT_TRUE(cases) << cases.error().message;
  ASSERT_EQ(cases->size(), 2U);
  EXPECT_EQ((*cases)[0].id, "command/bpf");
  EXPECT_EQ((*cases)[1].id, "command/libseccomp:2");
  EXPECT_EQ((*cases)[1].backend, (Backend{Backend::Compiler::libseccomp, 2}));
  EXPECT_EQ((*cases)[1].mechanism, Mechanism::filter);
  EXPECT_EQ((*cases)[1].policy.rules[0].action, errno_action(EPERM));
  EXPECT_EQ((*cases)[1].expect, Expectation{.signal = 31});
}

TEST_F(SelectionTest, TheCallOfACommandMayHaveArguments) {
  const auto call_of = [this](const char* text) { return select({.command = {"x"}, .call = text})->front().call; };
  EXPECT_EQ(call_of("uname"), CallRequest{.syscall = "uname"});
  EXPECT_EQ(call_of("kill(0, 9)"), (CallRequest{.syscall = "kill", .args = {{.number = 0}, {.number = 9}}}));
  EXPECT_THAT(complaint({.command = {"x"}, .call = "unmae"}), HasSubstr("--call: "));
}

TEST_F(SelectionTest, ABackendThatDoesNotExistIsRefused) {
  EXPECT_THAT(complaint({.command = {"x"}, .backends = {"llvm"}}), HasSubstr("--backend: unknown backend 'llvm'"));
}

TEST_F(SelectionTest, ACommandReplacesTheProgramOfEveryCase) {
  const auto cases = select({.targets = {"fruit"}, .command = {"./app"}});
  ASSERT_TRUE(cases) << cases.error().message;
  ASSERT_EQ(cases->size(), 2U);
  for (const Case& test : *cases) {
    EXPECT_THAT(test.program, ElementsAre("./app"));
    EXPECT_THAT(test.directory, IsEmpty());
  }
}

TEST_F(SelectionTest, ACommandKeepsTheNameThatTheUserWrote) {
  const auto cases = select({.command = {"sh", "-c", "x"}});
  ASSERT_TRUE(cases) << cases.error().message;
  EXPECT_THAT(cases->front().program, ElementsAre("sh", "-c", "x"));
  EXPECT_THAT(cases->front().executable, AllOf(HasSubstr("/bin/sh"), testing::StartsWith("/")));
}

Case one_rule_case() {
  Case test;
  test.policy.architectures = {Abi::i386, Abi::x86_64};
  test.policy.rules = {{{"uname"}, errno_action(EPERM), {}}};
  test.expect.error = EPERM;
  return test;
}
std::optional<CallRequest> implied(Case test) {
  imply_call(test);
  return test.call;
}

TEST(ImplyCallTest, OneRuleAboutOneCallIsWhatTheCaseIsAbout) {
  EXPECT_EQ(implied(one_rule_case()), (CallRequest{.syscall = "uname", .abi = Abi::i386}));
}

TEST(ImplyCallTest, EachClaimAboutACallIsEnough) {
  std::vector<Expectation> claims(9);
  claims[0].signal = 31;
  claims[1].core = true;
  claims[2].action = errno_action(EPERM);
  claims[3].error = EPERM;
  claims[4].returns = 0;
  claims[5].siginfo.emplace();
  claims[6].trace.emplace();
  claims[7].notification.emplace();
  claims[8].audit.emplace();
  for (std::size_t i = 0; i < claims.size(); ++i) {
    Case test = one_rule_case();
    test.expect = claims[i];
    EXPECT_TRUE(implied(test)) << i;
  }
}

TEST(ImplyCallTest, ACaseThatClaimsNothingAboutACallHasNone) {
  Case test = one_rule_case();
  test.expect = {.exit = 0, .out = "", .absent = {"x"}, .within = std::chrono::seconds(1)};
  EXPECT_EQ(implied(test), std::nullopt);
}

TEST(ImplyCallTest, SeveralCallsOrArgumentTestsLeaveItOpen) {
  Case two_rules = one_rule_case();
  two_rules.policy.rules.push_back(two_rules.policy.rules[0]);
  Case two_calls = one_rule_case();
  two_calls.policy.rules[0].syscalls.push_back("mkdir");
  Case with_test = one_rule_case();
  with_test.policy.rules[0].when = {{.index = 0, .value = 1}};
  Case no_rule = one_rule_case();
  no_rule.policy.rules.clear();
  for (const Case& test : {two_rules, two_calls, with_test, no_rule}) EXPECT_EQ(implied(test), std::nullopt);
}

TEST(ImplyCallTest, ACallThatIsNamedAndAnotherMechanismStay) {
  Case named = one_rule_case();
  named.call = CallRequest{.syscall = "getuid"};
  EXPECT_EQ(implied(named)->syscall, "getuid");
  Case strict = one_rule_case();
  strict.mechanism = Mechanism::strict;
  EXPECT_EQ(implied(strict), std::nullopt);
}

TEST(MatchesGlobTest, AStarAlsoTakesSlashes) {
  EXPECT_TRUE(matches_glob("uname/*", "uname/errno/bpf"));
  EXPECT_TRUE(matches_glob("*bpf", "uname/errno/bpf"));
  EXPECT_TRUE(matches_glob("uname/[el]*", "uname/log"));
  EXPECT_FALSE(matches_glob("uname", "uname/log"));
  EXPECT_FALSE(matches_glob("Uname/*", "uname/log"));
}

}  // namespace
}  // namespace sandgauge::selection_test
