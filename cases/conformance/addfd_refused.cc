// SECCOMP_IOCTL_NOTIF_ADDFD: what is refused. Whatever is refused, the call still waits and can be answered.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>

#include "conformance/addfd.h"
#include "conformance/asked_listener.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;
constexpr std::uint32_t kSetFd = SECCOMP_ADDFD_FLAG_SETFD;
constexpr std::size_t kFirstSize = 24;  // SECCOMP_NOTIFY_ADDFD_SIZE_VER0

/// ADDFD of a structure of any size: the size is in the number.
unsigned long add_of_size(std::size_t size, unsigned direction = _IOC_WRITE) {
  return _IOC(direction, SECCOMP_IOC_MAGIC, 3, size);
}

seccomp_notif_addfd addition_to(const seccomp_notif& request) {
  return {.id = request.id, .flags = 0, .srcfd = STDOUT_FILENO, .newfd = 0, .newfd_flags = 0};
}

void finish(const AskedListener& listener, const Caller& caller, std::uint64_t id) {
  listener.stage().equal("the reply", 0, listener.reply({.id = id, .val = kReply}));
  listener.stage().exited("the caller", 0, caller.end());
}

/// Parameters: flags, newfd, newfd_flags, srcfd, and the errno.
void refused(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  seccomp_notif_addfd addition = addition_to(request);
  addition.flags = static_cast<std::uint32_t>(stage.parameter(0));
  addition.newfd = static_cast<std::uint32_t>(stage.parameter(1));
  addition.newfd_flags = static_cast<std::uint32_t>(stage.parameter(2));
  addition.srcfd = static_cast<std::uint32_t>(stage.parameter(3));
  stage.fails_with("adding the descriptor", static_cast<int>(stage.parameter(4)), listener.add_fd(addition));
  finish(listener, caller, request.id);
}

/// Parameters: the size, which of its bytes is not zero besides the structure's own (0: none), and the errno (0: added).
void of_a_size(Stage& stage) {
  const auto size = static_cast<std::size_t>(stage.parameter(0));
  const auto not_zero = static_cast<std::size_t>(stage.parameter(1));
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  union {
    seccomp_notif_addfd addition;
    unsigned char bytes[4096];
  } memory{};
  memory.addition = addition_to(request);
  if (not_zero != 0) memory.bytes[not_zero] = 1;
  const std::int64_t result = listener_request(listener.fd(), add_of_size(size), &memory);
  if (stage.parameter(2) == 0)
    stage.succeeds("adding the descriptor", result);
  else
    stage.fails_with("adding the descriptor", static_cast<int>(stage.parameter(2)), result);
  finish(listener, caller, request.id);
}

void any_direction(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  const seccomp_notif_addfd addition = addition_to(request);
  for (const unsigned direction : {_IOC_WRITE, _IOC_READ, _IOC_READ | _IOC_WRITE})
    stage.succeeds("adding a descriptor",
                   listener_request(listener.fd(), add_of_size(sizeof addition, direction), &addition));
  finish(listener, caller, request.id);
}

void bad_address(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.fails_with("adding from nowhere", EFAULT, listener_request(listener.fd(), SECCOMP_IOCTL_NOTIF_ADDFD, nullptr));
  finish(listener, caller, request.id);
}

void bad_id(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  seccomp_notif_addfd addition = addition_to(request);
  addition.id = request.id + 1;
  stage.fails_with("adding for another id", ENOENT, listener.add_fd(addition));
  finish(listener, caller, request.id);
  stage.fails_with("adding for a call that is over", ENOENT, listener.add_fd(addition_to(request)));
}

void not_received(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    stage.equal("the first call", kReply, raw_syscall(SYS_getppid));
    stage.equal("the second call", kReply, raw_syscall(SYS_getppid));
  });
  seccomp_notif first{};
  seccomp_notif second{};
  if (!caller.notifies(first)) return;
  stage.equal("the first reply", 0, listener.reply({.id = first.id, .val = kReply}));
  if (!caller.pending()) return;
  // Ids are counted up (kernel/seccomp.c, seccomp_next_notify_id): this one is known before it is received.
  seccomp_notif_addfd addition = addition_to(first);
  addition.id = first.id + 1;
  stage.fails_with("adding for what was not received", EINPROGRESS, listener.add_fd(addition));
  if (!caller.notifies(second)) return;
  stage.equal_hex("the id of the second", first.id + 1, second.id);
  finish(listener, caller, second.id);
}

/// Parameter: whether the call is received before the kill.
void dead_caller(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    raw_syscall(SYS_getppid);
    stage.never("the call came back");
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  caller.send(SIGKILL);
  stage.killed("the caller", SIGKILL, caller.end());
  stage.fails_with("adding the descriptor", ENOENT, listener.add_fd(addition_to(request)));
}

/// Parameters: flags, newfd, and the errno that a caller without room for descriptors gives.
void no_room(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_NOFILE, &none) != 0) stage.broken("setrlimit", errno);
    stage.equal("the call", kReply, raw_syscall(SYS_getppid));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  seccomp_notif_addfd addition = addition_to(request);
  addition.flags = static_cast<std::uint32_t>(stage.parameter(0));
  addition.newfd = static_cast<std::uint32_t>(stage.parameter(1));
  stage.fails_with("adding the descriptor", static_cast<int>(stage.parameter(2)), listener.add_fd(addition));
  stage.equal("the call still waits", 0, listener.id_valid(request.id));
  finish(listener, caller, request.id);
}

struct Refusal {
  const char* name;
  const char* title;
  std::int64_t flags = 0;
  std::int64_t newfd = 0;
  std::int64_t newfd_flags = 0;
  std::int64_t srcfd = STDOUT_FILENO;
  int error = EINVAL;
  const char* also = "";
  std::optional<KernelVersion> until = {};
};

Scenario refusal(const Refusal& what) {
  return {.name = what.name,
          .title = what.title,
          .why = "A supervisor has to learn of its mistake, and the program must not pay for it.",
          .source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_ADDFD; kernel/seccomp.c, seccomp_notify_addfd",
          .also = what.also,
          .run = refused,
          .needs = {.until = what.until},
          .parameters = {what.flags, what.newfd, what.newfd_flags, what.srcfd, what.error}};
}

std::vector<Scenario> fields() {
  constexpr std::int64_t kUnknown = 4;
  constexpr std::int64_t kHighest = 0x80000000;
  constexpr std::int64_t kClosed = 1'000'000;
  constexpr std::int64_t kBeyond = 0x7FFFFFFF;
  constexpr const char* kSelftest = "kselftest: user_notification_addfd";
  return {
      refusal({.name = "srcfd-closed", .title = "A srcfd that is not open is EBADF", .srcfd = kClosed, .error = EBADF}),
      refusal({.name = "srcfd-minus-one", .title = "The srcfd -1 is EBADF", .srcfd = -1, .error = EBADF}),
      refusal({.name = "flags-unknown", .title = "The unknown flag 4 is EINVAL", .flags = kUnknown, .also = kSelftest}),
      refusal(
          {.name = "flags-unknown-beside", .title = "An unknown flag beside SETFD is EINVAL", .flags = kUnknown | kSetFd}),
      refusal({.name = "flags-highest", .title = "The highest flag is EINVAL", .flags = kHighest, .also = kSelftest}),
      refusal({.name = "send-before",
               .title = "Before Linux 5.14 SEND is an unknown flag: EINVAL",
               .flags = kAddAndSend,
               .until = KernelVersion{5, 13}}),
      refusal({.name = "newfd-flags-unknown",
               .title = "newfd_flags other than O_CLOEXEC are EINVAL",
               .newfd_flags = O_NONBLOCK,
               .also = kSelftest}),
      refusal({.name = "newfd-flags-beside",
               .title = "newfd_flags with O_CLOEXEC and another one are EINVAL",
               .newfd_flags = O_CLOEXEC | O_APPEND}),
      refusal({.name = "newfd-without-set", .title = "A newfd without SETFD is EINVAL", .newfd = 1, .also = kSelftest}),
      refusal({.name = "newfd-beyond",
               .title = "With SETFD a number beyond the caller's RLIMIT_NOFILE is EBADF",
               .flags = kSetFd,
               .newfd = kBeyond,
               .error = EBADF}),
  };
}

Scenario size_scenario(const char* name, const char* title, std::vector<std::int64_t> parameters) {
  return {.name = name,
          .title = title,
          .why = "The structure grows with the kernel; old and new programs have to be understood, or refused.",
          .source = "kernel/seccomp.c, seccomp_notify_addfd (copy_struct_from_user)",
          .also = "kselftest: user_notification_addfd",
          .run = of_a_size,
          .parameters = std::move(parameters)};
}

std::vector<Scenario> sizes() {
  constexpr std::int64_t kBig = 64;
  constexpr std::int64_t kSize = kFirstSize;
  // Room for any kernel's page but aarch64's largest, 64 KiB, which no ioctl's number has bits for.
  constexpr std::int64_t kMostOfNumber = (1 << _IOC_SIZEBITS) - 1;
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  std::vector<Scenario> scenarios = {
      size_scenario("size-zero", "A structure of no bytes is EINVAL", {0, 0, EINVAL}),
      size_scenario("size-too-small", "A structure that is a byte too small is EINVAL", {kSize - 1, 0, EINVAL}),
      size_scenario("size-larger", "A larger structure is taken if the rest is zero", {kBig, 0, 0}),
      size_scenario("size-larger-not-zero", "A larger structure is E2BIG if the rest is not zero", {kBig, kBig - 1, E2BIG}),
  };
  if (page <= kMostOfNumber) {
    scenarios.push_back(size_scenario("size-page", "A structure as large as a page is EINVAL", {page, 0, EINVAL}));
    scenarios.push_back(
        size_scenario("size-largest", "The largest structure that an ioctl can have is EINVAL", {kMostOfNumber, 0, EINVAL}));
  }
  scenarios.push_back({.name = "any-direction",
                       .title = "The direction in the ioctl's number does not count, only its size",
                       .why = "A later kernel may write into the structure, and old numbers must go on.",
                       .source = "kernel/seccomp.c, seccomp_notify_ioctl (EA_IOCTL)",
                       .run = any_direction});
  return scenarios;
}

std::vector<Scenario> callers() {
  const std::string source = "seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_ADDFD";
  return {
      {.name = "bad-address",
       .title = "ADDFD from an address without memory is EFAULT",
       .why = "A supervisor has to learn of its mistake, and the program must not pay for it.",
       .source = "kernel/seccomp.c, seccomp_notify_addfd",
       .run = bad_address},
      {.name = "bad-id",
       .title = "ADDFD for an id that nobody has, or whose call is over, is ENOENT",
       .why = "A descriptor must not land in another program.",
       .source = source + " (ENOENT)",
       .also = "kselftest: user_notification_addfd",
       .run = bad_id},
      {.name = "not-received",
       .title = "ADDFD for a call that was not received yet is EINPROGRESS",
       .why = "A guessed id must not get a descriptor.",
       .source = source + " (EINPROGRESS)",
       .also = "kselftest: user_notification_addfd",
       .run = not_received},
      {.name = "dead-caller",
       .title = "ADDFD for a caller that was killed meanwhile is ENOENT",
       .why = "A supervisor must not wait for a program that is gone.",
       .source = source + " (ENOENT); kernel/seccomp.c, seccomp_notify_addfd",
       .run = dead_caller},
      {.name = "no-room",
       .title = "A caller whose RLIMIT_NOFILE is 0 gives EMFILE, and its call can still be answered",
       .why = "It is the caller's limit that counts, not the supervisor's.",
       .source = source + " (EMFILE)",
       .also = "kselftest: user_notification_addfd_rlimit",
       .run = no_room,
       .parameters = {0, 0, EMFILE}},
      {.name = "no-room-set",
       .title = "With SETFD a caller whose RLIMIT_NOFILE is 0 gives EBADF, and its call can still be answered",
       .why = "The number must not get around the limit.",
       .source = source + "; fs/file.c, replace_fd",
       .also = "kselftest: user_notification_addfd_rlimit",
       .run = no_room,
       .parameters = {kSetFd, 99, EBADF}},
      {.name = "no-room-send",
       .title = "With SEND a caller whose RLIMIT_NOFILE is 0 gives EMFILE, and its call can still be answered",
       .why = "A call that was answered with a descriptor that it did not get would read from a stranger's.",
       .source = source + ", SECCOMP_ADDFD_FLAG_SEND; kernel/seccomp.c, seccomp_handle_addfd",
       .also = "kselftest: user_notification_addfd_rlimit",
       .run = no_room,
       .needs = {.since = KernelVersion{5, 14}},
       .parameters = {kAddAndSend, 0, EMFILE}},
  };
}

}  // namespace

std::vector<Scenario> addfd_refusal_scenarios() {
  std::vector<Scenario> scenarios;
  for (auto part : {fields(), sizes(), callers()}) std::ranges::move(part, std::back_inserter(scenarios));
  return scenarios;
}

}  // namespace sandgauge
