#include "policy/kafel_parser.h"

#include <algorithm>
#include <map>

#include "base/shown.h"
#include "model/syscalls.h"
#include "policy/kafel_compare.h"
#include "policy/kafel_words.h"

namespace sandgauge {
namespace {

using Kind = KafelWord::Kind;

constexpr int kDeepestPolicy = 64;
constexpr std::size_t kMostRules = 20'000;

class Parser {
 public:
  Parser(std::vector<KafelWord> words, Abi machine) : words_(std::move(words)), machine_(machine) {}

  Result<void> parse() {
    while (word().kind != Kind::end)
      if (auto read = statement(); !read) return read;
    return {};
  }

  std::vector<KafelMatch> top;
  Action otherwise{ActionKind::kill_thread, 0};

 private:
  const KafelWord& word() const { return words_[at_]; }
  bool is(std::string_view text) const { return word().kind != Kind::end && word().text == text; }
  bool take(std::string_view text) { return is(text) && (++at_, true); }

  template <class... Args>
  static Unexpected wrong(const KafelWord& where, fmt::format_string<Args...> format, Args&&... args) {
    return fail("{}:{}: {}", where.place.line, where.place.column, fmt::format(format, std::forward<Args>(args)...));
  }
  Unexpected unexpected(std::string_view expected) const {
    return wrong(word(), "found {}, expected {}", word().kind == Kind::end ? "the end" : shown(word().text), expected);
  }
  Result<void> expect(std::string_view text) {
    if (take(text)) return {};
    return unexpected(fmt::format("'{}'", text));
  }
  Result<std::string> name(std::string_view what) {
    if (word().kind != Kind::name) return unexpected(what);
    return std::string(words_[at_++].text);
  }
  Result<std::uint64_t> number(std::string_view what) {
    if (word().kind == Kind::name) {
      const auto known = constants_.find(word().text);
      if (known == constants_.end()) return unexpected(what);
      ++at_;
      return known->second;
    }
    if (word().kind != Kind::number) return unexpected(what);
    return words_[at_++].number;
  }

  Result<void> statement() {
    if (take(",") || take(";")) return {};
    if (is("#")) return directive();
    if (take("POLICY")) return policy();
    if (take("DEFAULT")) {
      if (has_default_) return wrong(words_[at_ - 1], "DEFAULT for the second time, expected it once");
      has_default_ = true;
      const auto read = action();
      if (!read) return fail(read.error());
      otherwise = *read;
      return {};
    }
    return entry(top);
  }

  Result<void> directive() {
    const KafelWord& hash = words_[at_++];
    if (take("include")) return wrong(hash, "#include, expected it at the start of a line");
    if (auto read = expect("define"); !read) return read;
    const auto constant = name("the name of a constant");
    if (!constant) return fail(constant.error());
    const auto value = number("a number");
    if (!value) return fail(value.error());
    if (!constants_.emplace(*constant, *value).second) return wrong(hash, "constant '{}' for the second time", *constant);
    return {};
  }

  Result<void> policy() {
    const KafelWord& place = word();
    const auto title = name("the name of a policy");
    if (!title) return fail(title.error());
    if (policies_.contains(*title))
      return wrong(place, "policy {} for the second time, expected another name", shown(*title));
    if (auto read = expect("{"); !read) return read;
    std::vector<KafelMatch> matches;
    while (!take("}")) {
      if (take(",")) continue;
      if (auto read = entry(matches); !read) return read;
    }
    policies_.emplace(*title, std::move(matches));
    return {};
  }

  /// USE, or an action with its calls.
  Result<void> entry(std::vector<KafelMatch>& into) {
    if (take("USE")) {
      const KafelWord& place = word();
      const auto title = name("the name of a policy");
      if (!title) return fail(title.error());
      const auto used = policies_.find(*title);
      if (used == policies_.end())
        return wrong(place, "unknown policy {}, expected one that is defined before", shown(*title));
      into.insert(into.end(), used->second.begin(), used->second.end());
      return check_count(into, place);
    }
    const auto read = action();
    if (!read) return fail(read.error());
    if (auto opened = expect("{"); !opened) return opened;
    while (!take("}")) {
      if (take(",")) continue;
      if (auto matched = match(*read, into); !matched) return matched;
    }
    return {};
  }

  static Result<void> check_count(const std::vector<KafelMatch>& matches, const KafelWord& place) {
    if (matches.size() <= kMostRules) return {};
    return wrong(place, "more than {} rules, expected fewer", kMostRules);
  }

  Result<Action> action() {
    const KafelWord& place = word();
    const auto title = name("POLICY, USE, DEFAULT, #define or an action such as ALLOW");
    if (!title) return fail(title.error());
    if (*title == "ALLOW") return Action{ActionKind::allow, 0};
    if (*title == "LOG") return Action{ActionKind::log, 0};
    if (*title == "KILL" || *title == "KILL_THREAD" || *title == "DENY") return Action{ActionKind::kill_thread, 0};
    if (*title == "KILL_PROCESS") return Action{ActionKind::kill_process, 0};
    if (*title == "USER_NOTIF") return Action{ActionKind::notify, 0};
    const ActionKind kind = *title == "ERRNO" ? ActionKind::error : *title == "TRAP" ? ActionKind::trap : ActionKind::trace;
    if (kind == ActionKind::trace && *title != "TRACE")
      return wrong(place,
                   "unknown action {}, expected ALLOW, LOG, KILL, KILL_THREAD, KILL_PROCESS, DENY, USER_NOTIF, ERRNO(n), "
                   "TRAP(n) or TRACE(n)",
                   shown(*title));
    if (auto opened = expect("("); !opened) return fail(opened.error());
    const KafelWord& data = word();
    const auto value = number("a number");
    if (!value) return fail(value.error());
    if (*value > 0xffff) return wrong(data, "{} is out of range, expected a number from 0 to 65535", *value);
    if (auto closed = expect(")"); !closed) return fail(closed.error());
    return Action{kind, static_cast<std::uint16_t>(*value)};
  }

  Result<void> match(Action action, std::vector<KafelMatch>& into) {
    const KafelWord& place = word();
    by_number_ = is("SYSCALL") || constants_.contains(place.text);
    const auto syscall = read_syscall();
    if (!syscall) return fail(syscall.error());
    declared_.clear();
    if (take("(")) {
      while (!take(")")) {
        if (take(",")) continue;
        const auto argument = name("the name of an argument");
        if (!argument) return fail(argument.error());
        if (declared_.size() == 6) return wrong(words_[at_ - 1], "a seventh argument, expected at most 6");
        declared_.push_back(*argument);
      }
      has_declared_ = true;
    } else {
      has_declared_ = false;
    }
    bool here = true;
    if (take("ON")) {
      const auto listed = machines();
      if (!listed) return fail(listed.error());
      here = *listed;
    }
    Condition condition = always();
    if (take("{") && !take("}")) {
      syscall_ = *syscall;
      auto read = comma_expression(0);
      if (!read) return fail(read.error());
      condition = *std::move(read);
      if (auto closed = expect("}"); !closed) return closed;
    }
    if (here) into.push_back({*syscall, std::move(condition), action, place.place});
    return check_count(into, place);
  }

  /// ON x86_64, or ON {x86_64, aarch64}: whether this machine is among them.
  Result<bool> machines() {
    bool here = false;
    const bool list = take("{");
    do {
      const auto machine = name("an architecture such as x86_64");
      if (!machine) return fail(machine.error());
      here = here || parse_abi(*machine) == machine_;
    } while (list && take(","));
    if (list) {
      if (auto closed = expect("}"); !closed) return fail(closed.error());
    }
    return here;
  }

  Result<std::string> read_syscall() {
    const KafelWord& place = word();
    if (take("SYSCALL")) {
      if (auto opened = expect("["); !opened) return fail(opened.error());
      const auto value = number("the number of a syscall");
      if (!value) return fail(value.error());
      if (auto closed = expect("]"); !closed) return fail(closed.error());
      return syscall_of_number(*value, place);
    }
    const auto title = name("the name of a syscall");
    if (!title) return fail(title.error());
    if (const auto constant = constants_.find(*title); constant != constants_.end())
      return syscall_of_number(constant->second, place);
    const std::string_view known = kafel_syscall(*title);
    if (syscall_number(machine_, known)) return std::string(known);
    if (is_syscall_name(known)) return wrong(place, "syscall {} does not exist on {}", shown(*title), abi_name(machine_));
    const std::string_view near = closest_syscall(known);
    return near.empty() ? wrong(place, "unknown syscall {}", shown(*title))
                        : wrong(place, "unknown syscall {}, did you mean '{}'?", shown(*title), near);
  }

  Result<std::string> syscall_of_number(std::uint64_t value, const KafelWord& place) const {
    if (value >= kX32Bit) return wrong(place, "syscall number {} is out of range, expected less than {:#x}", value, kX32Bit);
    const std::string_view known = syscall_name(machine_, static_cast<std::int32_t>(value));
    return known.empty() ? std::to_string(value) : std::string(known);
  }

  Result<Condition> comma_expression(int depth) {
    auto condition = or_expression(depth);
    while (condition && take(",")) {
      const auto next = or_expression(depth);
      if (!next) return next;
      condition = located(either(*condition, *next));
    }
    return condition;
  }
  Result<Condition> or_expression(int depth) {
    auto condition = and_expression(depth);
    while (condition && take("||")) {
      const auto next = and_expression(depth);
      if (!next) return next;
      condition = located(either(*condition, *next));
    }
    return condition;
  }
  Result<Condition> and_expression(int depth) {
    auto condition = primary(depth);
    while (condition && take("&&")) {
      const auto next = primary(depth);
      if (!next) return next;
      condition = located(both(*condition, *next));
    }
    return condition;
  }
  Result<Condition> located(Result<Condition> condition) const {
    if (condition) return condition;
    return wrong(word(), "{}", condition.error().message);
  }

  Result<Condition> primary(int depth) {
    if (depth > kDeepestPolicy) return wrong(word(), "nested deeper than {} levels, expected fewer", kDeepestPolicy);
    if (take("!")) {
      const auto inner = primary(depth + 1);
      return inner ? located(opposite(*inner)) : inner;
    }
    // A parenthesis is around a whole expression, or around one side of a comparison.
    if (is("(")) {
      const std::size_t start = at_++;
      auto inner = comma_expression(depth + 1);
      if (inner && take(")")) return inner;
      const std::size_t furthest = at_;
      at_ = start;
      auto compared = comparison();
      return compared || at_ >= furthest || inner ? compared : inner;
    }
    return comparison();
  }

  Result<Condition> comparison() {
    const auto left = operand();
    if (!left) return fail(left.error());
    const KafelWord& symbol = word();
    const std::pair<std::string_view, Compare> operators[] = {{"==", Compare::equal},  {"!=", Compare::not_equal},
                                                              {"<", Compare::less},    {"<=", Compare::less_or_equal},
                                                              {">", Compare::greater}, {">=", Compare::greater_or_equal}};
    const auto* known = std::ranges::find(operators, symbol.text, &std::pair<std::string_view, Compare>::first);
    if (known == std::end(operators) || symbol.kind != Kind::symbol) return unexpected("a comparison: == != < <= > >=");
    ++at_;
    const auto right = operand();
    if (!right) return fail(right.error());
    if (left->is_argument == right->is_argument)
      return wrong(symbol, "found {}, expected an argument compared with a number",
                   left->is_argument ? "two arguments" : "two numbers");
    const Compare compare = left->is_argument ? known->second : turned(known->second);
    return located(
        kafel_condition(left->is_argument ? *left : *right, compare, (left->is_argument ? *right : *left).number, symbol));
  }

  /// argument, number, number | number, argument & number; also in parentheses.
  Result<KafelOperand> operand() {
    if (take("(")) {
      auto inner = operand_inside();
      if (!inner) return inner;
      if (auto closed = expect(")"); !closed) return fail(closed.error());
      return inner;
    }
    return operand_inside();
  }

  Result<KafelOperand> operand_inside() {
    auto left = single();
    while (left && (is("&") || is("|"))) {
      const KafelWord& symbol = words_[at_++];
      const auto right = take("(") ? operand_in_parentheses() : single();
      if (!right) return right;
      if (!left->is_argument && !right->is_argument) {
        left->number = symbol.text == "&" ? left->number & right->number : left->number | right->number;
        continue;
      }
      if (symbol.text == "|" || left->is_argument == right->is_argument || left->masked || right->masked)
        return wrong(symbol, "found '{}' between these two, expected an argument & a number", symbol.text);
      KafelOperand masked = left->is_argument ? *left : *right;
      masked.masked = true;
      masked.number = (left->is_argument ? *right : *left).number;
      left = masked;
    }
    return left;
  }
  Result<KafelOperand> operand_in_parentheses() {
    auto inner = single();
    while (inner && take("|")) {
      const auto more = single();
      if (!more) return more;
      if (inner->is_argument || more->is_argument) return unexpected("numbers joined by |");
      inner->number |= more->number;
    }
    if (!inner) return inner;
    if (auto closed = expect(")"); !closed) return fail(closed.error());
    return inner;
  }

  Result<KafelOperand> single() {
    const KafelWord& place = word();
    if (place.kind == Kind::number || constants_.contains(place.text)) {
      const auto value = number("a number");
      if (!value) return fail(value.error());
      return KafelOperand{.number = *value};
    }
    const auto title = name("an argument or a number");
    if (!title) return fail(title.error());
    if (has_declared_) {
      const auto found = std::ranges::find(declared_, *title);
      if (found == declared_.end())
        return wrong(place, "unknown argument {}, expected one of those declared", shown(*title));
      const auto index = static_cast<std::uint8_t>(found - declared_.begin());
      return KafelOperand{.is_argument = true, .argument = {index, !by_number_ && kafel_is_narrow(syscall_, index)}};
    }
    if (const auto known = kafel_argument(syscall_, *title)) return KafelOperand{.is_argument = true, .argument = *known};
    return wrong(
        place,
        "unknown argument {} of {}, expected its name in the kernel's sources; it can be declared: {}(a, b) {{ ... }}",
        shown(*title), syscall_, syscall_);
  }

  std::vector<KafelWord> words_;
  std::size_t at_ = 0;
  Abi machine_;
  bool has_default_ = false;
  std::map<std::string, std::uint64_t, std::less<>> constants_;
  std::map<std::string, std::vector<KafelMatch>> policies_;
  std::string syscall_;  // whose arguments are being read
  std::vector<std::string> declared_;
  bool has_declared_ = false;
  bool by_number_ = false;  // then Kafel knows nothing of the arguments, and compares 64 bits
};

}  // namespace

Result<KafelPolicy> parse_kafel_words(std::vector<KafelWord> words, Abi machine) {
  Parser parser(std::move(words), machine);
  if (auto parsed = parser.parse(); !parsed) return fail(parsed.error());
  return KafelPolicy{std::move(parser.top), parser.otherwise};
}

}  // namespace sandgauge
