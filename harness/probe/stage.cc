#include "probe/stage.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "model/action.h"
#include "probe/raw_call.h"

namespace sandgauge {
namespace {

/// Where a mutant's answer is what the filter says anyway.
constexpr std::uint32_t kOtherAnswer = SECCOMP_RET_ERRNO | EUCLEAN;

/// A line of text in a fixed buffer.
struct Text {
  char text[64];
  [[nodiscard]] std::string_view view() const { return text; }
};

template <class... Args>
Text text_of(const char* format, Args... args) {
  Text result{};
  std::snprintf(result.text, sizeof result.text, format, args...);
  return result;
}

Text number_text(std::int64_t number) { return text_of("%" PRId64, number); }

Text errno_text_of(int error) {
  const char* name = strerrorname_np(error);
  return name != nullptr ? text_of("-%s", name) : text_of("-%d", error);
}

Text result_text(std::int64_t result) {
  return result < 0 && result >= -kHighestErrno ? errno_text_of(static_cast<int>(-result)) : number_text(result);
}

Text signal_text(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? text_of("killed by SIG%s", name) : text_of("killed by signal %d", signal);
}

Text status_text(int wait_status) {
  if (WIFEXITED(wait_status)) return text_of("exited with %d", WEXITSTATUS(wait_status));
  if (WIFSIGNALED(wait_status)) return signal_text(WTERMSIG(wait_status));
  return text_of("wait status %#x", static_cast<unsigned>(wait_status));
}

template <std::size_t Size>
void copy_text(char (&target)[Size], std::string_view text) {
  const std::size_t length = std::min(text.size(), Size - 1);
  std::memcpy(target, text.data(), length);
  target[length] = '\0';
}

}  // namespace

std::int64_t raw_syscall(long number, std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d, std::int64_t e,
                         std::int64_t f) {
  const std::uint64_t args[6] = {static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b),
                                 static_cast<std::uint64_t>(c), static_cast<std::uint64_t>(d),
                                 static_cast<std::uint64_t>(e), static_cast<std::uint64_t>(f)};
  return raw_call(native_abi(), static_cast<std::int32_t>(number), args);
}

void Stage::set_no_new_privs() {
  must("prctl(PR_SET_NO_NEW_PRIVS)", raw_syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

std::int64_t Stage::load(const Filter& filter, unsigned flags) {
  Filter changed = filter;
  const auto number = static_cast<int>(report_.filters.fetch_add(1));
  if (number == mutation_.filter && changed.has_answer())
    changed.set_answer(changed.answer_value() != mutation_.answer ? mutation_.answer : kOtherAnswer);
  return load_as_it_is(changed, flags);
}

std::int64_t Stage::load_as_it_is(const Filter& filter, unsigned flags) {
  set_no_new_privs();
  return must("seccomp(SECCOMP_SET_MODE_FILTER)", try_load(filter, flags));
}

std::int64_t Stage::try_load(const Filter& filter, unsigned flags) {
  keep(filter.length(), filter.code());
  return try_as_it_is(filter.code(), filter.length(), flags);
}

std::int64_t Stage::try_load(const sock_filter* code, unsigned length, unsigned flags) {
  keep(length, nullptr);  // the instructions may be out of reach
  return try_as_it_is(code, length, flags);
}

std::int64_t Stage::try_as_it_is(const sock_filter* code, unsigned length, unsigned flags) {
  const sock_fprog program{static_cast<unsigned short>(length), const_cast<sock_filter*>(code)};
  return raw_syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, reinterpret_cast<std::intptr_t>(&program));
}

void Stage::keep(unsigned length, const sock_filter* code) {
  const std::uint32_t number = report_.loads.fetch_add(1);
  if (number >= kMostStageFilters || code == nullptr || length > std::size(report_.load[number].code)) return;
  std::copy_n(code, length, report_.load[number].code);
  report_.load[number].length = length;
}

void Stage::record(std::string_view what, bool met, std::string_view expected, std::string_view seen) {
  const std::uint32_t number = report_.checks.fetch_add(1);
  if (number >= kMostStageChecks) return;
  const bool turned = static_cast<int>(number) == mutation_.expectation;
  StageCheck& check = report_.check[number];
  copy_text(check.what, what);
  copy_text(check.expected, turned ? text_of("not %.40s", expected.data()).view() : expected);
  copy_text(check.seen, seen);
  check.met = met != turned ? 1 : 0;
  if (check.met == 0 && report_.unmet.fetch_add(1) == 0) report_.failed_call = report_.last_call;
}

void Stage::equal(std::string_view what, std::int64_t expected, std::int64_t seen) {
  record(what, expected == seen, number_text(expected).view(), number_text(seen).view());
}

void Stage::equal_hex(std::string_view what, std::uint64_t expected, std::uint64_t seen) {
  record(what, expected == seen, text_of("%#" PRIx64, expected).view(), text_of("%#" PRIx64, seen).view());
}

void Stage::fails_with(std::string_view what, int expected_errno, std::int64_t result) {
  record(what, result == -expected_errno, errno_text_of(expected_errno).view(), result_text(result).view());
}

void Stage::succeeds(std::string_view what, std::int64_t result) {
  record(what, result >= 0, "success", result_text(result).view());
}

void Stage::holds(std::string_view what, bool seen) { record(what, seen, "yes", seen ? "yes" : "no"); }

void Stage::exited(std::string_view what, int expected_code, int wait_status) {
  const bool met = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == expected_code;
  record(what, met, text_of("exited with %d", expected_code).view(), status_text(wait_status).view());
}

void Stage::killed(std::string_view what, int expected_signal, int wait_status) {
  const bool met = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == expected_signal;
  record(what, met, signal_text(expected_signal).view(), status_text(wait_status).view());
}

void Stage::never(std::string_view what) { record(what, false, "never", "it happened"); }

pid_t Stage::fork_child() {
  const pid_t pid = ::fork();
  if (pid < 0) broken("fork", errno);
  return pid;
}

int Stage::wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, __WALL) < 0)
    if (errno != EINTR) broken("waitpid", errno);
  return status;
}

void Stage::end(int exit_code) {
  for (;;) {
    raw_syscall(SYS_exit_group, exit_code);
    raw_syscall(SYS_exit, exit_code);
    __builtin_trap();  // a filter denies both
  }
}

void Stage::broken(std::string_view step, std::int64_t error) {
  const auto length = static_cast<int>(std::min(step.size(), sizeof report_.why / 2));
  const char* name = strerrorname_np(static_cast<int>(error));
  std::snprintf(report_.why, sizeof report_.why, "%.*s: %s", length, step.data(), name != nullptr ? name : "failed");
  report_.gave_up.store(1);
  end(1);
}

void Stage::skip(std::string_view reason) {
  copy_text(report_.why, reason);
  report_.gave_up.store(2);
  end(1);
}

std::int64_t Stage::must(std::string_view step, std::int64_t result) {
  if (result < 0) broken(step, -result);
  return result;
}

}  // namespace sandgauge
