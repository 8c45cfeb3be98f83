// Requests for one call that meet: the first is there, and the caller has not run yet.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "conformance/addfd.h"
#include "conformance/asked_listener.h"
#include "conformance/outranked_callers.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;

seccomp_notif_addfd addition_to(const seccomp_notif& request, std::uint32_t flags = 0) {
  return {.id = request.id, .flags = flags, .srcfd = STDOUT_FILENO, .newfd = 0, .newfd_flags = 0};
}

/// A second supervisor, which adds a descriptor and sleeps until the caller, outranked, has taken it.
class SecondSupervisor {
 public:
  SecondSupervisor(Stage& stage, const AskedListener& listener, const seccomp_notif_addfd& addition)
      : stage_(stage), ready_(stage), go_(stage) {
    pid_ = stage.start_child([&] {
      outrank_callers(stage);
      // Once for nothing, so that the real one meets no page that is not there yet and does not sleep before its time.
      seccomp_notif_addfd for_nobody = addition;
      for_nobody.id = ~addition.id;
      stage.fails_with("adding for nobody", ENOENT, listener.add_fd(for_nobody));
      say(ready_.in.get());
      heard(go_.out.get());
      stage.succeeds("the first request", listener.add_fd(addition));
    });
    heard(ready_.out.get());
  }
  /// Returns when the request is there. It has woken the caller, which cannot run before this process sleeps.
  void request() {
    say(go_.in.get());
    let_equals_run();
  }
  void end() { stage_.exited("the second supervisor", 0, stage_.wait_for(pid_)); }

 private:
  Stage& stage_;
  Pipe ready_;
  Pipe go_;
  pid_t pid_ = 0;
};

/// Parameters: the flags of the first and of the second request, the errno of the second (0: it succeeds), and whether the
/// call is to be answered then.
void two_requests(Stage& stage) {
  outrank_callers(stage);
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.succeeds("the call", raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  SecondSupervisor other(stage, listener, addition_to(request, static_cast<std::uint32_t>(stage.parameter(0))));
  other.request();
  const std::int64_t second = listener.add_fd(addition_to(request, static_cast<std::uint32_t>(stage.parameter(1))));
  if (stage.parameter(2) == 0)
    stage.succeeds("the second request", second);
  else
    stage.fails_with("the second request", static_cast<int>(stage.parameter(2)), second);
  other.end();
  if (stage.parameter(3) != 0) stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  stage.exited("the caller", 0, caller.end());
}

/// A request after a reply, before the caller has seen it.
void after_the_reply(Stage& stage) {
  outrank_callers(stage);
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  stage.fails_with("adding a descriptor", EINPROGRESS, listener.add_fd(addition_to(request)));
  stage.exited("the caller", 0, caller.end());
}

}  // namespace

std::vector<Scenario> addfd_pending_scenarios() {
  const Requirements needs = {.capabilities = {"CAP_SYS_NICE"}};
  const Requirements needs_send = {.capabilities = {"CAP_SYS_NICE"}, .since = KernelVersion{5, 14}};
  return {
      {.name = "two-at-once",
       .title = "Two supervisors can add a descriptor to the same call at the same time",
       .why = "A supervisor with threads must not lose one.",
       .source = "kernel/seccomp.c, seccomp_notify_addfd, seccomp_do_user_notification",
       .run = two_requests,
       .needs = needs,
       .parameters = {0, 0, 0, 1}},
      {.name = "send-while-pending",
       .title = "SEND while another descriptor is still being added is EBUSY",
       .why = "The call would be over before the caller has both.",
       .source = "kernel/seccomp.c, seccomp_notify_addfd (EBUSY)",
       .run = two_requests,
       .needs = needs_send,
       .parameters = {0, kAddAndSend, EBUSY, 1}},
      {.name = "add-while-sending",
       .title = "A descriptor cannot be added while SEND is answering the call: EINPROGRESS",
       .why = "There is exactly one answer to a call.",
       .source = "kernel/seccomp.c, seccomp_notify_addfd (EINPROGRESS)",
       .run = two_requests,
       .needs = needs_send,
       .parameters = {kAddAndSend, 0, EINPROGRESS, 0}},
      {.name = "send-while-sending",
       .title = "SEND while another SEND is answering the call is EINPROGRESS",
       .why = "There is exactly one answer to a call.",
       .source = "kernel/seccomp.c, seccomp_notify_addfd (EINPROGRESS)",
       .run = two_requests,
       .needs = needs_send,
       .parameters = {kAddAndSend, kAddAndSend, EINPROGRESS, 0}},
      {.name = "add-after-the-reply",
       .title = "A descriptor cannot be added to a call that was answered, even before the caller has seen it: EINPROGRESS",
       .why = "The caller would get a descriptor that it does not know of.",
       .source = "kernel/seccomp.c, seccomp_notify_addfd (EINPROGRESS)",
       .run = after_the_reply,
       .needs = needs},
  };
}

}  // namespace sandgauge
