#include "probe/sigsys.h"

#include <signal.h>
#include <ucontext.h>

#include <atomic>

#include "probe/raw_call.h"

#define SANDGAUGE_BARE __attribute__((noinline, no_stack_protector, no_sanitize("address", "undefined", "thread")))

namespace sandgauge {
namespace {

CallFacts* recorded = nullptr;

// Where make_call() is to be resumed: the buffer of __builtin_setjmp, whose third word is the stack pointer (GCC manual,
// "Nonlocal Gotos"). `armed` only while a call is under way.
void* resume[5];
volatile sig_atomic_t armed = 0;

// The thread that made the call stands a few frames below the stack pointer that make_call() saved; no other thread does.
constexpr std::uint64_t kNear = 4096;

struct Registers {
  std::uint64_t instruction_pointer;
  std::uint64_t stack_pointer;
  std::uint64_t result;
};

Registers registers_of(const ucontext_t& context) {
#if defined(__x86_64__)
  const auto& gregs = context.uc_mcontext.gregs;
  return {static_cast<std::uint64_t>(gregs[REG_RIP]), static_cast<std::uint64_t>(gregs[REG_RSP]),
          static_cast<std::uint64_t>(gregs[REG_RAX])};
#else
  return {context.uc_mcontext.pc, context.uc_mcontext.sp, context.uc_mcontext.regs[0]};
#endif
}

SANDGAUGE_BARE void on_sigsys(int signo, siginfo_t* info, void* context) {
  const Registers registers = registers_of(*static_cast<const ucontext_t*>(context));
  const std::atomic_ref<std::uint32_t> runs(recorded->handler_runs);
  if (runs.load() == 0) {
    recorded->sigsys = {.signo = signo,
                        .code = info->si_code,
                        .error = info->si_errno,
                        .syscall = info->si_syscall,
                        .arch = info->si_arch,
                        .call_addr = reinterpret_cast<std::uint64_t>(info->si_call_addr),
                        .instruction_pointer = registers.instruction_pointer,
                        .result_register = registers.result};
  }
  runs.fetch_add(1);
  const auto saved = reinterpret_cast<std::uint64_t>(resume[2]);
  if (armed != 0 && saved - registers.stack_pointer < kNear) {
    armed = 0;
    __builtin_longjmp(resume, 1);
  }
}

}  // namespace

bool record_sigsys(CallFacts* facts) {
  recorded = facts;
  struct sigaction action = {};
  action.sa_sigaction = on_sigsys;
  // SA_NODEFER: the jump leaves the signal mask as it is in the handler, and a second SIGSYS must find a handler too.
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  return sigaction(SIGSYS, &action, nullptr) == 0;
}

SANDGAUGE_BARE void make_call(CallFacts* facts, Abi abi, std::int32_t number, const std::uint64_t (&args)[6]) {
  std::atomic_ref<std::uint32_t>(facts->started).store(1);
  if (__builtin_setjmp(resume) == 0) {
    armed = 1;
    facts->result = raw_call(abi, number, args);
    armed = 0;
  } else {
    facts->result = static_cast<std::int64_t>(facts->sigsys.result_register);
  }
  std::atomic_ref<std::uint32_t>(facts->returned).store(1);
}

}  // namespace sandgauge
