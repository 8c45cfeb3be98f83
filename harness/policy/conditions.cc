#include "policy/conditions.h"

#include <algorithm>
#include <optional>

namespace sandgauge {
namespace {

constexpr std::size_t kMostConjunctions = 1000;
constexpr std::size_t kMostTests = 2048;  // each takes a load and a jump, and a filter has 4096 instructions
constexpr std::uint64_t kAllBits = ~std::uint64_t{0};
constexpr std::uint64_t kLow = 0xffffffff;

Unexpected too_many() {
  return fail("the condition has more than {} alternatives or {} tests, expected fewer", kMostConjunctions, kMostTests);
}

bool is_bits(const ArgumentTest& test) { return test.compare == Compare::equal || test.compare == Compare::masked_equal; }

/// Adds a test to a conjunction; tests of bits of one argument become one. False: nothing passes both.
bool add_test(Conjunction& conjunction, ArgumentTest test) {
  if (test.compare == Compare::masked_equal && test.mask == kAllBits) test.compare = Compare::equal;
  if (test.compare == Compare::equal) test.mask = kAllBits;
  if (test.compare == Compare::masked_equal) {
    if ((test.value & ~test.mask) != 0) return false;
    if (test.mask == 0) return true;
  }
  for (ArgumentTest& other : conjunction) {
    if (other.index != test.index) continue;
    if (other == test) return true;
    if (test.compare == Compare::equal && !holds(other, test.value)) return false;
    if (other.compare == Compare::equal && !holds(test, other.value)) return false;
    if (!is_bits(other) || !is_bits(test)) continue;
    if (((other.value ^ test.value) & other.mask & test.mask) != 0) return false;
    other.value |= test.value;
    other.mask |= test.mask;
    other.compare = other.mask == kAllBits ? Compare::equal : Compare::masked_equal;
    const ArgumentTest joined = other;
    return joined.compare != Compare::equal || std::ranges::all_of(conjunction, [&joined](const ArgumentTest& each) {
             return each.index != joined.index || holds(each, joined.value);
           });
  }
  conjunction.push_back(test);
  return true;
}

Condition opposite_of(const ArgumentTest& one) {
  ArgumentTest turned = one;
  switch (one.compare) {
    case Compare::equal: turned.compare = Compare::not_equal; return {{turned}};
    case Compare::not_equal: turned.compare = Compare::equal; return {{turned}};
    case Compare::less: turned.compare = Compare::greater_or_equal; return {{turned}};
    case Compare::less_or_equal: turned.compare = Compare::greater; return {{turned}};
    case Compare::greater: turned.compare = Compare::less_or_equal; return {{turned}};
    case Compare::greater_or_equal: turned.compare = Compare::less; return {{turned}};
    case Compare::masked_equal: break;
  }
  Condition any_bit_differs;
  for (std::uint64_t bit = 1; bit != 0; bit <<= 1)
    if ((one.mask & bit) != 0) any_bit_differs.push_back({{one.index, Compare::masked_equal, ~one.value & bit, bit}});
  return (one.value & ~one.mask) != 0 ? always() : any_bit_differs;
}

/// The lower word less than `value`: it has `value`'s bits down to one that `value` has and it has not.
Condition low_less(std::uint8_t index, std::uint64_t value) {
  if (value > kLow) return always();
  Condition condition;
  for (int shift = 31; shift >= 0; --shift) {
    const std::uint64_t bit = std::uint64_t{1} << shift;
    if ((value & bit) == 0) continue;
    const std::uint64_t mask = kLow & ~(bit - 1);
    condition.push_back({{index, Compare::masked_equal, (value & mask) ^ bit, mask}});
  }
  return condition;
}

Condition low_greater(std::uint8_t index, std::uint64_t value) {
  if (value >= kLow) return never();
  Condition condition;
  for (int shift = 31; shift >= 0; --shift) {
    const std::uint64_t bit = std::uint64_t{1} << shift;
    if ((value & bit) != 0) continue;
    const std::uint64_t mask = kLow & ~(bit - 1);
    condition.push_back({{index, Compare::masked_equal, (value & mask) | bit, mask}});
  }
  return condition;
}

}  // namespace

Condition test(const ArgumentTest& test) {
  Conjunction conjunction;
  return add_test(conjunction, test) ? Condition{conjunction} : never();
}

Condition low_word(std::uint8_t index, Compare compare, std::uint64_t value, std::uint64_t mask) {
  const ArgumentTest same{index, Compare::masked_equal, value, kLow};
  switch (compare) {
    case Compare::equal: return value > kLow ? never() : test(same);
    case Compare::not_equal: return value > kLow ? always() : opposite_of(same);
    case Compare::less: return low_less(index, value);
    case Compare::less_or_equal: return value >= kLow ? always() : low_less(index, value + 1);
    case Compare::greater: return low_greater(index, value);
    case Compare::greater_or_equal: return value == 0 ? always() : low_greater(index, value - 1);
    case Compare::masked_equal: break;
  }
  return test({index, Compare::masked_equal, value, mask & kLow});
}

Result<Condition> both(const Condition& a, const Condition& b) {
  Condition result;
  std::size_t tests = 0;
  for (const Conjunction& x : a) {
    const std::size_t first = result.size();
    for (const Conjunction& y : b) {
      Conjunction joined = x;
      if (!std::ranges::all_of(y, [&joined](const ArgumentTest& test) { return add_test(joined, test); })) continue;
      // What passes x passes y: the others would only add parts of x, and many conditions in a row ever more of them.
      const bool covered = joined == x;
      if (covered) result.resize(first);
      tests += joined.size();
      if (std::ranges::find(result, joined) == result.end()) result.push_back(std::move(joined));
      if (result.size() > kMostConjunctions || tests > kMostTests) return too_many();
      if (covered) break;
    }
  }
  return result;
}

Result<Condition> either(const Condition& a, const Condition& b) {
  Condition result = a;
  for (const Conjunction& conjunction : b)
    if (std::ranges::find(result, conjunction) == result.end()) result.push_back(conjunction);
  if (std::ranges::any_of(result, [](const Conjunction& tests) { return tests.empty(); })) return always();
  if (result.size() > kMostConjunctions) return too_many();
  return result;
}

Result<Condition> opposite(const Condition& condition) {
  Condition result = always();
  for (const Conjunction& conjunction : condition) {
    Condition any_fails;
    for (const ArgumentTest& one : conjunction) {
      auto more = either(any_fails, opposite_of(one));
      if (!more) return more;
      any_fails = *std::move(more);
    }
    auto next = both(result, any_fails);
    if (!next) return next;
    result = *std::move(next);
  }
  return result;
}

Result<std::vector<Rule>> rules_in_order(const std::string& syscall,
                                         const std::vector<std::pair<Condition, Action>>& in_order,
                                         std::vector<std::size_t>* of) {
  std::vector<Rule> rules;
  for (std::size_t i = 0; i < in_order.size(); ++i) {
    Condition condition = in_order[i].first;
    for (std::size_t j = 0; j < i; ++j) {
      // A stricter rule wins by itself; a weaker one that comes first has to be stepped around.
      if (stricter(in_order[j].second, in_order[i].second) == in_order[j].second) continue;
      const auto outside = opposite(in_order[j].first);
      if (!outside) return fail(outside.error());
      auto rest = both(condition, *outside);
      if (!rest) return fail(rest.error());
      condition = *std::move(rest);
    }
    for (Conjunction& conjunction : condition) {
      rules.push_back({.syscalls = {syscall}, .action = in_order[i].second, .when = std::move(conjunction)});
      if (of != nullptr) of->push_back(i);
    }
  }
  return rules;
}

}  // namespace sandgauge
