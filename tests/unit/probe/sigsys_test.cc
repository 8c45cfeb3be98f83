#include "probe/sigsys.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <cerrno>

#include "base/shared_slot.h"
#include "filtered_child.h"
#include "model/syscalls.h"
#include "probe/raw_call.h"

namespace sandgauge::sigsys_test {
namespace {

constexpr std::uint64_t kNone[6] = {};

class SigsysTest : public testing::Test {
 protected:
  std::int32_t native(std::string_view name) { return syscall_number(native_abi(), name).value(); }

  OneCallFilter answer(std::string_view name, std::uint32_t verdict, std::uint32_t otherwise = SECCOMP_RET_ALLOW) {
    return {.arch = audit_arch(native_abi()),
            .number = static_cast<std::uint32_t>(native(name)),
            .verdict = verdict,
            .otherwise = otherwise};
  }

  SharedSlot<CallFacts> slot_ = std::move(SharedSlot<CallFacts>::make()).value();
  CallFacts& facts_ = *slot_;

  /// The wait status of a child that makes one recorded call under the filter.
  int call_under(const OneCallFilter& filter, std::string_view name) {
    return in_child([this] { record_sigsys(&facts_); }, filter,
                    [&] { make_call(&facts_, native_abi(), native(name), kNone); });
  }
};

TEST_F(SigsysTest, TrapIsRecordedWithItsDataAndCallComesBack) {
  EXPECT_TRUE(came_to_its_end(call_under(answer("uname", SECCOMP_RET_TRAP | 0xDEAD), "uname")));
  EXPECT_EQ(facts_.started, 1u);
  EXPECT_EQ(facts_.returned, 1u);
  EXPECT_EQ(facts_.handler_runs, 1u);
  EXPECT_EQ(facts_.sigsys.signo, SIGSYS);
  EXPECT_EQ(facts_.sigsys.code, 1);  // SYS_SECCOMP
  EXPECT_EQ(facts_.sigsys.error, 0xDEAD);
  EXPECT_EQ(facts_.sigsys.syscall, native("uname"));
  EXPECT_EQ(facts_.sigsys.arch, audit_arch(native_abi()));
  EXPECT_NE(facts_.sigsys.instruction_pointer, 0u);
  EXPECT_EQ(facts_.sigsys.call_addr, facts_.sigsys.instruction_pointer);
#if defined(__x86_64__)
  EXPECT_EQ(facts_.sigsys.result_register, 63u);
  EXPECT_EQ(facts_.result, 63);
#endif
}

TEST_F(SigsysTest, HandlerLeavesWithoutASystemCall) {
  EXPECT_TRUE(came_to_its_end(call_under(answer("uname", SECCOMP_RET_TRAP | 3, SECCOMP_RET_KILL_PROCESS), "uname")));
  EXPECT_EQ(facts_.returned, 1u);
  EXPECT_EQ(facts_.sigsys.error, 3);
}

TEST_F(SigsysTest, FilterThatTrapsEverythingIsSurvived) {
  EXPECT_TRUE(came_to_its_end(call_under(answer("uname", SECCOMP_RET_TRAP, SECCOMP_RET_TRAP), "uname")));
  EXPECT_EQ(facts_.returned, 1u);
  EXPECT_EQ(facts_.handler_runs, 1u);
}

TEST_F(SigsysTest, SecondCallIsCountedAndFirstOneKept) {
  const int status = in_child([this] { record_sigsys(&facts_); }, answer("uname", SECCOMP_RET_TRAP, SECCOMP_RET_TRAP),
                              [&] {
                                make_call(&facts_, native_abi(), native("uname"), kNone);
                                make_call(&facts_, native_abi(), native("getuid"), kNone);
                              });
  EXPECT_TRUE(came_to_its_end(status));
  EXPECT_EQ(facts_.handler_runs, 2u);
  EXPECT_EQ(facts_.sigsys.syscall, native("uname"));
}

TEST_F(SigsysTest, CallThatFailsLeavesNoSigsys) {
  EXPECT_TRUE(came_to_its_end(call_under(answer("uname", SECCOMP_RET_ERRNO | EPERM), "uname")));
  EXPECT_EQ(facts_.result, -EPERM);
  EXPECT_EQ(facts_.returned, 1u);
  EXPECT_EQ(facts_.handler_runs, 0u);
  EXPECT_EQ(facts_.sigsys, SigsysFacts{});
}

TEST_F(SigsysTest, KillLeavesStartedButNotReturned) {
  const int status = call_under(answer("uname", SECCOMP_RET_KILL_PROCESS), "uname");
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
  EXPECT_EQ(facts_.started, 1u);
  EXPECT_EQ(facts_.returned, 0u);
  EXPECT_EQ(facts_.handler_runs, 0u);
}

TEST_F(SigsysTest, TrapWithoutTheHandlerKills) {
  const int status =
      in_child(answer("uname", SECCOMP_RET_TRAP), [&] { make_call(&facts_, native_abi(), native("uname"), kNone); });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
  EXPECT_EQ(facts_.returned, 0u);
}

/// A raw call from a frame that lies deeper than make_call()'s did.
__attribute__((noinline)) std::int64_t call_from_below(std::int32_t number) {
  volatile char depth[512];
  depth[0] = 1;
  return raw_call(native_abi(), number, kNone) + depth[0] - 1;
}

TEST_F(SigsysTest, SigsysOutsideMakeCallReturnsToWhereItCameFrom) {
  std::int64_t result = 0;
  const int status =
      in_child([this] { record_sigsys(&facts_); }, answer("getuid", SECCOMP_RET_TRAP | 5),
               [&] {
                 make_call(&facts_, native_abi(), native("uname"), kNone);  // leaves a place to jump to behind
                 result = call_from_below(native("getuid"));
                 if (result != native("getuid")) _exit(1);
               });
  EXPECT_TRUE(came_to_its_end(status)) << status;
  EXPECT_EQ(facts_.handler_runs, 1u);
  EXPECT_EQ(facts_.sigsys.error, 5);
}

TEST_F(SigsysTest, SigsysOfAnotherThreadLeavesTheCallersStackAlone) {
  // The caller waits in read(2) for a byte that the second thread sends only after it was trapped itself.
  static int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int status = in_child(
      [this] { record_sigsys(&facts_); }, answer("getuid", SECCOMP_RET_TRAP),
      [&] {
        pthread_t thread;
        const auto second = [](void* facts) -> void* {
          while (static_cast<volatile CallFacts*>(facts)->started == 0) usleep(100);
          usleep(10000);  // into the read; earlier is no less correct, only less of a test
          if (raw_call(native_abi(), syscall_number(native_abi(), "getuid").value(), kNone) == 0) _exit(2);
          if (write(ends[1], "x", 1) != 1) _exit(3);
          return nullptr;
        };
        if (pthread_create(&thread, nullptr, second, &facts_) != 0) _exit(4);
        char byte = 0;
        const std::uint64_t args[6] = {static_cast<std::uint64_t>(ends[0]), reinterpret_cast<std::uint64_t>(&byte), 1};
        make_call(&facts_, native_abi(), native("read"), args);
        if (byte != 'x') _exit(5);
      });
  close(ends[0]);
  close(ends[1]);
  EXPECT_TRUE(came_to_its_end(status)) << status;
  EXPECT_EQ(facts_.handler_runs, 1u);
  EXPECT_EQ(facts_.result, 1);
}

class SigsysForeignTest : public SigsysTest {};

TEST_F(SigsysForeignTest, TrapOfAnX32CallShowsBit30) {
  if (!raw_call_supported(Abi::x32)) GTEST_SKIP() << "the machine has no x32 entry";
  const auto number = syscall_number(Abi::x32, "getpid").value();
  const OneCallFilter filter{
      .arch = audit_arch(Abi::x32), .number = static_cast<std::uint32_t>(number) | kX32Bit, .verdict = SECCOMP_RET_TRAP | 1};
  EXPECT_TRUE(came_to_its_end(
      in_child([this] { record_sigsys(&facts_); }, filter, [&] { make_call(&facts_, Abi::x32, number, kNone); })));
  EXPECT_EQ(facts_.handler_runs, 1u);
  EXPECT_EQ(static_cast<std::uint32_t>(facts_.sigsys.syscall), static_cast<std::uint32_t>(number) | kX32Bit);
  EXPECT_EQ(facts_.sigsys.arch, audit_arch(Abi::x86_64));
}

TEST_F(SigsysForeignTest, TrapOfAnI386CallShowsItsArchAndTheJumpRestoresTheFramePointer) {
  if (!raw_call_supported(Abi::i386)) GTEST_SKIP() << "the machine has no i386 entry";
  if (!came_to_its_end(in_child({}, [] { raw_call(Abi::i386, 20, kNone); })))
    GTEST_SKIP() << "the kernel runs no i386 calls";
  const auto number = syscall_number(Abi::i386, "uname").value();
  const OneCallFilter filter{
      .arch = audit_arch(Abi::i386), .number = static_cast<std::uint32_t>(number), .verdict = SECCOMP_RET_TRAP | 2};
  EXPECT_TRUE(came_to_its_end(
      in_child([this] { record_sigsys(&facts_); }, filter, [&] { make_call(&facts_, Abi::i386, number, kNone); })));
  EXPECT_EQ(facts_.returned, 1u);
  EXPECT_EQ(facts_.result, number);
  EXPECT_EQ(facts_.sigsys.error, 2);
  EXPECT_EQ(facts_.sigsys.syscall, number);
  EXPECT_EQ(facts_.sigsys.arch, audit_arch(Abi::i386));
}

}  // namespace
}  // namespace sandgauge::sigsys_test
