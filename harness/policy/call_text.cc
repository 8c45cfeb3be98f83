#include "policy/call_text.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/shown.h"
#include "model/syscalls.h"
#include "policy/number.h"

namespace sandgauge {
namespace {

constexpr std::string_view kCallForm = "name(arguments), such as getpid(), uname(scratch) or mkdir(\"dir\", 0o755)@i386";
constexpr std::size_t kMostArguments = 6;

void skip_spaces(std::string_view& text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
}

std::string_view trimmed(std::string_view text) {
  skip_spaces(text);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::optional<char> escaped(std::string_view& text) {
  const char c = text.empty() ? '\0' : text.front();
  if (!text.empty()) text.remove_prefix(1);
  if (c == '"' || c == '\\') return c;
  if (c == 'n') return '\n';
  if (c == 't') return '\t';
  unsigned char byte = 0;
  if (c != 'x' || text.size() < 2) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 2, byte, 16);
  if (error != std::errc() || end != text.data() + 2 || byte == 0) return std::nullopt;
  text.remove_prefix(2);
  return static_cast<char>(byte);
}

/// Takes `"..."` from the front, the opening quote being there.
Result<std::string> take_quoted(std::string_view& text) {
  std::string value;
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '"') {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '\\') {
      value += c;
      continue;
    }
    const auto character = escaped(text);
    if (!character) return fail("a bad escape, expected \\\" \\\\ \\n \\t or \\x01 to \\xff");
    value += *character;
  }
  if (text.empty()) return fail("a text without its closing quote");
  text.remove_prefix(1);
  return value;
}

Result<CallArgument> take_argument(std::string_view& text) {
  if (text.starts_with('"')) {
    auto value = take_quoted(text);
    if (!value) return fail(value.error());
    return CallArgument{.kind = CallArgument::Kind::text, .text = *std::move(value)};
  }
  const std::string_view word = text.substr(0, text.find_first_of(",)"));
  text.remove_prefix(word.size());
  return parse_call_argument(trimmed(word));
}

/// Takes `argument, ...)` from the front.
Result<std::vector<CallArgument>> take_arguments(std::string_view& text) {
  std::vector<CallArgument> args;
  skip_spaces(text);
  while (!text.starts_with(')')) {
    if (!args.empty()) {
      if (!text.starts_with(',')) return fail("arguments without a ',' between or a ')' after them, expected {}", kCallForm);
      text.remove_prefix(1);
      skip_spaces(text);
    }
    auto argument = take_argument(text);
    if (!argument) return fail(argument.error());
    args.push_back(*std::move(argument));
    if (args.size() > kMostArguments) return fail("more than {} arguments", kMostArguments);
    skip_spaces(text);
  }
  text.remove_prefix(1);
  skip_spaces(text);
  return args;
}

}  // namespace

Result<CallArgument> parse_call_argument(std::string_view text) {
  if (text == "scratch") return CallArgument{.kind = CallArgument::Kind::scratch};
  if (!starts_like_number(text))
    return fail("unknown argument {}, expected a number, scratch or text in double quotes", shown(text));
  const auto number = parse_word(text);
  if (!number) return fail(number.error());
  return CallArgument{.number = *number};
}

Result<std::string> parse_syscall(std::string_view text, std::span<const Abi> abis) {
  constexpr std::int64_t kHighest = 0x3fffffff;
  if (starts_like_number(text)) {
    const auto number = parse_integer(text, 0, kHighest);
    if (!number) return fail("as a syscall, {}", number.error().message);
    return fmt::format("{}", *number);
  }
  if (std::ranges::any_of(abis, [&](Abi abi) { return syscall_number(abi, text).has_value(); })) return std::string(text);
  if (!is_syscall_name(text)) {
    const std::string_view near = closest_syscall(text);
    if (near.empty()) return fail("unknown syscall {}, expected a name or a number", shown(text));
    return fail("unknown syscall {}, did you mean '{}'?", shown(text), near);
  }
  std::string having;
  std::string listed;
  for (const Abi abi : kEveryAbi)
    if (syscall_number(abi, text)) having += fmt::format("{}{}", having.empty() ? "" : ", ", abi_name(abi));
  for (const Abi abi : abis) listed += fmt::format("{}{}", listed.empty() ? "" : ", ", abi_name(abi));
  return fail("the syscall '{}' exists only on {}, expected one of {}", text, having, listed);
}

Result<CallRequest> parse_call(std::string_view text) {
  const std::string_view whole = text;
  const auto open = text.find('(');
  if (open == std::string_view::npos) return fail("the call {} has no arguments, expected {}", shown(whole), kCallForm);
  const std::string_view name = trimmed(text.substr(0, open));
  text.remove_prefix(open + 1);
  auto args = take_arguments(text);
  if (!args) return fail("in the call {}: {}", shown(whole), args.error().message);
  CallRequest call{.args = *std::move(args)};
  if (text.starts_with('@')) {
    text.remove_prefix(1);
    const auto abi = parse_abi(trimmed(text));
    if (!abi)
      return fail("unknown architecture {} of the call {}, expected x86_64, i386, x32 or aarch64", shown(trimmed(text)),
                  shown(whole));
    call.abi = *abi;
  } else if (!text.empty()) {
    return fail("the call {} goes on after its ')', expected {}", shown(whole), kCallForm);
  }
  auto syscall = parse_syscall(name, {&call.abi, 1});
  if (!syscall) return fail(syscall.error());
  call.syscall = *std::move(syscall);
  if (auto fits = check_width(call); !fits) return fail("in the call {}: {}", shown(whole), fits.error().message);
  return call;
}

Result<void> check_width(const CallRequest& call) {
  if (call.abi != Abi::i386) return {};
  constexpr std::uint64_t kMost = 0xffff'ffff;
  constexpr std::uint64_t kLeastNegative = 0xffff'ffff'8000'0000;
  for (const CallArgument& argument : call.args)
    if (argument.kind == CallArgument::Kind::number && argument.number > kMost && argument.number < kLeastNegative)
      return fail("argument {:#x} is wider than an i386 call's 32 bits, expected at most 0xffffffff", argument.number);
  return {};
}

}  // namespace sandgauge
