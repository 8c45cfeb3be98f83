#include "kernel/abis.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace sandgauge::abis_test {
namespace {

TEST(RunningAbisTest, HasTheNativeAbiAndNoneOfAnotherMachine) {
  const std::set<Abi> running = running_abis();
  EXPECT_TRUE(running.contains(native_abi()));
  EXPECT_FALSE(running.contains(native_abi() == Abi::aarch64 ? Abi::x86_64 : Abi::aarch64));
}

TEST(RunningAbisTest, GivesTheSameAnswerTwice) { EXPECT_EQ(running_abis(), running_abis()); }

#if defined(__x86_64__)

TEST(RunningAbisTest, AgreesWithACallMadeHere) {
  // x32 answers ENOSYS where it is not built in: safe to try without a child.
  const long result = ::syscall(SYS_getpid | kX32Bit);
  EXPECT_EQ(running_abis().contains(Abi::x32), result == ::getpid());
}

TEST(RunningAbisTest, AgreesWithAnI386CallThatShowsByItself) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::signal(SIGSEGV, SIG_DFL);  // what int $0x80 gives without IA32 emulation
    asm volatile("int $0x80" : : "a"(1L) /* exit */, "b"(42L) : "r8", "r9", "r10", "r11", "memory");
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(running_abis().contains(Abi::i386), WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

TEST(RunningAbisTest, IsNotDisturbedByTheCallersSignalHandlers) {
  std::signal(SIGSYS, SIG_IGN);
  std::signal(SIGSEGV, [](int) { ::_exit(0); });
  const std::set<Abi> running = running_abis();
  std::signal(SIGSYS, SIG_DFL);
  std::signal(SIGSEGV, SIG_DFL);
  EXPECT_EQ(running, running_abis());
}

#endif

}  // namespace
}  // namespace sandgauge::abis_test
