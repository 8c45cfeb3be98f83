#include "compile/libseccomp_support.h"

#include <fmt/format.h>
#include <pthread.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <utility>

#include "base/errno_text.h"
#include "base/unique_fd.h"
#include "compile/libseccomp.h"

namespace sandgauge {
namespace {

constexpr int kTrialCall = SCMP_SYS(getppid);  // no arguments, no effect, and libc does not need it
/// SCMP_FLTATR_CTL_WAITKILL, since libseccomp 2.6: not in the headers of 2.5.
constexpr auto kWaitKillable = static_cast<scmp_filter_attr>(10);

/// A filter that allows all but one call.
class Rules {
 public:
  Rules() : context_(seccomp_init(SCMP_ACT_ALLOW), seccomp_release) {}
  /// The error of each is 0 or negative; after the first one nothing more is done.
  Rules& set(scmp_filter_attr attribute, std::uint32_t value) {
    if (error_ == 0) note("seccomp_attr_set", seccomp_attr_set(context_.get(), attribute, value));
    return *this;
  }
  Rules& answer(std::uint32_t action) {
    if (error_ == 0) note("seccomp_rule_add", seccomp_rule_add(context_.get(), action, kTrialCall, 0));
    return *this;
  }
  Rules& load() {
    if (error_ == 0) note("seccomp_load", seccomp_load(context_.get()));
    return *this;
  }
  [[nodiscard]] bool failed() const { return context_ == nullptr || error_ != 0; }
  [[nodiscard]] Finding failure() const {
    if (context_ == nullptr) return {Standing::no, "seccomp_init(3) gives no context"};
    return {Standing::no, fmt::format("{}(3): {}", step_, errno_text(-error_))};
  }
  [[nodiscard]] scmp_filter_ctx context() const { return context_.get(); }

 private:
  void note(const char* step, int error) {
    step_ = step;
    error_ = error;
  }
  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  const char* step_ = "";
  int error_ = 0;
};

Finding taken(const Rules& rules, const char* what) {
  return rules.failed() ? rules.failure() : Finding{Standing::yes, fmt::format("libseccomp takes {}", what)};
}

Finding denied(const Rules& rules, const char* what) {
  if (rules.failed()) return rules.failure();
  if (::syscall(kTrialCall) >= 0 || errno != EACCES) return {Standing::no, fmt::format("{} loads and denies nothing", what)};
  return {Standing::yes, fmt::format("{} loads, and getppid(2) is denied", what)};
}

Finding ask_version(std::string& value) {
  value = libseccomp_version();
  return {Standing::yes, "seccomp_version(3) says " + value};
}
Finding ask_api(std::string& value) {
  const unsigned level = seccomp_api_get();
  value = fmt::format("{}", level);
  return {level > 0 ? Standing::yes : Standing::no, "seccomp_api_get(3) says " + value};
}

constexpr std::uint32_t kDeny = SCMP_ACT_ERRNO(EACCES);

Finding ask_filter(std::string&) { return taken(Rules().answer(kDeny), "a rule with ERRNO"); }
Finding act_filter() { return denied(Rules().answer(kDeny).load(), "a filter"); }

Finding ask_kill_process(std::string&) { return taken(Rules().answer(SCMP_ACT_KILL_PROCESS), "a rule with KILL_PROCESS"); }
Finding act_kill_process() {
  const pid_t pid = ::fork();
  if (pid < 0) return {Standing::untested, "fork: " + errno_text(errno)};
  if (pid == 0) {
    constexpr int kNotLoaded = 2;
    if (Rules().answer(SCMP_ACT_KILL_PROCESS).load().failed()) ::_exit(kNotLoaded);
    ::syscall(kTrialCall);
    ::_exit(0);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return {Standing::yes, "a child dies of SIGSYS"};
  if (WIFSIGNALED(status)) return {Standing::untested, "the child died of " + signal_name(WTERMSIG(status))};
  return {Standing::no, WEXITSTATUS(status) == 0 ? "a child survives the call" : "the filter does not load"};
}

Finding ask_log(std::string&) { return taken(Rules().answer(SCMP_ACT_LOG), "a rule with LOG"); }
Finding act_log() {
  Rules rules;
  rules.answer(SCMP_ACT_LOG).load();
  if (rules.failed()) return rules.failure();
  if (::syscall(kTrialCall) < 0) return {Standing::no, "a call answered with LOG fails"};
  return {Standing::yes, "a filter with LOG loads, and the call runs"};
}

/// An attribute, and a filter with it that denies.
template <scmp_filter_attr attribute, std::uint32_t value>
Finding ask_attribute(std::string&) {
  return taken(Rules().set(attribute, value), "the attribute");
}
template <scmp_filter_attr attribute, std::uint32_t value>
Finding act_attribute() {
  return denied(Rules().set(attribute, value).answer(kDeny).load(), "a filter with it");
}

Finding act_tsync() {
  // The thread is there before the filter, and makes its call after it.
  struct Turn {
    pthread_barrier_t loaded{};
    bool denied = false;
  } turn;
  pthread_barrier_init(&turn.loaded, nullptr, 2);
  const auto run = [](void* argument) -> void* {
    auto& shared = *static_cast<Turn*>(argument);
    pthread_barrier_wait(&shared.loaded);
    shared.denied = ::syscall(kTrialCall) < 0 && errno == EACCES;
    return nullptr;
  };
  pthread_t thread{};
  if (pthread_create(&thread, nullptr, run, &turn) != 0) return {Standing::untested, "no second thread can be made"};
  const Finding own = act_attribute<SCMP_FLTATR_CTL_TSYNC, 1>();
  pthread_barrier_wait(&turn.loaded);
  pthread_join(thread, nullptr);
  if (own.standing != Standing::yes) return own;
  return turn.denied ? Finding{Standing::yes, "a thread that was there before is denied getppid(2) too"}
                     : Finding{Standing::no, "a thread that was there before is not denied getppid(2)"};
}

Finding ask_notify(std::string&) { return taken(Rules().answer(SCMP_ACT_NOTIFY), "a rule with NOTIFY"); }
Finding act_notify() {
  Rules rules;
  rules.answer(SCMP_ACT_NOTIFY).load();
  if (rules.failed()) return rules.failure();
  const UniqueFd listener(seccomp_notify_fd(rules.context()));
  if (!listener) return {Standing::no, "seccomp_notify_fd(3) gives no descriptor"};
  const pid_t caller = ::fork();
  if (caller < 0) return {Standing::untested, "fork: " + errno_text(errno)};
  constexpr int kValue = 42;
  if (caller == 0) ::_exit(::syscall(kTrialCall) == kValue ? 0 : 1);
  seccomp_notif* request = nullptr;
  seccomp_notif_resp* response = nullptr;
  int error = seccomp_notify_alloc(&request, &response);
  if (error == 0) error = seccomp_notify_receive(listener.get(), request);
  if (error == 0) {
    response->id = request->id;
    response->val = kValue;
    error = seccomp_notify_respond(listener.get(), response);
  }
  seccomp_notify_free(request, response);
  if (error != 0) ::kill(caller, SIGKILL);
  int status = 0;
  while (::waitpid(caller, &status, 0) < 0 && errno == EINTR) {
  }
  if (error != 0) return {Standing::no, "a notification cannot be received and answered: " + errno_text(-error)};
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return {Standing::no, "the answer does not arrive"};
  return {Standing::yes, "a notification is received and answered"};
}

}  // namespace

std::vector<LibseccompOperation> libseccomp_operations() {
  const auto operation = [](const char* id, const char* title, const char* meaning, const char* source,
                            Finding (*ask)(std::string&), Finding (*act)()) {
    Capability about{.id = id, .group = "libseccomp", .title = title, .meaning = meaning, .since = {}, .source = source};
    return LibseccompOperation{std::move(about), ask, act};
  };
  static constexpr char kAttributes[] = "seccomp_attr_set(3)";
  static constexpr char kActions[] = "seccomp_rule_add(3)";
  return {
      operation("libseccomp.version", "the version of libseccomp",
                "Of the library that sandgauge runs with; a container runtime may bring its own.", "seccomp_version(3)",
                ask_version, nullptr),
      operation("libseccomp.api", "libseccomp's API level here",
                "What the library found this kernel to have; it refuses what is above.", "seccomp_api_get(3)", ask_api,
                nullptr),
      operation("libseccomp.filter", "libseccomp: a filter with ERRNO", "What container runtimes do.", "seccomp_load(3)",
                ask_filter, act_filter),
      operation("libseccomp.kill_process", "libseccomp: KILL_PROCESS", "Rules can end the whole process.", kActions,
                ask_kill_process, act_kill_process),
      operation("libseccomp.log", "libseccomp: LOG", "Rules can let a call run and have it recorded.", kActions, ask_log,
                act_log),
      operation("libseccomp.notify", "libseccomp: NOTIFY", "Rules can ask a supervisor.", "seccomp_notify_alloc(3)",
                ask_notify, act_notify),
      operation("libseccomp.tsync", "libseccomp: TSYNC", "A filter can be given to all threads.", kAttributes,
                ask_attribute<SCMP_FLTATR_CTL_TSYNC, 1>, act_tsync),
      operation("libseccomp.log_flag", "libseccomp: the flag LOG", "Denials can be recorded.", kAttributes,
                ask_attribute<SCMP_FLTATR_CTL_LOG, 1>, act_attribute<SCMP_FLTATR_CTL_LOG, 1>),
      operation("libseccomp.spec_allow", "libseccomp: the flag SPEC_ALLOW", "A filter without the SSB mitigation.",
                kAttributes, ask_attribute<SCMP_FLTATR_CTL_SSB, 1>, act_attribute<SCMP_FLTATR_CTL_SSB, 1>),
      operation("libseccomp.binary_tree", "libseccomp: filters as a binary tree",
                "Big filters take fewer instructions for each call.", kAttributes,
                ask_attribute<SCMP_FLTATR_CTL_OPTIMIZE, 2>, act_attribute<SCMP_FLTATR_CTL_OPTIMIZE, 2>),
      operation("libseccomp.wait_killable", "libseccomp: the flag WAIT_KILLABLE_RECV",
                "Signals wait for the supervisor's answer. Needs libseccomp 2.6.", kAttributes,
                ask_attribute<kWaitKillable, 1>, act_attribute<kWaitKillable, 1>),
  };
}

}  // namespace sandgauge
