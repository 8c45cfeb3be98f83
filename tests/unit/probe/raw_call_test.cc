#include "probe/raw_call.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <cstring>
#include <fstream>
#include <string>

#include "base/shared_slot.h"
#include "filtered_child.h"
#include "model/syscalls.h"

namespace sandgauge::raw_call_test {
namespace {

constexpr std::uint64_t kNone[6] = {};

std::int32_t number(Abi abi, std::string_view name) { return syscall_number(abi, name).value(); }

/// What the call gives in a child under the filter, or nothing if the child did not live to tell.
std::int64_t result_under(const OneCallFilter& filter, Abi abi, std::int32_t call) {
  auto slot = SharedSlot<std::int64_t>::make();
  const int status = in_child(filter, [&] { **slot = raw_call(abi, call, kNone); });
  EXPECT_TRUE(came_to_its_end(status)) << "wait status " << status;
  return **slot;
}

/// Whether this kernel runs i386 calls; tried in a child, for without them the entry is a fault.
bool kernel_runs_i386() {
  return came_to_its_end(in_child({}, [] { raw_call(Abi::i386, 20, kNone); }));
}

class RawCallI386Test : public testing::Test {
 protected:
  void SetUp() override {
    if (!raw_call_supported(Abi::i386)) GTEST_SKIP() << "the machine has no i386 entry";
    if (!kernel_runs_i386()) GTEST_SKIP() << "the kernel runs no i386 calls";
  }
};

TEST(RawCallTest, NativeCallGivesItsResult) {
  EXPECT_EQ(raw_call(native_abi(), number(native_abi(), "getpid"), kNone), getpid());
}

TEST(RawCallTest, FailureComesBackAsNegativeErrnoAndLeavesErrnoAlone) {
  errno = ERANGE;
  const std::uint64_t args[6] = {static_cast<std::uint64_t>(-1)};
  EXPECT_EQ(raw_call(native_abi(), number(native_abi(), "close"), args), -EBADF);
  EXPECT_EQ(errno, ERANGE);
}

TEST(RawCallTest, NumberThatNoCallHasIsENOSYS) {
  EXPECT_EQ(raw_call(native_abi(), 100000, kNone), -ENOSYS);
  EXPECT_EQ(raw_call(native_abi(), -1, kNone), -ENOSYS);
}

TEST(RawCallTest, AllSixArgumentsReachTheKernel) {
  const std::uint64_t args[6] = {
      0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, static_cast<std::uint64_t>(-1), 0};
  const std::int64_t address = raw_call(native_abi(), number(native_abi(), "mmap"), args);
  ASSERT_GT(address, 0);
  std::memset(reinterpret_cast<void*>(address), 1, 4096);
  EXPECT_EQ(munmap(reinterpret_cast<void*>(address), 4096), 0);
  std::uint64_t misaligned[6];
  std::memcpy(misaligned, args, sizeof args);
  misaligned[5] = 1;  // an offset that is no multiple of a page: the sixth argument is read
  EXPECT_EQ(raw_call(native_abi(), number(native_abi(), "mmap"), misaligned), -EINVAL);
}

TEST(RawCallTest, FilterAnswersNativeCall) {
  const auto uname_number = number(native_abi(), "uname");
  EXPECT_EQ(result_under({.arch = audit_arch(native_abi()),
                          .number = static_cast<std::uint32_t>(uname_number),
                          .verdict = SECCOMP_RET_ERRNO | EPERM},
                         native_abi(), uname_number),
            -EPERM);
}

TEST(RawCallTest, AbiWithoutAnInstructionHereIsENOSYSWithoutACall) {
  const Abi foreign = native_abi() == Abi::aarch64 ? Abi::x86_64 : Abi::aarch64;
  EXPECT_FALSE(raw_call_supported(foreign));
  EXPECT_EQ(raw_call(foreign, number(foreign, "getpid"), kNone), -ENOSYS);
}

TEST_F(RawCallI386Test, CallGivesItsResult) { EXPECT_EQ(raw_call(Abi::i386, number(Abi::i386, "getpid"), kNone), getpid()); }

TEST_F(RawCallI386Test, FailureComesBackAsNegativeErrno) {
  const std::uint64_t args[6] = {0xFFFFFFFF};
  EXPECT_EQ(raw_call(Abi::i386, number(Abi::i386, "close"), args), -EBADF);
}

TEST_F(RawCallI386Test, ArgumentsAreCutTo32Bits) {
  const std::uint64_t args[6] = {0xABCD00000000 | RLIMIT_NOFILE, 0x1234'00000000};
  // A null pointer once its high half is gone.
  EXPECT_EQ(raw_call(Abi::i386, number(Abi::i386, "getrlimit"), args), -EFAULT);
}

TEST_F(RawCallI386Test, SixthArgumentReachesTheKernelAndFramePointerSurvives) {
  const auto mmap2 = number(Abi::i386, "mmap2");
  std::uint64_t args[6] = {0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0xFFFFFFFF, 0};
  const std::int64_t address = raw_call(Abi::i386, mmap2, args);
  ASSERT_GT(address, 0) << "an address above 2 GiB must not look like an error";
  ASSERT_LE(address, 0xFFFFFFFF);
  EXPECT_EQ(munmap(reinterpret_cast<void*>(address), 4096), 0);
  // Of an anonymous mapping the offset is not read, so ask with a file: one page into an empty memfd maps, and shows in
  // maps.
  const int file = memfd_create("sixth", MFD_CLOEXEC);
  args[3] = MAP_PRIVATE;
  args[4] = static_cast<std::uint64_t>(file);
  args[5] = 0x23;  // in pages; unlike any descriptor, so that the fifth cannot pass for it
  const std::int64_t shifted = raw_call(Abi::i386, mmap2, args);
  ASSERT_GT(shifted, 0);
  std::string mapping;
  std::ifstream maps("/proc/self/maps");
  while (std::getline(maps, mapping) && mapping.find("/memfd:sixth") == std::string::npos) {
  }
  EXPECT_NE(mapping.find(" 00023000 "), std::string::npos) << mapping;
  munmap(reinterpret_cast<void*>(shifted), 4096);
  close(file);
}

TEST_F(RawCallI386Test, FilterSeesTheForeignArch) {
  const auto uname_number = static_cast<std::uint32_t>(number(Abi::i386, "uname"));
  EXPECT_EQ(result_under({.arch = audit_arch(Abi::i386), .number = uname_number, .verdict = SECCOMP_RET_ERRNO | 7},
                         Abi::i386, static_cast<std::int32_t>(uname_number)),
            -7);
}

TEST(RawCallX32Test, FilterSeesBit30EvenWhereTheKernelHasNoX32) {
  if (!raw_call_supported(Abi::x32)) GTEST_SKIP() << "the machine has no x32 entry";
  const auto getpid_number = number(Abi::x32, "getpid");
  const auto seen = static_cast<std::uint32_t>(getpid_number) | kX32Bit;
  EXPECT_EQ(result_under({.arch = audit_arch(Abi::x32), .number = seen, .verdict = SECCOMP_RET_ERRNO | 9}, Abi::x32,
                         getpid_number),
            -9);
}

TEST(RawCallX32Test, WithoutAFilterTheKernelRunsItOrSaysENOSYS) {
  if (!raw_call_supported(Abi::x32)) GTEST_SKIP() << "the machine has no x32 entry";
  const std::int64_t result = raw_call(Abi::x32, number(Abi::x32, "getpid"), kNone);
  EXPECT_TRUE(result == getpid() || result == -ENOSYS) << result;
}

}  // namespace
}  // namespace sandgauge::raw_call_test
