#include "policy/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandgauge::matrix_test {
namespace {

using ::testing::ElementsAre;

YamlNode node_of(std::string_view text) {
  const auto root = parse_yaml(text);
  EXPECT_TRUE(root) << root.error().message;
  return *root;
}

/// The text that `template_text` becomes with n: 7 and list: [a, b].
std::string replaced(std::string_view template_text) {
  const YamlNode values = node_of("n: 7\nlist: [a, b]\n");
  Budget budget;
  Substitution substitution({{"n", *values->find("n")}, {"list", *values->find("list")}}, budget);
  const auto result = substitution.apply(node_of("t: " + std::string(template_text)));
  if (!result) return result.error().message;
  const Yaml& value = **(*result)->find("t");
  return value.kind == Yaml::Kind::scalar ? value.text : "not a scalar";
}

TEST(MatrixTest, MakesSlugsOfValues) {
  EXPECT_EQ(slug("ERRNO(EPERM)"), "errno-eperm");
  EXPECT_EQ(slug("KILL_PROCESS"), "kill_process");
  EXPECT_EQ(slug("libseccomp:2"), "libseccomp:2");
  EXPECT_EQ(slug("./my-app --flag"), "my-app-flag");
  EXPECT_EQ(slug("mkdir(\"teste\", 0o755)@i386"), "mkdir-teste-0o755-i386");
  EXPECT_EQ(slug("-1"), "-1");
  EXPECT_EQ(slug("--1"), "1");
  EXPECT_EQ(slug("5.10"), "5.10");
  EXPECT_EQ(slug("()"), "");
  EXPECT_EQ(slug(".."), "");
}

TEST(MatrixTest, KnowsNamesThatFitIntoAnId) {
  EXPECT_TRUE(is_slug("a.b_c+d-9"));
  EXPECT_TRUE(is_slug(std::string(64, 'a')));
  for (const char* text : {"", "A", "a b", "a/b", "{a}", "a:b", "é"}) EXPECT_FALSE(is_slug(text)) << text;
  EXPECT_FALSE(is_slug(std::string(65, 'a')));
}

TEST(MatrixTest, ReadsDimensionsInTheirOrder) {
  const auto dimensions = dimensions_of(
      *node_of("b: [x, [y, z]]\nof: [{p: 1, q: TWO}, {p: 3, q: 4, name: four}]\na: [{syscall: uname, abi: i386}]\n"));
  ASSERT_TRUE(dimensions) << dimensions.error().message;
  std::vector<std::string> ids;
  std::vector<std::string> keys;
  for (const Dimension& dimension : *dimensions) {
    for (const Choice& choice : dimension.choices) {
      ids.push_back(choice.id);
      for (const auto& [key, value] : choice.values) keys.push_back(key);
    }
  }
  EXPECT_THAT(ids, ElementsAre("x", "y-z", "1-two", "four", "uname-i386"));
  EXPECT_THAT(keys, ElementsAre("b", "b", "p", "q", "p", "q", "a"));
}

TEST(MatrixTest, SaysWhatIsWrongInAMatrix) {
  const std::string long_value(65, 'v');
  const struct {
    std::string text;
    std::string message;
  } rows[] = {
      {"[a]", "1:1: found a list, expected a map of names to lists of values"},
      {"{}", "1:1: found a map, expected a map of names to lists of values"},
      {"n: 1", "1:4: found '1', expected a list of values"},
      {"n: []", "1:4: found an empty list, expected at least one value"},
      {"1n: [a]", "1:1: the matrix key '1n', expected a word of letters, digits, '_' and '-'"},
      {"a b: [a]", "1:1: the matrix key 'a b', expected a word of letters, digits, '_' and '-'"},
      {"uid: [a]", "1:1: the matrix key 'uid' stands for a fact of the run, expected another name"},
      {"n: [a, '()']", "1:8: it makes 0 characters of an id, expected 1 to 64; an entry of 'of' can have a 'name'"},
      {"n: [a, " + long_value + "]",
       "1:8: it makes 65 characters of an id, expected 1 to 64; an entry of 'of' can have a 'name'"},
      {"of: [a]", "1:6: found 'a', expected a map such as {action: KILL, sig: SIGSYS}"},
      {"of: [{name: a}]", "1:6: a matrix entry of a name alone, expected keys and values beside it"},
      {"of: [{name: A, n: 1}]", "1:13: found 'A', expected a name of lower-case letters, digits and ._+-"},
      {"of: [{cwd: 1}]", "1:7: the matrix key 'cwd' stands for a fact of the run, expected another name"},
      {"n: [1]\nof: [{n: 1}]", "2:1: the matrix gives 'n' in two dimensions, expected it in one"},
  };
  for (const auto& row : rows) {
    const auto dimensions = dimensions_of(*node_of(row.text));
    ASSERT_FALSE(dimensions) << row.text;
    EXPECT_EQ(dimensions.error().message, row.message);
  }
}

TEST(MatrixTest, AValueThatIsNeverInAnIdMayBeLong) {
  EXPECT_TRUE(dimensions_of(*node_of("n: [" + std::string(65, 'v') + "]")));
}

TEST(MatrixTest, ReplacesPlaceholders) {
  EXPECT_EQ(replaced("\"a{n}b{n}\""), "a7b7");
  EXPECT_EQ(replaced("\"{n}\""), "7");
  EXPECT_EQ(replaced("\"{list}\""), "not a scalar");
  EXPECT_EQ(replaced("\"ID: {uid} {gid} {cwd} {sysname} {release}\""), "ID: {uid} {gid} {cwd} {sysname} {release}");
  EXPECT_EQ(replaced("\"{uid}\""), "{uid}");
}

TEST(MatrixTest, LeavesOtherBracesAlone) {
  EXPECT_EQ(replaced("'{\"a\": 1}'"), "{\"a\": 1}");
  EXPECT_EQ(replaced("\"{}{ {n\""), "{}{ {n");
  EXPECT_EQ(replaced("\"{1}\""), "{1}");
  EXPECT_EQ(replaced("\"{{n}}\""), "{n}");
  EXPECT_EQ(replaced("\"{{uid}} {{other}}\""), "{uid} {other}");
  EXPECT_EQ(replaced("\"{{n}\""), "{7");
}

TEST(MatrixTest, RefusesPlaceholdersThatNothingStandsFor) {
  EXPECT_EQ(
      replaced("\"a{m}\""),
      "1:4: unknown placeholder {m}, expected {list}, {n}, {uid}, {gid}, {cwd}, {sysname}, {release}, or {{m}} for the "
      "text itself");
  EXPECT_EQ(replaced("\"{m}\"").substr(0, 28), "1:4: unknown placeholder {m}");
  EXPECT_EQ(replaced("\"a{list}\""), "1:4: {list} inside of other text stands for a list, expected a scalar");
}

TEST(MatrixTest, DoesNotLookAgainAtWhatItPutIn) {
  const YamlNode values = node_of("a: \"{b}\"\nb: \"{a}\"\n");
  Budget budget;
  Substitution substitution({{"a", *values->find("a")}, {"b", *values->find("b")}}, budget);
  const auto result = substitution.apply(node_of("[\"{a}\", \"x{b}\"]"));
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)->items[0]->text, "{b}");
  EXPECT_EQ((*result)->items[1]->text, "x{a}");
  EXPECT_EQ(substitution.used(), (std::set<std::string>{"a", "b"}));
}

TEST(MatrixTest, AValueThatStandsAloneKeepsItsPlace) {
  const YamlNode values = node_of("\n\nn: 7\n");
  Budget budget;
  Substitution substitution({{"n", *values->find("n")}}, budget);
  const auto result = substitution.apply(node_of("[\"{n}\", \"x{n}\"]"));
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)->items[0]->line, 3);
  EXPECT_EQ((*result)->items[1]->line, 1);
}

TEST(MatrixTest, SharesNodesWithoutPlaceholders) {
  Budget budget;
  Substitution substitution({}, budget);
  const YamlNode before = node_of("a: [1, 2]\nb: \"{uid}\"\n");
  const auto after = substitution.apply(before);
  ASSERT_TRUE(after);
  EXPECT_EQ(*before->find("a"), *(*after)->find("a"));
}

TEST(MatrixTest, StaysWithinItsBudget) {
  const YamlNode values = node_of("n: " + std::string(1000, 'x'));
  Budget budget{.nodes = 10, .bytes = 2500};
  Substitution substitution({{"n", *values->find("n")}}, budget);
  EXPECT_TRUE(substitution.apply(node_of("\"a{n}{n}\"")));
  EXPECT_EQ(budget.bytes, 499U);
  EXPECT_EQ(budget.nodes, 9U);
  EXPECT_EQ(substitution.apply(node_of("\"a{n}\"")).error().message,
            "1:1: the cases of this file come to more than 1000000 YAML nodes or 64 MiB of text, expected fewer");
  EXPECT_FALSE(substitution.apply(node_of("\"{n}\"")));
  EXPECT_FALSE(substitution.apply(node_of("[1, 2, 3, 4, 5, 6, 7, 8, 9]")));
  EXPECT_TRUE(substitution.apply(node_of("[1, 2, 3, 4, 5, 6, 7, 8]")));
}

}  // namespace
}  // namespace sandgauge::matrix_test
