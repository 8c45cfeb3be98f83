#include "policy/argument_test.h"

#include "base/shown.h"
#include "policy/number.h"

namespace sandgauge {
namespace {

constexpr std::string_view kTestForm = "such as 'arg0 == 1', 'arg1 >= 0x100' or 'arg2 & 0xff == 3'";

struct Operator {
  std::string_view symbol;
  std::string_view oci;
  Compare compare;
};
// A symbol comes before those that begin it.
constexpr Operator kOperators[] = {
    {"==", "SCMP_CMP_EQ", Compare::equal},         {"!=", "SCMP_CMP_NE", Compare::not_equal},
    {"<=", "SCMP_CMP_LE", Compare::less_or_equal}, {">=", "SCMP_CMP_GE", Compare::greater_or_equal},
    {"<", "SCMP_CMP_LT", Compare::less},           {">", "SCMP_CMP_GT", Compare::greater},
};

void skip_blanks(std::string_view& text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
}

/// What stands before the next space or operator.
std::string_view take_word(std::string_view& text) {
  skip_blanks(text);
  const std::string_view word = text.substr(0, text.find_first_of(" \t&=!<>"));
  text.remove_prefix(word.size());
  skip_blanks(text);
  return word;
}

std::optional<Compare> take_operator(std::string_view& text) {
  for (const Operator& known : kOperators) {
    if (!text.starts_with(known.symbol)) continue;
    text.remove_prefix(known.symbol.size());
    return known.compare;
  }
  return std::nullopt;
}

}  // namespace

Result<ArgumentTest> parse_argument_test(std::string_view text) {
  const std::string_view whole = text;
  const std::string_view argument = take_word(text);
  if (argument.size() != 4 || !argument.starts_with("arg"))
    return fail("the test {} does not begin with an argument, expected arg0 to arg5, {}", shown(whole), kTestForm);
  if (argument[3] < '0' || argument[3] > '5')
    return fail("the test {} is of {}, expected arg0 to arg5", shown(whole), argument);
  ArgumentTest test{.index = static_cast<std::uint8_t>(argument[3] - '0')};
  const bool masked = text.starts_with('&');
  if (masked) {
    text.remove_prefix(1);
    const auto mask = parse_word(take_word(text));
    if (!mask) return fail("in the test {}: {}", shown(whole), mask.error().message);
    test.mask = *mask;
  }
  const auto compare = take_operator(text);
  if (!compare) return fail("the test {} has no operator, expected == != < <= > >= or & with ==", shown(whole));
  if (masked && *compare != Compare::equal) return fail("the test {} compares a masked value, expected ==", shown(whole));
  test.compare = masked ? Compare::masked_equal : *compare;
  const auto value = parse_word(take_word(text));
  if (!value) return fail("in the test {}: {}", shown(whole), value.error().message);
  test.value = *value;
  if (!text.empty())
    return fail("the test {} goes on after its number, expected one comparison, {}", shown(whole), kTestForm);
  return test;
}

std::optional<Compare> parse_compare(std::string_view text) {
  for (const Operator& known : kOperators)
    if (text == known.symbol || text == known.oci) return known.compare;
  if (text == "SCMP_CMP_MASKED_EQ") return Compare::masked_equal;
  return std::nullopt;
}

}  // namespace sandgauge
