#include "policy/minijail.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/shown.h"
#include "model/syscalls.h"
#include "policy/conditions.h"
#include "policy/constants.h"
#include "policy/number.h"
#include "policy/yaml_reader.h"

namespace sandgauge {
namespace {

const Action kAllowCall{ActionKind::allow, 0};
const Action kKill{ActionKind::kill_thread, 0};

bool in_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/// One line of a policy, with its continuations; knows the place of every character.
class Line {
 public:
  Line(std::string_view text, int number) : text_(text), line_(number) {}

  void skip() {
    while (at_ < text_.size()) {
      if (text_.substr(at_).starts_with("\\\n")) {
        ++line_;
        line_start_ = at_ + 2;
        at_ += 2;
      } else if (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }
  bool done() { return skip(), at_ == text_.size(); }
  bool take(std::string_view symbol) {
    skip();
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }
  std::string_view word() {
    skip();
    std::size_t length = 0;
    while (at_ + length < text_.size() && in_word(text_[at_ + length])) ++length;
    at_ += length;
    return text_.substr(at_ - length, length);
  }
  TextPlace place() { return skip(), TextPlace{line_, static_cast<int>(at_ - line_start_) + 1}; }
  template <class... Args>
  Unexpected wrong(fmt::format_string<Args...> format, Args&&... args) {
    const TextPlace here = place();
    return fail("{}:{}: {}", here.line, here.column, fmt::format(format, std::forward<Args>(args)...));
  }
  std::string shown_rest() {
    return skip(), at_ == text_.size() ? "the end of the line" : shown(text_.substr(at_).substr(0, 20));
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  int line_;
  std::size_t line_start_ = 0;
};

Result<std::uint64_t> constant(Line& line, int depth);

Result<std::uint64_t> single_constant(Line& line, int depth) {
  constexpr int kDeepest = 64;
  if (depth > kDeepest) return line.wrong("nested deeper than {} levels, expected fewer", kDeepest);
  if (line.take("~")) {
    const auto inner = single_constant(line, depth + 1);
    return inner ? Result<std::uint64_t>(~*inner) : inner;
  }
  if (line.take("(")) {
    const auto inner = constant(line, depth + 1);
    if (inner && !line.take(")")) return line.wrong("found {}, expected ')'", line.shown_rest());
    return inner;
  }
  const bool negative = line.take("-");
  Line ahead = line;
  const std::string_view word = ahead.word();
  if (const auto known = constant_value(word); known && !negative) {
    line = ahead;
    return *known;
  }
  // C's numbers: 0x hexadecimal, a leading 0 octal.
  std::uint64_t number = 0;
  const int base = word.starts_with("0x") || word.starts_with("0X") ? 16 : word.size() > 1 && word[0] == '0' ? 8 : 10;
  const std::string_view digits = base == 16 ? word.substr(2) : word;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return line.wrong("found {}, expected a number or a constant such as O_RDONLY",
                      word.empty() ? line.shown_rest() : shown(word));
  line = ahead;
  return negative ? ~number + 1 : number;
}

Result<std::uint64_t> constant(Line& line, int depth) {
  auto value = single_constant(line, depth);
  while (value && !Line(line).take("||") && line.take("|")) {
    const auto more = single_constant(line, depth);
    if (!more) return more;
    *value |= *more;
  }
  return value;
}

/// "arg1 in 0x3", with any of the operators.
Result<Condition> atom(Line& line) {
  Line ahead = line;
  const std::string_view argument = ahead.word();
  if (argument == "1") return line = ahead, always();
  if (argument.size() != 4 || !argument.starts_with("arg") || argument[3] < '0' || argument[3] > '5')
    return line.wrong("found {}, expected arg0 to arg5", argument.empty() ? line.shown_rest() : shown(argument));
  line = ahead;
  const auto index = static_cast<std::uint8_t>(argument[3] - '0');
  const std::pair<std::string_view, Compare> operators[] = {
      {"==", Compare::equal}, {"!=", Compare::not_equal}, {"<=", Compare::less_or_equal}, {">=", Compare::greater_or_equal},
      {"<", Compare::less},   {">", Compare::greater}};
  for (const auto& [symbol, compare] : operators) {
    if (!line.take(symbol)) continue;
    const auto value = constant(line, 0);
    if (!value) return fail(value.error());
    return test({index, compare, *value});
  }
  if (!Line(line).take("&&") && line.take("&")) {
    const auto bits = constant(line, 0);
    if (!bits) return fail(bits.error());
    return opposite(test({index, Compare::masked_equal, 0, *bits}));
  }
  ahead = line;
  if (ahead.word() != "in") return line.wrong("found {}, expected == != < <= > >= & or in", line.shown_rest());
  line = ahead;
  const auto bits = constant(line, 0);
  if (!bits) return fail(bits.error());
  return test({index, Compare::masked_equal, 0, ~*bits});
}

Result<Condition> located(Line& line, Result<Condition> condition) {
  if (condition) return condition;
  return line.wrong("{}", condition.error().message);
}

Result<Condition> expression(Line& line) {
  Condition any = never();
  do {
    Result<Condition> all = always();
    do {
      const auto next = atom(line);
      if (!next) return next;
      all = located(line, both(*all, *next));
      if (!all) return all;
    } while (line.take("&&"));
    auto more = located(line, either(any, *all));
    if (!more) return more;
    any = *std::move(more);
  } while (line.take("||"));
  return any;
}

Result<Action> errno_after_return(Line& line) {
  Line ahead = line;
  const TextPlace place = line.place();
  const auto value = constant(ahead, 0);
  if (!value || *value > 4095)
    return fail("{}:{}: found {}, expected an errno such as EPERM", place.line, place.column, line.shown_rest());
  line = ahead;
  return errno_action(static_cast<std::uint16_t>(*value));
}

/// What follows the colon: the ways out in their order.
Result<std::vector<std::pair<Condition, Action>>> filter_of(Line& line) {
  std::vector<std::pair<Condition, Action>> in_order;
  Line ahead = line;
  const std::string_view word = ahead.word();
  const bool is_action = word == "allow" || word == "kill" || word == "log" || word == "trap" || word == "trace";
  if (word == "return") {
    line = ahead;
  } else if (is_action && (Line(ahead).done())) {
    line = ahead;
    const ActionKind kind = word == "allow"  ? ActionKind::allow
                            : word == "kill" ? ActionKind::kill_thread
                            : word == "log"  ? ActionKind::log
                            : word == "trap" ? ActionKind::trap
                                             : ActionKind::trace;
    in_order.emplace_back(always(), Action{kind, 0});
    return in_order;
  } else {
    const auto condition = expression(line);
    if (!condition) return fail(condition.error());
    in_order.emplace_back(*condition, kAllowCall);
    if (!line.take(";")) return in_order;
    if (line.word() != "return") return line.wrong("expected 'return' and an errno after ';'");
  }
  const auto action = errno_after_return(line);
  if (!action) return fail(action.error());
  in_order.emplace_back(always(), *action);
  return in_order;
}

class MinijailReader {
 public:
  explicit MinijailReader(Profile& profile) : profile_(profile) {}

  Result<void> read(Line line) {
    const TextPlace place = line.place();
    if (line.done() || line.take("#")) return {};
    if (line.take("@")) {
      const std::string_view directive = line.word();
      if (directive == "frequency") return {};
      return fail("{}:{}: found @{}, expected a call or @include", place.line, place.column, directive);
    }
    std::vector<std::string> names;
    const bool list = line.take("{");
    do {
      auto name = syscall(line);
      if (!name) return fail(name.error());
      names.push_back(*std::move(name));
    } while (list && line.take(","));
    if (list && !line.take("}")) return line.wrong("found {}, expected ',' or '}}'", line.shown_rest());
    if (!line.take(":")) return line.wrong("found {}, expected ':' after the name of a syscall", line.shown_rest());
    const auto in_order = filter_of(line);
    if (!in_order) return fail(in_order.error());
    if (!line.done()) return line.wrong("found {}, expected the end of the line", line.shown_rest());
    for (const std::string& name : names) {
      const auto [first, fresh] = line_of_.emplace(name, place.line);
      if (!fresh)
        return fail("{}:{}: {} for the second time (first at line {}), expected one line for a call", place.line,
                    place.column, name, first->second);
      if (auto added = add(name, *in_order, place); !added) return added;
    }
    return {};
  }

 private:
  Result<std::string> syscall(Line& line) {
    const TextPlace place = line.place();
    const std::string name(line.word());
    const Abi machine = profile_.policy.architectures.front();
    if (starts_like_number(name)) {
      const auto number = parse_integer(name, 0, 0x3fffffff);
      if (!number) return fail("{}:{}: {}", place.line, place.column, number.error().message);
      return name;
    }
    if (syscall_number(machine, name)) return name;
    if (is_syscall_name(name))
      return fail("{}:{}: syscall {} does not exist on {}", place.line, place.column, shown(name), abi_name(machine));
    const std::string_view near = closest_syscall(name);
    if (near.empty() || name.empty())
      return fail("{}:{}: found {}, expected the name of a syscall", place.line, place.column,
                  name.empty() ? line.shown_rest() : shown(name));
    return fail("{}:{}: unknown syscall {}, did you mean '{}'?", place.line, place.column, shown(name), near);
  }

  Result<void> add(const std::string& name, const std::vector<std::pair<Condition, Action>>& in_order, TextPlace place) {
    auto rules = rules_in_order(name, in_order);
    if (!rules) return fail("{}:{}: {}", place.line, place.column, rules.error().message);
    if (in_order.front().first.empty())
      profile_.notes.push_back({ProfileNote::About::never_matches, place,
                                fmt::format("this rule for {} never matches: no arguments pass its tests", name)});
    for (Rule& rule : *rules) {
      if (rule.action == kKill && rule.when.empty()) continue;
      profile_.policy.rules.push_back(std::move(rule));
      profile_.places.push_back({place, {place}});
    }
    return {};
  }

  Profile& profile_;
  std::map<std::string, int> line_of_;
};

}  // namespace

Result<Profile> parse_minijail(std::string_view text, const std::string& file, Abi machine) {
  if (auto checked = check_text(text); !checked) return in_file<Profile>(file, fail(checked.error()));
  Profile profile{.file = file, .format = ProfileFormat::minijail};
  profile.policy.default_action = kKill;
  profile.policy.foreign_action = kKill;
  profile.policy.architectures = {machine};
  MinijailReader reader(profile);
  int number = 1;
  for (std::size_t start = 0; start < text.size();) {
    std::size_t end = std::min(text.find('\n', start), text.size());
    while (end < text.size() && end > start && text[end - 1] == '\\') end = std::min(text.find('\n', end + 1), text.size());
    const std::string_view line = text.substr(start, end - start);
    if (auto read = reader.read(Line(line, number)); !read) return in_file<Profile>(file, fail(read.error()));
    number += 1 + static_cast<int>(std::ranges::count(line, '\n'));
    start = end + 1;
  }
  return profile;
}

}  // namespace sandgauge
