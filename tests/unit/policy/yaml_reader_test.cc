#include "policy/yaml_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>

namespace sandgauge::yaml_reader_test {
namespace {

std::string error_of(std::string_view text) {
  const auto root = parse_yaml(text);
  return root ? "no error" : root.error().message;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(YamlReaderTest, GivesEveryNodeItsPlace) {
  const auto root = parse_yaml("# comment\na: {b: [1, \"two\"]}\nc:\n  - null\n  - é x\n");
  ASSERT_TRUE(root);
  const Yaml& list = **(*root)->find("a")->get()->find("b");
  EXPECT_EQ(list.kind, Yaml::Kind::list);
  EXPECT_EQ(list.line, 2);
  EXPECT_EQ(list.column, 8);
  EXPECT_EQ(list.items[1]->text, "two");
  EXPECT_EQ(list.items[1]->column, 12);
  const Yaml& block = **(*root)->find("c");
  EXPECT_EQ(block.items[0]->kind, Yaml::Kind::nothing);
  EXPECT_EQ(block.items[1]->text, "é x");
  EXPECT_EQ(block.items[1]->line, 5);
  EXPECT_EQ((*root)->find("d"), nullptr);
}

TEST(YamlReaderTest, CountsLinesAndColumnsAsEditorsDo) {
  const auto root = parse_yaml("[é, 'x\xc2\x85y', [z]]");  // U+0085 ends a line for libyaml
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)->items[1]->column, 6);
  EXPECT_EQ((*root)->items[2]->line, 1);
  EXPECT_EQ((*root)->items[2]->column, 14);
  EXPECT_EQ(error_of("é: 1\ré: 2\r\n é: @\n"), "3:4: not valid YAML: mapping values are not allowed in this context");
  EXPECT_EQ(error_of("[é,\r\n\r\né, @]"),
            "3:5: not valid YAML: found character that cannot start any token while scanning for "
            "the next token");
}

TEST(YamlReaderTest, ReadsALongLineInOnePass) {
  // More than 10^10 steps if the search for each node began at the line's start.
  const std::string wide = repeated("é", 5);
  const auto root = parse_yaml("[" + repeated(wide + ", ", 80'000) + "[last]]");
  ASSERT_TRUE(root) << root.error().message;
  ASSERT_EQ((*root)->items.size(), 80'001U);
  EXPECT_EQ((*root)->items.back()->column, 2 + 80'000 * 12);
}

TEST(YamlReaderTest, KeepsScalarsAsText) {
  const auto root = parse_yaml("[5.10, 0x1f, yes, 'null', \"\", libseccomp:2, uname(scratch)]");
  ASSERT_TRUE(root);
  std::vector<std::string> texts;
  for (const YamlNode& item : (*root)->items) {
    EXPECT_EQ(item->kind, Yaml::Kind::scalar);
    texts.push_back(item->text);
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"5.10", "0x1f", "yes", "null", "", "libseccomp:2", "uname(scratch)"}));
}

TEST(YamlReaderTest, SharesWhatAnAliasStandsFor) {
  const auto root = parse_yaml("a: &x [1, 2]\nb: [*x, *x]\n");
  ASSERT_TRUE(root);
  const Yaml& b = **(*root)->find("b");
  EXPECT_EQ(b.items[0], b.items[1]);
  EXPECT_EQ(b.items[0]->line, 1);
  EXPECT_EQ(b.nodes, 7U);
  EXPECT_EQ(b.bytes, 4U);
}

TEST(YamlReaderTest, AcceptsAByteOrderMarkAndCarriageReturns) {
  const auto root = parse_yaml(
      "\xef\xbb\xbf"
      "a: 1\r\nb: 2\r\n");
  ASSERT_TRUE(root);
  EXPECT_EQ((*root)->find("b")->get()->text, "2");
}

TEST(YamlReaderTest, SaysWhatIsWrongAndWhere) {
  using namespace std::string_view_literals;
  const struct {
    std::string_view text;
    std::string message;
  } rows[] = {
      {"", "1:1: there is nothing in it, expected a YAML map"},
      {"# only a comment\n", "1:1: there is nothing in it, expected a YAML map"},
      {"---\n", "1:1: there is nothing in it, expected a YAML map"},
      {"~", "1:1: there is nothing in it, expected a YAML map"},
      {"a: 1\nb: [1,\n", "3:1: not valid YAML: did not find expected node content while parsing a flow node"},
      {"a: b: c", "1:5: not valid YAML: mapping values are not allowed in this context"},
      {"a: 1\n\tb: 2", "2:1: not valid YAML: found a tab character that violates indentation while scanning a plain scalar"},
      {"a: @x", "1:4: not valid YAML: found character that cannot start any token while scanning for the next token"},
      {"a: *x", "1:4: the alias *x has no anchor, expected &x before it"},
      {"a: \"\\q\"", "1:5: not valid YAML: found unknown escape character while parsing a quoted scalar"},
      {"a: 1\nb: 2\na: 3\n", "3:1: duplicate key 'a', expected it only once (first at line 1)"},
      {"x: {a: 1, b: 2, a: 1}", "1:17: duplicate key 'a', expected it only once (first at line 1)"},
      {"? [a]\n: 1\n", "1:3: a key that is not text, expected a word before ':'"},
      {"null: 1\n", "1:1: a key that is not text, expected a word before ':'"},
      {"a: &x [1, *x]", "1:11: an alias inside of what it stands for, expected an anchor that is complete"},
      {"a: 1\n---\nb: 2\n", "2:1: a second YAML document begins here, expected one document in a file"},
      {"a: !!int 5", "1:4: the tag 'tag:yaml.org,2002:int', expected a value without a tag"},
      {"a: !mine [5]", "1:4: the tag '!mine', expected a value without a tag"},
      {"a: b\nc: \xff\n", "2:4: byte 0xff is not UTF-8, expected UTF-8 text"},
      {"a: \xc0\xaf", "1:4: byte 0xc0 is not UTF-8, expected UTF-8 text"},
      {"a: \xe0\x80\xaf", "1:4: byte 0xe0 is not UTF-8, expected UTF-8 text"},
      {"a: \xed\xa0\x80", "1:4: byte 0xed is not UTF-8, expected UTF-8 text"},
      {"a: \xf4\x90\x80\x80", "1:4: byte 0xf4 is not UTF-8, expected UTF-8 text"},
      {"a: \xc3", "1:4: byte 0xc3 is not UTF-8, expected UTF-8 text"},
      {"a: b\0c"sv, "1:5: control character 0x00, expected text"},
      {"a: \x1b[0m", "1:4: control character 0x1b, expected text"},
      {"a: \"b\\0\"", "1:4: a NUL character in a text, expected text that a C string can hold"},
  };
  for (const auto& row : rows) EXPECT_EQ(error_of(row.text), row.message) << row.text;
}

TEST(YamlReaderTest, CountsTheLevelsOfNesting) {
  EXPECT_EQ(error_of(repeated("[", 64) + repeated("]", 64)), "no error");
  EXPECT_EQ(error_of(repeated("[", 65) + repeated("]", 65)), "1:65: nested deeper than 64 levels, expected fewer");
  EXPECT_EQ(error_of(repeated("{a: ", 65) + repeated("}", 65)), "1:257: nested deeper than 64 levels, expected fewer");
}

TEST(YamlReaderTest, LimitsTheKeysOfAMap) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += fmt::format("k{}: 1\n", i);
  EXPECT_EQ(error_of(text), "no error");
  EXPECT_EQ(error_of(text + "more: 1\n"), "1001:7: more than 1000 keys in a map, expected fewer");
}

TEST(YamlReaderTest, CountsAliasesAsWhatTheyStandFor) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) bomb += fmt::format("a{}: &a{} [{}]\n", i, i, repeated(fmt::format("*a{}, ", i - 1), 10));
  EXPECT_EQ(error_of(bomb), "5:45: more than 100000 YAML nodes with aliases written out, expected fewer");

  const std::string big = "a: &a " + std::string(500'000, 'x') + "\nb: [" + repeated("*a,", 40) + "]\n";
  EXPECT_EQ(error_of(big), "2:101: more than 16 MiB of text with aliases written out, expected less");
}

// What makes a parser slow: each of these is a quarter of a mebibyte, and has to end soon (in time of this
// process) whatever the answer is.
TEST(YamlReaderTest, EndsSoonOnHostileText) {
  const std::string_view pieces[] = {"[",   "{",     "- ",      "? ", ": ",  "[a: ",      "{a: ", "{? ", "[[],",
                                     "&a ", "! ",    "\"a\": ", "'",  "\"",  "|\n",       ">\n",  "a\n", "- a\n",
                                     "a ",  "#",     "\n",      " ",  "\t",  "--- \n",    "*a ",  "]",   "-\n ",
                                     "a: ", "a:\n ", ",",       "%",  "[a,", "\"\\u0041", "{a, ", "- [", "&a [*a,"};
  for (const std::string_view piece : pieces) {
    const std::string text = repeated(piece, (1 << 18) / piece.size());
    const std::clock_t start = std::clock();
    const std::string error = error_of(text);
    const std::clock_t spent = std::clock() - start;
    EXPECT_LT(spent, 10 * CLOCKS_PER_SEC) << "on repeated " << piece << ": " << error;
  }
}

TEST(YamlReaderTest, RefusesMoreThanAMebibyte) {
  EXPECT_EQ(error_of("a: b #" + std::string((1 << 20) - 6, 'c')), "no error");
  EXPECT_EQ(error_of("a: b #" + std::string((1 << 20) - 5, 'c')), "1:1: more than 1 MiB of text, expected less");
}

TEST(YamlReaderTest, SaysWhyAFileCannotBeRead) {
  char directory[] = "/tmp/sandgauge-yaml-XXXXXX";
  ASSERT_NE(::mkdtemp(directory), nullptr);
  const std::string missing = std::string(directory) + "/missing.yaml";
  EXPECT_EQ(read_text(missing).error().message, missing + ": cannot open it: ENOENT (No such file or directory)");
  EXPECT_EQ(read_text(directory).error().message, std::string(directory) + ": it is a directory, expected a file");
  EXPECT_EQ(read_text("/dev/zero").error().message, "/dev/zero: more than 1 MiB, expected less");
  const std::string file = std::string(directory) + "/x.yaml";
  std::ofstream(file) << "a: 1\n";
  EXPECT_EQ(*read_text(file), "a: 1\n");
  EXPECT_EQ(shown_name("-"), "<stdin>");
  ::unlink(file.c_str());
  ::rmdir(directory);
}

}  // namespace
}  // namespace sandgauge::yaml_reader_test
