#include "model/action.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/errno_text.h"

namespace sandgauge {
namespace {

struct Spelling {
  std::string_view name;
  ActionKind kind;
};
constexpr Spelling kSpellings[] = {
    {"KILL", ActionKind::kill_thread},
    {"KILL_THREAD", ActionKind::kill_thread},
    {"KILL_PROCESS", ActionKind::kill_process},
    {"TRAP", ActionKind::trap},
    {"ERRNO", ActionKind::error},
    {"TRACE", ActionKind::trace},
    {"LOG", ActionKind::log},
    {"ALLOW", ActionKind::allow},
    {"NOTIFY", ActionKind::notify},
    {"USER_NOTIF", ActionKind::notify},
};

std::optional<std::uint32_t> unsigned_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool takes_data(ActionKind kind) {
  return kind == ActionKind::error || kind == ActionKind::trap || kind == ActionKind::trace;
}

}  // namespace

std::uint32_t return_value(Action action) {
  switch (action.kind) {
    case ActionKind::kill_process: return SECCOMP_RET_KILL_PROCESS | action.data;
    case ActionKind::kill_thread: return SECCOMP_RET_KILL_THREAD | action.data;
    case ActionKind::trap: return SECCOMP_RET_TRAP | action.data;
    case ActionKind::error: return SECCOMP_RET_ERRNO | action.data;
    case ActionKind::notify: return SECCOMP_RET_USER_NOTIF | action.data;
    case ActionKind::trace: return SECCOMP_RET_TRACE | action.data;
    case ActionKind::log: return SECCOMP_RET_LOG | action.data;
    case ActionKind::allow: return SECCOMP_RET_ALLOW | action.data;
  }
  return SECCOMP_RET_KILL_PROCESS;
}

Action action_of_return_value(std::uint32_t value) {
  const auto data = static_cast<std::uint16_t>(value & SECCOMP_RET_DATA);
  switch (value & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_KILL_THREAD: return {ActionKind::kill_thread, 0};
    case SECCOMP_RET_TRAP: return {ActionKind::trap, data};
    case SECCOMP_RET_ERRNO: return {ActionKind::error, std::min(data, kHighestErrno)};
    case SECCOMP_RET_USER_NOTIF: return {ActionKind::notify, 0};
    case SECCOMP_RET_TRACE: return {ActionKind::trace, data};
    case SECCOMP_RET_LOG: return {ActionKind::log, 0};
    case SECCOMP_RET_ALLOW: return {ActionKind::allow, 0};
    default: return {ActionKind::kill_process, 0};
  }
}

std::string_view kind_name(ActionKind kind) {
  switch (kind) {
    case ActionKind::kill_process: return "KILL_PROCESS";
    case ActionKind::kill_thread: return "KILL";
    case ActionKind::trap: return "TRAP";
    case ActionKind::error: return "ERRNO";
    case ActionKind::notify: return "NOTIFY";
    case ActionKind::trace: return "TRACE";
    case ActionKind::log: return "LOG";
    case ActionKind::allow: return "ALLOW";
  }
  return "?";
}

std::string to_string(Action action) {
  if (action.kind == ActionKind::error) return fmt::format("ERRNO({})", errno_name(action.data));
  if (action.kind == ActionKind::trace || (takes_data(action.kind) && action.data != 0))
    return fmt::format("{}({})", kind_name(action.kind), action.data);
  return std::string(kind_name(action.kind));
}

Result<Action> parse_action(std::string_view text) {
  const std::string_view whole = text;
  std::optional<std::string_view> argument;
  if (const auto open = text.find('('); open != std::string_view::npos && text.ends_with(')')) {
    argument = text.substr(open + 1, text.size() - open - 2);
    text = text.substr(0, open);
  }
  if (text.starts_with("SCMP_ACT_")) text.remove_prefix(9);
  const auto* spelling = std::ranges::find(kSpellings, text, &Spelling::name);
  if (spelling == std::end(kSpellings))
    return fail("unknown action '{}', expected KILL, KILL_PROCESS, TRAP, ERRNO(errno), TRACE(n), LOG, ALLOW or NOTIFY",
                whole);
  Action action{spelling->kind, 0};
  if (!argument) {
    if (action.kind == ActionKind::error) action.data = EPERM;
    return action;
  }
  if (!takes_data(action.kind)) return fail("action {} takes no argument, found '{}'", text, whole);
  if (action.kind == ActionKind::error) {
    const auto error = errno_number(*argument);
    if (!error || *error > kHighestErrno)
      return fail("unknown errno '{}' in '{}', expected a name such as EPERM or a number from 0 to 4095", *argument, whole);
    action.data = static_cast<std::uint16_t>(*error);
    return action;
  }
  const auto data = unsigned_number(*argument);
  if (!data || *data > SECCOMP_RET_DATA) return fail("'{}': expected a number from 0 to 65535", whole);
  action.data = static_cast<std::uint16_t>(*data);
  return action;
}

}  // namespace sandgauge
