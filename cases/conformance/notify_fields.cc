// What a notification says: who calls, what, from where, with which arguments.
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "conformance/asked_listener.h"
#include "conformance/notify.h"
#include "probe/raw_call.h"

namespace sandgauge {
namespace {

constexpr std::int64_t kReply = 0x5EC0;

/// Of machine code: the instruction before the address is the one that enters the kernel.
bool follows_a_system_call(Abi abi, std::uint64_t address) {
  struct Instruction {
    Abi abi;
    std::size_t size;
    unsigned char bytes[4];  // as they lie in memory
  };
  constexpr Instruction kInstructions[] = {{Abi::x86_64, 2, {0x0F, 0x05}},                // syscall
                                           {Abi::x32, 2, {0x0F, 0x05}},                   // syscall
                                           {Abi::i386, 2, {0xCD, 0x80}},                  // int $0x80
                                           {Abi::aarch64, 4, {0x01, 0x00, 0x00, 0xD4}}};  // svc #0
  for (const Instruction& one : kInstructions)
    if (one.abi == abi) return std::memcmp(reinterpret_cast<const void*>(address - one.size), one.bytes, one.size) == 0;
  return false;
}

void answer(const AskedListener& listener, const Caller& caller, const seccomp_notif& request) {
  listener.stage().equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  listener.stage().exited("the caller", 0, caller.end());
}

void of_the_call(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("pid", caller.pid(), request.pid);
  stage.equal("flags", 0, request.flags);
  stage.equal("data.nr", SYS_getppid, request.data.nr);
  stage.equal_hex("data.arch", audit_arch(native_abi()), request.data.arch);
  // The caller is a copy of this process: the same code is at the same address.
  stage.holds("data.instruction_pointer is behind the instruction that makes the call",
              follows_a_system_call(native_abi(), request.data.instruction_pointer));
  answer(listener, caller, request);
}

void arguments(Stage& stage) {
  constexpr std::uint64_t kArgs[6] = {0x0123456789ABCDEF, 0xFFFFFFFFFFFFFFFF, 0x8000000000000000,
                                      0x0000000100000000, 0x00000000FFFFFFFF, 0xFEDCBA9876543210};
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_call(native_abi(), SYS_getppid, kArgs)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  for (std::size_t i = 0; i < 6; ++i) stage.equal_hex("an argument", kArgs[i], request.data.args[i]);
  answer(listener, caller, request);
}

void other_calls_do_not_ask(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    stage.equal("getuid(2)", stage.host().uid, raw_syscall(SYS_getuid));
    stage.equal("getppid(2)", kReply, raw_syscall(SYS_getppid));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("the first call that was asked about", SYS_getppid, request.data.nr);
  answer(listener, caller, request);
}

void ids(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] {
    stage.equal("the first call", kReply, raw_syscall(SYS_getppid));
    stage.equal("the second call", kReply, raw_syscall(SYS_getppid));
  });
  seccomp_notif first{};
  seccomp_notif second{};
  if (!caller.notifies(first)) return;
  stage.equal("the first reply", 0, listener.reply({.id = first.id, .val = kReply}));
  if (!caller.notifies(second)) return;
  stage.holds("the ids differ", first.id != second.id);
  answer(listener, caller, second);
}

void of_a_thread(Stage& stage) {
  AskedListener listener(stage);
  Pipe names(stage);
  static Stage* of_thread;
  static int name_fd;
  of_thread = &stage;
  name_fd = names.in.get();
  const Caller caller(listener, [&] {
    pthread_t thread{};
    const auto body = [](void*) -> void* {
      const auto tid = static_cast<pid_t>(raw_syscall(SYS_gettid));
      raw_syscall(SYS_write, name_fd, reinterpret_cast<std::intptr_t>(&tid), sizeof tid);
      of_thread->equal("the thread's call", kReply, raw_syscall(SYS_getppid));
      return nullptr;
    };
    stage.must("pthread_create", -pthread_create(&thread, nullptr, body, nullptr));
    stage.must("pthread_join", -pthread_join(thread, nullptr));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  pid_t tid = 0;
  raw_syscall(SYS_read, names.out.get(), reinterpret_cast<std::intptr_t>(&tid), sizeof tid);
  stage.equal("pid", tid, request.pid);
  stage.holds("pid is not that of the process", static_cast<pid_t>(request.pid) != caller.pid());
  answer(listener, caller, request);
}

void enter_a_pid_namespace(Stage& stage) {
  const std::int64_t entered = raw_syscall(SYS_unshare, CLONE_NEWPID);
  if (entered == -EPERM || entered == -ENOSPC || entered == -EINVAL)
    stage.skip("this machine makes no PID namespace for a process with CAP_SYS_ADMIN");
  stage.must("unshare(CLONE_NEWPID)", entered);
}

void in_a_pid_namespace(Stage& stage) {
  AskedListener listener(stage);
  enter_a_pid_namespace(stage);  // of the children
  const Caller caller(listener, [&] {
    stage.equal("the caller's own PID", 1, raw_syscall(SYS_getpid));
    stage.equal("the call", kReply, raw_syscall(SYS_getppid));
  });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  stage.equal("pid", caller.pid(), request.pid);
  answer(listener, caller, request);
}

void of_a_foreign_pid_namespace(Stage& stage) {
  AskedListener listener(stage);
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_syscall(SYS_getppid)); });
  if (!caller.pending()) return;
  enter_a_pid_namespace(stage);  // of the children: of the receiver, not of the caller
  stage.exited("the receiver", 0, stage.child([&] {
    seccomp_notif request{};
    stage.equal("receiving", 0, listener.receive(request));
    stage.equal("pid", 0, request.pid);
    stage.equal("the reply", 0, listener.reply({.id = request.id, .val = kReply}));
  }));
  stage.exited("the caller", 0, caller.end());
}

/// Parameters: the ABI, and its number of getppid(2).
void of_another_abi(Stage& stage) {
  const auto abi = static_cast<Abi>(stage.parameter(0));
  const auto number = static_cast<std::int32_t>(stage.parameter(1));
  const std::uint32_t seen_number = abi == Abi::x32 ? static_cast<std::uint32_t>(number) | kX32Bit : number;
  constexpr std::uint64_t kArgs[6] = {0x1111111112345678, 2, 3, 4, 5, 0xF000000000000006};
  AskedListener listener(stage, {.number = seen_number});
  const Caller caller(listener, [&] { stage.equal("the call", kReply, raw_call(abi, number, kArgs)); });
  seccomp_notif request{};
  if (!caller.notifies(request)) return;
  const std::uint64_t mask = abi == Abi::i386 ? 0xFFFFFFFF : ~std::uint64_t{0};
  stage.equal_hex("data.nr", seen_number, static_cast<std::uint32_t>(request.data.nr));
  stage.equal_hex("data.arch", audit_arch(abi), request.data.arch);
  stage.holds("data.instruction_pointer is behind the instruction that makes the call",
              follows_a_system_call(abi, request.data.instruction_pointer));
  for (std::size_t i = 0; i < 6; ++i) stage.equal_hex("an argument", kArgs[i] & mask, request.data.args[i]);
  answer(listener, caller, request);
}

}  // namespace

std::vector<Scenario> notify_field_scenarios() {
  constexpr std::int64_t kGetppidOfI386 = 64;
  constexpr std::int64_t kGetppidOfX32 = 110;
  return {
      {.name = "fields",
       .title = "A notification has the caller's PID, no flags, and the call's number, arch and address",
       .why = "A supervisor decides by these; a wrong one makes it act for the wrong program.",
       .source = "seccomp_unotify(2), struct seccomp_notif; kernel/seccomp.c, seccomp_notify_recv",
       .also = "kselftest: user_notification_basic (pid, data.nr)",
       .run = of_the_call},
      {.name = "arguments",
       .title = "A notification has all six arguments with all their 64 bits",
       .why = "A supervisor that sees half of an argument can be deceived with the other half.",
       .source = "seccomp_unotify(2), struct seccomp_notif; seccomp(2), struct seccomp_data",
       .also = "kselftest: user_notification_continue (one argument)",
       .run = arguments},
      {.name = "only-its-calls",
       .title = "Only calls that the filter answers with NOTIFY ask the listener",
       .why = "Each notification costs a switch to the supervisor and back.",
       .source = "seccomp(2), SECCOMP_RET_USER_NOTIF",
       .run = other_calls_do_not_ask},
      {.name = "ids-differ",
       .title = "Two notifications have different ids",
       .why = "A late reply must not answer a later call.",
       .source = "seccomp_unotify(2), struct seccomp_notif (id); kernel/seccomp.c, seccomp_next_notify_id",
       .run = ids},
      {.name = "thread",
       .title = "The pid of a thread's notification is the thread's own ID",
       .why = "A supervisor that looks into /proc/PID has to find the thread that waits.",
       .source = "seccomp_unotify(2), struct seccomp_notif (pid)",
       .run = of_a_thread},
      {.name = "child-pid-namespace",
       .title = "The pid is the caller's in the PID namespace of the receiver",
       .why = "A container manager outside would look into the wrong process's memory.",
       .source = "seccomp_unotify(2), struct seccomp_notif (pid); kernel/seccomp.c, seccomp_notify_recv (task_pid_vnr)",
       .also = "kselftest: user_notification_child_pid_ns",
       .run = in_a_pid_namespace,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "sibling-pid-namespace",
       .title = "The pid is 0 for a caller that the receiver's PID namespace does not have",
       .why = "A supervisor has to see that it cannot look at this caller.",
       .source = "seccomp_unotify(2), struct seccomp_notif (pid); kernel/seccomp.c, seccomp_notify_recv (task_pid_vnr)",
       .also = "kselftest: user_notification_sibling_pid_ns",
       .run = of_a_foreign_pid_namespace,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "i386",
       .title = "The notification of a 32-bit call says AUDIT_ARCH_I386 and has arguments of 32 bits",
       .why = "The same number is another call there.",
       .source = "seccomp(2), Architecture support; arch/x86/entry/syscall_32.c",
       .run = of_another_abi,
       .needs = {.machine = {Abi::x86_64}, .abis = {Abi::i386}},
       .parameters = {static_cast<std::int64_t>(Abi::i386), kGetppidOfI386}},
      {.name = "x32",
       .title = "The notification of an x32 call has bit 30 in its number and AUDIT_ARCH_X86_64",
       .why = "A supervisor that compares numbers only would take it for no call at all.",
       .source = "seccomp(2), Architecture support; arch/x86/include/asm/unistd.h, __X32_SYSCALL_BIT",
       .run = of_another_abi,
       .needs = {.machine = {Abi::x86_64}},
       .parameters = {static_cast<std::int64_t>(Abi::x32), kGetppidOfX32}},
  };
}

}  // namespace sandgauge
