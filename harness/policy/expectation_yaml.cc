#include "policy/expectation_yaml.h"

#include <charconv>
#include <limits>

#include "base/errno_text.h"
#include "base/shown.h"
#include "model/syscalls.h"
#include "policy/call_text.h"
#include "policy/policy_fields.h"
#include "policy/yaml_value.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kHighestData = 0xffff;
constexpr std::int64_t kHighestCount = 1'000'000'000;
constexpr std::int64_t kHighestSignal = 64;  // _NSIG of the kernel's include/uapi/asm-generic/signal.h
constexpr std::uint32_t kActionMask = 0xffff0000;

Result<int> int_of(const Yaml& node, std::int64_t least, std::int64_t most) {
  const auto number = integer_of(node, least, most);
  if (!number) return fail(number.error());
  return static_cast<int>(*number);
}

Result<int> exit_of(const Yaml& node) { return int_of(node, 0, 255); }

Result<int> signal_of(const Yaml& node, int least) {
  const auto text = term_of(node, "a signal such as SIGSYS");
  if (!text) return fail(text.error());
  const auto number = signal_number(*text);
  if (!number || *number < least || *number > kHighestSignal)
    return fail_at(node, "unknown signal {}, expected a name such as SIGSYS or a number from {} to {}", shown(*text), least,
                   kHighestSignal);
  return *number;
}

Result<std::uint64_t> count_of(const Yaml& node) {
  const auto number = integer_of(node, 0, kHighestCount);
  if (!number) return fail(number.error());
  return static_cast<std::uint64_t>(*number);
}

Result<std::uint32_t> word32_of(const Yaml& node) {
  const auto number = integer_of(node, 0, std::numeric_limits<std::uint32_t>::max());
  if (!number) return fail(number.error());
  return static_cast<std::uint32_t>(*number);
}

Result<std::uint32_t> arch_of(const Yaml& node) {
  if (starts_like_number(node.text)) return word32_of(node);
  const auto abi = abi_of(node);
  if (!abi) return fail(abi.error());
  return audit_arch(*abi);
}

/// siginfo's si_errno: the TRAP's data, which may be any 16 bits.
Result<int> data_of(const Yaml& node) {
  if (node.kind == Yaml::Kind::scalar && !starts_like_number(node.text))
    if (const auto number = errno_number(node.text)) return *number;
  return int_of(node, 0, kHighestData);
}

/// The number as si_syscall shows it: x32 with bit 30.
Result<int> shown_syscall_of(const Yaml& node, Abi abi) {
  if (starts_like_number(node.text)) return int_of(node, -1, std::numeric_limits<int>::max());
  const auto text = term_of(node, "the name or the number of a syscall");
  if (!text) return fail(text.error());
  const auto name = at(node, parse_syscall(*text, {&abi, 1}));
  if (!name) return fail(name.error());
  const auto number = static_cast<std::uint32_t>(*syscall_number(abi, *name));
  return static_cast<int>(abi == Abi::x32 ? number | kX32Bit : number);
}

/// What is left is a block whose every field is unset: it looks like a claim and is none.
template <class Block>
Result<Block> claiming(const Yaml& node, Block block, std::string_view expected) {
  if (block == Block()) return fail_at(node, "it claims nothing, expected at least one of {}", expected);
  return block;
}

Result<SiginfoExpectation> siginfo_of(const Yaml& node, Abi abi) {
  SiginfoExpectation siginfo;
  if (const YamlNode* arch = node.find("arch"); arch != nullptr && !starts_like_number((*arch)->text)) {
    const auto own = abi_of(**arch);
    if (!own) return fail(own.error());
    abi = *own;
  }
  Fields fields(node);
  fields.take("code", siginfo.code, [](const Yaml& value) {
    return int_of(value, std::numeric_limits<int>::min(), std::numeric_limits<int>::max());
  });
  fields.take("errno", siginfo.error, data_of);
  fields.take("syscall", siginfo.syscall, [abi](const Yaml& value) { return shown_syscall_of(value, abi); });
  fields.take("arch", siginfo.arch, arch_of);
  if (auto read = fields.end(); !read) return fail(read.error());
  return claiming(node, siginfo, "code, errno, syscall and arch");
}

Result<TraceExpectation> trace_of(const Yaml& node) {
  TraceExpectation trace;
  Fields fields(node);
  fields.take("message", trace.message, [](const Yaml& value) -> Result<std::uint32_t> {
    const auto number = integer_of(value, 0, kHighestData);
    if (!number) return fail(number.error());
    return static_cast<std::uint32_t>(*number);
  });
  fields.take("count", trace.count, count_of);
  if (auto read = fields.end(); !read) return fail(read.error());
  return claiming(node, trace, "message and count");
}

Result<NotificationExpectation> notification_of(const Yaml& node) {
  NotificationExpectation notification;
  Fields fields(node);
  fields.take("count", notification.count, count_of);
  fields.take("args", notification.args, [](const Yaml& args) -> Result<std::vector<std::optional<std::uint64_t>>> {
    if (args.items.size() > 6) return fail_at(args, "found {} arguments, expected at most 6", args.items.size());
    return list_of(args, [](const Yaml& value) -> Result<std::optional<std::uint64_t>> {
      if (value.kind == Yaml::Kind::nothing) return std::optional<std::uint64_t>();
      const auto word = word_of(value);
      if (!word) return fail(word.error());
      return std::optional<std::uint64_t>(*word);
    });
  });
  if (auto read = fields.end(); !read) return fail(read.error());
  return claiming(node, std::move(notification), "count and args");
}

Result<std::uint32_t> audit_code_of(const Yaml& node) {
  if (starts_like_number(node.text)) return word32_of(node);
  const auto action = action_of(node);
  if (!action) return fail(action.error());
  return return_value(*action) & kActionMask;
}

Result<AuditExpectation> audit_of(const Yaml& node) {
  AuditExpectation audit;
  if (node.kind == Yaml::Kind::scalar && node.text == "none") {
    audit.none = true;
    return audit;
  }
  if (node.kind != Yaml::Kind::map)
    return fail_at(node, "found {}, expected none or a map of signal, code, arch and count", found(node));
  Fields fields(node);
  fields.take("signal", audit.signal, [](const Yaml& value) { return signal_of(value, 0); });
  fields.take("code", audit.code, audit_code_of);
  fields.take("arch", audit.arch, arch_of);
  fields.take("count", audit.count, count_of);
  if (auto read = fields.end(); !read) return fail(read.error());
  return claiming(node, audit, "signal, code, arch and count");
}

Result<std::vector<std::string>> paths_of(const Yaml& node) { return one_or_list_of(node, filled_text_of); }

}  // namespace

Result<Expectation> expectation_of(const Yaml& node, Abi call_abi) {
  Expectation expect;
  Fields fields(node);
  fields.take("exit", expect.exit, exit_of);
  fields.take("signal", expect.signal, [](const Yaml& value) { return signal_of(value, 1); });
  fields.take("core", expect.core, boolean_of);
  fields.take("stdout", expect.out, text_of);
  fields.take("stderr", expect.err, text_of);
  fields.take("action", expect.action, action_of);
  fields.take("errno", expect.error, errno_of);
  fields.take("returns", expect.returns, [](const Yaml& value) {
    return integer_of(value, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  });
  fields.take("siginfo", expect.siginfo, [call_abi](const Yaml& value) { return siginfo_of(value, call_abi); });
  fields.take("trace", expect.trace, trace_of);
  fields.take("notification", expect.notification, notification_of);
  fields.take("audit", expect.audit, audit_of);
  fields.take("absent", expect.absent, paths_of);
  fields.take("present", expect.present, paths_of);
  fields.take("within", expect.within, duration_of);
  if (auto read = fields.end(); !read) return fail(read.error());
  if (expect.exit && expect.signal)
    return fail_at(**node.find("signal"), "an exit and a signal together, expected one way to end");
  return claiming(node, std::move(expect), "exit, signal, stdout, stderr, action, errno and the others");
}

}  // namespace sandgauge
