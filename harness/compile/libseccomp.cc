#include "compile/libseccomp.h"

#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "base/deadline.h"
#include "base/errno_text.h"
#include "base/unique_fd.h"
#include "model/call.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

using Context = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

std::uint32_t token_of(Abi abi) {
  switch (abi) {
    case Abi::i386: return SCMP_ARCH_X86;
    case Abi::x32: return SCMP_ARCH_X32;
    case Abi::aarch64: return SCMP_ARCH_AARCH64;
    case Abi::x86_64: break;
  }
  return SCMP_ARCH_X86_64;
}

/// SCMP_ACT_* are the kernel's values.
std::uint32_t scmp_action(Action action) { return return_value(action_of_return_value(return_value(action))); }

scmp_arg_cmp scmp_test(const ArgumentTest& test) {
  switch (test.compare) {
    case Compare::equal: return {test.index, SCMP_CMP_EQ, test.value, 0};
    case Compare::not_equal: return {test.index, SCMP_CMP_NE, test.value, 0};
    case Compare::less: return {test.index, SCMP_CMP_LT, test.value, 0};
    case Compare::less_or_equal: return {test.index, SCMP_CMP_LE, test.value, 0};
    case Compare::greater: return {test.index, SCMP_CMP_GT, test.value, 0};
    case Compare::greater_or_equal: return {test.index, SCMP_CMP_GE, test.value, 0};
    case Compare::masked_equal: break;
  }
  return {test.index, SCMP_CMP_MASKED_EQ, test.mask, test.value};
}

/// "rule 2, uname (63), x86_64, arg0 == 1: KILL".
std::string describe(const ResolvedRule& rule) {
  std::string text =
      fmt::format("rule {}, {}, {}", rule.rule_index + 1, describe_syscall(rule.abi, rule.number), abi_name(rule.abi));
  for (const ArgumentTest& test : rule.when) text += ", " + to_string(test);
  return fmt::format("{}: {}", text, to_string(rule.action));
}

bool can_be_called(const ResolvedRule& rule) {
  const Call call{.abi = rule.abi, .number = rule.number};
  Call seen;
  return from_seccomp_data(to_seccomp_data(call), seen) && seen == call;
}

/// True if one argument would have to have two values.
bool exclude_each_other(const ResolvedRule& a, const ResolvedRule& b) {
  for (const ArgumentTest& x : a.when)
    for (const ArgumentTest& y : b.when)
      if (x.compare == Compare::equal && y.compare == Compare::equal && x.index == y.index && x.value != y.value)
        return true;
  return false;
}

/// Whether leaving out a rule that does what the default does changes no answer: wherever it matches together with another
/// rule, that one wins or does the same.
bool is_redundant(const ResolvedRule& rule, const std::vector<ResolvedRule>& all) {
  return std::ranges::all_of(all, [&](const ResolvedRule& other) {
    if (other.abi != rule.abi || other.number != rule.number || exclude_each_other(rule, other)) return true;
    const Action winner = &other < &rule ? stricter(other.action, rule.action) : stricter(rule.action, other.action);
    return winner == other.action;
  });
}

/// The number by which seccomp_rule_add(3) takes a call: it reads every number as the native ABI's, and turns it into that
/// of the filter's ABI by name. Names that the native ABI lacks have negative numbers of libseccomp's own.
Result<int> scmp_number(const ResolvedRule& rule) {
  if (rule.number < -1) return fail("libseccomp cannot express {}: it keeps negative numbers for itself", describe(rule));
  if (rule.abi == native_abi() || rule.number == -1) return rule.number;
  const int raw = to_seccomp_data({.abi = rule.abi, .number = rule.number}).nr;
  const std::unique_ptr<char, void (*)(void*)> name(seccomp_syscall_resolve_num_arch(token_of(rule.abi), raw), std::free);
  if (!name) return fail("libseccomp cannot express {}: it does not know this call", describe(rule));
  return seccomp_syscall_resolve_name(name.get());
}

Result<void> add_rule(scmp_filter_ctx filter, const ResolvedRule& rule) {
  std::vector<scmp_arg_cmp> tests;
  for (const ArgumentTest& test : rule.when) {
    const scmp_arg_cmp next = scmp_test(test);
    if (std::ranges::find(tests, next.arg, &scmp_arg_cmp::arg) != tests.end())
      return fail("libseccomp cannot express {}: it tests an argument once in a rule", describe(rule));
    tests.push_back(next);
  }
  const Result<int> number = scmp_number(rule);
  if (!number) return fail(number.error());
  const int status = seccomp_rule_add_array(filter, scmp_action(rule.action), *number, static_cast<unsigned>(tests.size()),
                                            tests.empty() ? nullptr : tests.data());
  if (status != 0) return fail("libseccomp refuses {}: {}", describe(rule), errno_text(-status));
  return {};
}

/// A filter for one ABI without rules.
Result<Context> empty_filter(const Policy& policy, int optimise, Abi abi) {
  Context filter(seccomp_init(scmp_action(policy.default_action)), seccomp_release);
  if (!filter) return fail("libseccomp refuses the default action {}", to_string(policy.default_action));
  const struct {
    scmp_filter_attr attribute;
    std::uint32_t value;
    std::string what;
  } settings[] = {
      {SCMP_FLTATR_ACT_BADARCH, scmp_action(policy.foreign_action),
       "the foreign action " + to_string(policy.foreign_action)},
      {SCMP_FLTATR_CTL_OPTIMIZE, static_cast<std::uint32_t>(optimise), fmt::format("optimise level {}", optimise)},
      {SCMP_FLTATR_API_TSKIP, 1, "rules for the number -1"},
  };
  for (const auto& setting : settings)
    if (const int status = seccomp_attr_set(filter.get(), setting.attribute, setting.value); status != 0)
      return fail("libseccomp refuses {}: {}", setting.what, errno_text(-status));
  if (abi == native_abi()) return filter;
  int status = seccomp_arch_add(filter.get(), token_of(abi));
  if (status == 0) status = seccomp_arch_remove(filter.get(), token_of(native_abi()));
  if (status != 0) return fail("libseccomp refuses the architecture {}: {}", abi_name(abi), errno_text(-status));
  return filter;
}

Result<Context> filter_of_abi(const Policy& policy, int optimise, Abi abi, const std::vector<ResolvedRule>& rules) {
  Result<Context> filter = empty_filter(policy, optimise, abi);
  if (!filter) return filter;
  for (const ResolvedRule& rule : rules) {
    if (rule.abi != abi || !can_be_called(rule)) continue;
    if (scmp_action(rule.action) == scmp_action(policy.default_action)) {  // which libseccomp answers with EACCES
      if (is_redundant(rule, rules)) continue;
      return fail("libseccomp cannot express {}: it takes no rule that does what the default does", describe(rule));
    }
    if (const Result<void> added = add_rule(filter->get(), rule); !added) return fail(added.error());
  }
  return filter;
}

/// One filter for each ABI, merged: so that a number means that ABI's and nothing else.
Result<void> write_filter(const Policy& policy, int optimise, const std::vector<ResolvedRule>& rules, int fd) {
  // What libseccomp 2.5 knows, whatever the kernel here knows: the filter is not loaded here.
  constexpr unsigned kNewestApi = 6;
  if (const int status = seccomp_api_set(kNewestApi); status != 0) return fail("seccomp_api_set: {}", errno_text(-status));
  Context merged(nullptr, seccomp_release);
  for (std::size_t i = 0; i < policy.architectures.size(); ++i) {
    const Abi abi = policy.architectures[i];
    if (std::find(policy.architectures.begin(), policy.architectures.begin() + i, abi) != policy.architectures.begin() + i)
      continue;
    Result<Context> filter = filter_of_abi(policy, optimise, abi, rules);
    if (!filter) return fail(filter.error());
    if (!merged) {
      merged = *std::move(filter);
      continue;
    }
    if (const int status = seccomp_merge(merged.get(), filter->get()); status != 0)
      return fail("libseccomp cannot add the architecture {}: {}", abi_name(abi), errno_text(-status));
    filter->release();  // merging has freed it
  }
  if (!merged) return fail("libseccomp cannot express a policy without architectures");
  if (const int status = seccomp_export_bpf(merged.get(), fd); status != 0)
    return fail("libseccomp cannot make the filter: {}", errno_text(-status));
  return {};
}

constexpr int kFailed = 1;  // the child's exit code when it has written a message and no program

[[noreturn]] void run_child(const Policy& policy, int optimise, const std::vector<ResolvedRule>& rules, int fd) {
  const Result<void> written = write_filter(policy, optimise, rules, fd);
  if (written) ::_exit(0);
  std::string_view left = written.error().message;
  while (!left.empty()) {
    const ssize_t put = ::write(fd, left.data(), left.size());
    if (put <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(put));
  }
  ::_exit(kFailed);
}

/// Everything up to the end of the file; nothing if that does not come in time.
std::optional<std::string> read_all(int fd, const Deadline& deadline) {
  std::string all;
  for (;;) {
    pollfd readable{fd, POLLIN, 0};
    const int ready = ::poll(&readable, 1, deadline.poll_timeout());
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    char buffer[16 * 1024];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return all;
    all.append(buffer, static_cast<std::size_t>(got));
  }
}

Result<Program> program_of(const std::string& bytes) {
  Program program;
  program.code.resize(bytes.size() / sizeof(sock_filter));
  std::memcpy(program.code.data(), bytes.data(), program.code.size() * sizeof(sock_filter));
  if (program.code.size() > kLongestProgram)
    return fail("libseccomp's filter has {} instructions, the kernel takes at most {}", program.code.size(),
                kLongestProgram);
  return program;
}

}  // namespace

Result<LibseccompJob> LibseccompJob::start(const Policy& policy, int optimise) {
  const Result<std::vector<ResolvedRule>> rules = resolve(policy);
  if (!rules) return fail(rules.error());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail("pipe2: {}", errno_text(errno));
  UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return fail("fork: {}", errno_text(errno));
  if (child == 0) run_child(policy, optimise, *rules, writer.get());
  return LibseccompJob(child, std::move(reader));
}

LibseccompJob::~LibseccompJob() {
  if (child_ < 0) return;
  ::kill(child_, SIGKILL);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<Program> LibseccompJob::finish(std::chrono::milliseconds deadline) {
  const std::optional<std::string> output = read_all(output_.get(), Deadline(deadline));
  if (!output) ::kill(child_, SIGKILL);
  int status = 0;
  while (::waitpid(child_, &status, 0) < 0)
    if (errno != EINTR) return fail("waitpid for libseccomp: {}", errno_text(errno));
  child_ = -1;
  if (!output) return fail("libseccomp did not finish within {} ms", deadline.count());
  if (WIFSIGNALED(status)) return fail("libseccomp died of {}", signal_name(WTERMSIG(status)));
  if (WEXITSTATUS(status) == kFailed) return fail("{}", *output);
  return program_of(*output);
}

Result<Program> compile_libseccomp(const Policy& policy, int optimise, std::chrono::milliseconds deadline) {
  auto job = LibseccompJob::start(policy, optimise);
  if (!job) return fail(job.error());
  return job->finish(deadline);
}

std::vector<std::string> unknown_to_libseccomp(const Policy& policy) {
  std::vector<std::string> unknown;
  for (const Rule& rule : policy.rules)
    for (const std::string& name : rule.syscalls) {
      const bool known = std::ranges::all_of(policy.architectures, [&](Abi abi) {
        const auto number = syscall_number(abi, name);
        if (!number) return true;
        const int raw = to_seccomp_data({.abi = abi, .number = *number}).nr;
        const std::unique_ptr<char, void (*)(void*)> found(seccomp_syscall_resolve_num_arch(token_of(abi), raw), std::free);
        return found != nullptr;
      });
      if (!known && std::ranges::find(unknown, name) == unknown.end()) unknown.push_back(name);
    }
  return unknown;
}

Policy without_calls(Policy policy, const std::vector<std::string>& names) {
  for (Rule& rule : policy.rules)
    std::erase_if(rule.syscalls, [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); });
  std::erase_if(policy.rules, [](const Rule& rule) { return rule.syscalls.empty(); });
  return policy;
}

std::string libseccomp_version() {
  const scmp_version* version = seccomp_version();
  return fmt::format("{}.{}.{}", version->major, version->minor, version->micro);
}

}  // namespace sandgauge
