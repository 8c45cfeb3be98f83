// The reference promises that each of its examples is a whole file: they are all read here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/case_yaml.h"
#include "policy/policy_yaml.h"
#include "policy/yaml_reader.h"

namespace sandgauge::reference_test {
namespace {

using ::testing::SizeIs;

struct Example {
  std::string file;  // of its first line: "# uname.yaml" or "# policy: ..."
  std::string text;
};

std::vector<Example> examples() {
  const auto page = read_text(SANDGAUGE_GOLDEN_DIR "/../../docs/case-files.md");
  EXPECT_TRUE(page) << page.error().message;
  std::vector<Example> found;
  constexpr std::string_view kOpen = "\n```yaml\n";
  for (std::size_t at = 0; page && (at = page->find(kOpen, at)) != std::string::npos;) {
    at += kOpen.size();
    const std::string text = page->substr(at, page->find("\n```\n", at) - at + 1);
    found.push_back({text.substr(2, text.find('\n') - 2), text});
  }
  return found;
}

TEST(ReferenceTest, EveryExampleIsAWholeFile) {
  ASSERT_THAT(examples(), SizeIs(9));
  for (const Example& example : examples()) {
    if (example.file.starts_with("policy")) {
      const auto policy = parse_policy(example.text, "p.yaml");
      EXPECT_TRUE(policy) << policy.error().message << "\n" << example.text;
    } else {
      const auto cases = parse_cases(example.text, example.file);
      EXPECT_TRUE(cases) << cases.error().message << "\n" << example.text;
    }
  }
}

TEST(ReferenceTest, TheTwoFormsOfATestMeanTheSame) {
  for (const Example& example : examples()) {
    if (example.file != "policy: the same rule twice") continue;
    const auto policy = parse_policy(example.text, "p.yaml");
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_EQ(policy->rules.at(0), policy->rules.at(1));
    return;
  }
  FAIL() << "the example is gone";
}

TEST(ReferenceTest, TheMatrixHasTheIdsThatArePromised) {
  for (const Example& example : examples()) {
    if (example.file != "matrix.yaml") continue;
    const auto cases = parse_cases(example.text, example.file);
    ASSERT_TRUE(cases) << cases.error().message;
    EXPECT_THAT(*cases, SizeIs(18));
    EXPECT_EQ(cases->front().id, "matrix/case/getppid/errno-eperm/bpf");
    EXPECT_EQ(cases->back().id, "matrix/case/getuid/killed/libseccomp:2");
    EXPECT_EQ(cases->back().title, "KILL_PROCESS on getuid, compiled by libseccomp:2");
    return;
  }
  FAIL() << "the example is gone";
}

}  // namespace
}  // namespace sandgauge::reference_test
