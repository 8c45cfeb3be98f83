#include "observe/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>

#include "model/abi.h"

namespace sandgauge::audit_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// The call that the filters of these tests answer; nothing else here makes it.
constexpr int kCall = SYS_getpgid;

/// Async-signal-safe.
bool load_filter(std::uint32_t answer, unsigned long flags) {
  const sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kCall, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(code), const_cast<sock_filter*>(code)};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) == 0;
}

struct Child {
  pid_t pid = 0;
  int status = 0;
};

/// Runs `body` in a child and waits for its end.
Child run_child(const std::function<int()>& body) {
  Child child;
  child.pid = ::fork();
  if (child.pid == 0) ::_exit(body());
  ::waitpid(child.pid, &child.status, 0);
  return child;
}

Child run_calls(std::uint32_t answer, unsigned long flags, int calls) {
  return run_child([&] {
    if (!load_filter(answer, flags)) return 99;
    for (int i = 0; i < calls; ++i) ::syscall(kCall, 0);
    return 0;
  });
}

std::vector<AuditRecord> records_of(const std::vector<AuditRecord>& all, pid_t pid) {
  std::vector<AuditRecord> some;
  std::copy_if(all.begin(), all.end(), std::back_inserter(some),
               [&](const AuditRecord& record) { return record.pid == pid; });
  return some;
}

/// CAP_AUDIT_READ is held, and this is the initial pid namespace: no container.
bool may_read_records() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  struct stat pid_namespace {};
  return ::syscall(SYS_capget, &header, data) == 0 &&
         (data[CAP_TO_INDEX(CAP_AUDIT_READ)].effective & CAP_TO_MASK(CAP_AUDIT_READ)) != 0 &&
         ::stat("/proc/self/ns/pid", &pid_namespace) == 0 && pid_namespace.st_ino == 0xEFFFFFFC;
}

/// Live tests, on the records of this kernel.
class AuditReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!may_read_records()) GTEST_SKIP() << "needs CAP_AUDIT_READ and the initial pid namespace";
    auto opened = AuditReader::open();
    ASSERT_TRUE(opened) << opened.error().message;
    reader_.emplace(std::move(*opened));
  }

  /// As the kernel counts it: twice of what was asked for (socket(7), SO_RCVBUF).
  [[nodiscard]] int buffer_size() const {
    int size = 0;
    socklen_t length = sizeof size;
    ::getsockopt(reader_->fd(), SOL_SOCKET, SO_RCVBUF, &size, &length);
    return size;
  }
  void resize_buffer(int size) const {
    if (::setsockopt(reader_->fd(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
      ::setsockopt(reader_->fd(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }

  std::optional<AuditReader> reader_;
  std::vector<AuditRecord> records_;
};

TEST_F(AuditReaderTest, SeesOneRecordOfALoggedCall) {
  const Child child = run_calls(SECCOMP_RET_LOG, 0, 1);
  ASSERT_EQ(child.status, 0);
  const auto complete = reader_->catch_up(records_, 10s);
  ASSERT_TRUE(complete) << complete.error().message;
  ASSERT_TRUE(*complete);
  const auto seen = records_of(records_, child.pid);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].syscall, kCall);
  EXPECT_EQ(seen[0].arch, audit_arch(native_abi()));
  EXPECT_EQ(seen[0].code, static_cast<std::uint32_t>(SECCOMP_RET_LOG));
  EXPECT_EQ(seen[0].signal, 0);
  EXPECT_FALSE(seen[0].compat);
  EXPECT_EQ(seen[0].comm, "observe_test");
  EXPECT_THAT(seen[0].exe, HasSubstr("observe_test"));
  EXPECT_GT(seen[0].serial, 0U);
  EXPECT_NE(seen[0].instruction_pointer, 0U);
}

TEST_F(AuditReaderTest, ProvesThatAnAllowedCallLeavesNone) {
  const Child child = run_calls(SECCOMP_RET_ALLOW, SECCOMP_FILTER_FLAG_LOG, 1);
  ASSERT_EQ(child.status, 0);
  const auto complete = reader_->catch_up(records_, 10s);
  ASSERT_TRUE(complete && *complete);
  EXPECT_TRUE(records_of(records_, child.pid).empty());
}

TEST_F(AuditReaderTest, SeesAnErrnoOnlyWithTheLogFlag) {
  const Child quiet = run_calls(SECCOMP_RET_ERRNO | EPERM, 0, 1);
  const Child logged = run_calls(SECCOMP_RET_ERRNO | EPERM, SECCOMP_FILTER_FLAG_LOG, 1);
  const auto complete = reader_->catch_up(records_, 10s);
  ASSERT_TRUE(complete && *complete);
  EXPECT_TRUE(records_of(records_, quiet.pid).empty());
  const auto seen = records_of(records_, logged.pid);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].code, 0x00050000U) << "the data is not in the record";
  EXPECT_EQ(seen[0].signal, 0);
}

TEST_F(AuditReaderTest, TellsKillThreadFromKillProcess) {
  const Child thread = run_calls(SECCOMP_RET_KILL_THREAD, 0, 1);
  const Child process = run_calls(SECCOMP_RET_KILL_PROCESS, 0, 1);
  ASSERT_EQ(WTERMSIG(thread.status), SIGSYS);
  ASSERT_EQ(WTERMSIG(process.status), SIGSYS);
  const auto complete = reader_->catch_up(records_, 10s);
  ASSERT_TRUE(complete && *complete);
  const auto by_thread = records_of(records_, thread.pid);
  const auto by_process = records_of(records_, process.pid);
  ASSERT_EQ(by_thread.size(), 1U);
  ASSERT_EQ(by_process.size(), 1U);
  EXPECT_EQ(by_thread[0].code, 0U);
  EXPECT_EQ(by_process[0].code, 0x80000000U);
  EXPECT_EQ(by_thread[0].signal, SIGSYS);
  EXPECT_EQ(by_process[0].signal, SIGSYS);
}

TEST_F(AuditReaderTest, CatchesUpAgainAndAgain) {
  for (int round = 0; round < 20; ++round) {
    const Child child = run_calls(SECCOMP_RET_LOG, 0, round % 3);
    records_.clear();
    const auto complete = reader_->catch_up(records_, 10s);
    ASSERT_TRUE(complete && *complete);
    EXPECT_EQ(records_of(records_, child.pid).size(), static_cast<std::size_t>(round % 3));
  }
}

TEST_F(AuditReaderTest, KeepsItsOwnRecordsToItself) {
  // Other processes may put up fences at the same time, so they are counted: what a second reader sees of them more.
  auto second = AuditReader::open();
  ASSERT_TRUE(second);
  const Child first = run_calls(SECCOMP_RET_LOG, 0, 1);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(*reader_->catch_up(records_, 10s));
  const Child last = run_calls(SECCOMP_RET_LOG, 0, 1);
  ASSERT_TRUE(*reader_->catch_up(records_, 10s));
  std::vector<AuditRecord> seen_by_second;
  ASSERT_TRUE(*second->catch_up(seen_by_second, 10s));
  const auto fences = [&](const std::vector<AuditRecord>& all) {
    const auto from = records_of(all, first.pid).at(0).serial;
    const auto to = records_of(all, last.pid).at(0).serial;
    return std::ranges::count_if(all, [&](const AuditRecord& record) {
      return record.comm == "audit-fence" && record.serial > from && record.serial < to;
    });
  };
  EXPECT_EQ(fences(seen_by_second) - fences(records_), 2);
}

TEST_F(AuditReaderTest, KeepsTheOrderOfTheKernel) {
  const Child first = run_calls(SECCOMP_RET_LOG, 0, 1);
  const Child second = run_calls(SECCOMP_RET_LOG, 0, 1);
  ASSERT_TRUE(*reader_->catch_up(records_, 10s));
  ASSERT_EQ(records_of(records_, first.pid).size(), 1U);
  ASSERT_EQ(records_of(records_, second.pid).size(), 1U);
  EXPECT_LT(records_of(records_, first.pid)[0].serial, records_of(records_, second.pid)[0].serial);
}

TEST_F(AuditReaderTest, KeepsWhatAnEarlierDrainGave) {
  const Child child = run_calls(SECCOMP_RET_LOG, 0, 1);
  pollfd readable{.fd = reader_->fd(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&readable, 1, 10'000), 1);
  while (records_of(records_, child.pid).empty() && ::poll(&readable, 1, 10'000) == 1) ASSERT_TRUE(reader_->drain(records_));
  ASSERT_TRUE(*reader_->catch_up(records_, 10s));
  EXPECT_EQ(records_of(records_, child.pid).size(), 1U);
}

TEST_F(AuditReaderTest, StartOverDropsWhatHasArrived) {
  auto second = AuditReader::open();
  ASSERT_TRUE(second);
  const Child child = run_calls(SECCOMP_RET_LOG, 0, 3);
  // What the second reader has seen the first one has too: the kernel hands a record to all readers at once.
  std::vector<AuditRecord> seen_by_second;
  ASSERT_TRUE(*second->catch_up(seen_by_second, 10s));
  ASSERT_EQ(records_of(seen_by_second, child.pid).size(), 3U);
  ASSERT_TRUE(reader_->start_over());
  ASSERT_TRUE(*reader_->catch_up(records_, 10s));
  EXPECT_TRUE(records_of(records_, child.pid).empty());
}

TEST_F(AuditReaderTest, LosesNothingInAFloodThatItsBufferHolds) {
  // Many times the kernel's queue of 64; less where the buffer may not be large.
  constexpr int kBytesPerRecord = 1536;
  const int calls = std::min(5'000, buffer_size() / kBytesPerRecord / 2);
  const Child child = run_calls(SECCOMP_RET_LOG, 0, calls);
  ASSERT_EQ(child.status, 0);
  const auto complete = reader_->catch_up(records_, 30s);
  ASSERT_TRUE(complete) << complete.error().message;
  EXPECT_TRUE(*complete);
  EXPECT_FALSE(reader_->lost());
  EXPECT_EQ(records_of(records_, child.pid).size(), static_cast<std::size_t>(calls));
}

TEST_F(AuditReaderTest, SaysSoWhenAFloodOverflowsItsBufferAndRecovers) {
  // A small buffer rather than a great flood: that would reach every other reader of this machine.
  const int whole = buffer_size();
  resize_buffer(64 * 1024);
  constexpr int kCalls = 1000;
  const Child child = run_calls(SECCOMP_RET_LOG, 0, kCalls);
  ASSERT_EQ(child.status, 0);
  const auto complete = reader_->catch_up(records_, 30s);
  ASSERT_TRUE(complete) << complete.error().message;
  EXPECT_FALSE(*complete);
  EXPECT_TRUE(reader_->lost());
  EXPECT_LT(records_of(records_, child.pid).size(), static_cast<std::size_t>(kCalls));

  resize_buffer(whole / 2);
  records_.clear();
  const auto tainted = reader_->catch_up(records_, 30s);
  ASSERT_TRUE(tainted);
  EXPECT_FALSE(*tainted) << "a loss is remembered until start_over()";
  ASSERT_TRUE(reader_->start_over());
  EXPECT_FALSE(reader_->lost());
  records_.clear();
  const Child next = run_calls(SECCOMP_RET_LOG, 0, 2);
  const auto recovered = reader_->catch_up(records_, 30s);
  ASSERT_TRUE(recovered && *recovered);
  EXPECT_EQ(records_of(records_, next.pid).size(), 2U);
}

TEST_F(AuditReaderTest, GivesUpAtTheDeadlineWhenNoRecordComes) {
  // A reader that left the multicast group: what another network namespace looks like.
  const int group = AUDIT_NLGRP_READLOG;
  ASSERT_EQ(::setsockopt(reader_->fd(), SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof group), 0);
  ASSERT_TRUE(reader_->start_over());
  const auto start = std::chrono::steady_clock::now();
  const auto complete = reader_->catch_up(records_, 100ms);
  const auto took = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(complete);
  EXPECT_FALSE(*complete);
  EXPECT_FALSE(reader_->lost());
  EXPECT_GE(took, 100ms);
  EXPECT_LT(took, 5s);
}

TEST_F(AuditReaderTest, FailsWhereAFilterDeniesTheFenceItsOwn) {
  const Child child = run_child([&] {
    const sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{std::size(code), const_cast<sock_filter*>(code)};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) return 99;
    const auto complete = reader_->catch_up(records_, 10s);
    if (complete) return 1;
    return complete.error().message.find("EACCES") != std::string::npos ? 0 : 2;
  });
  EXPECT_EQ(child.status, 0);
}

TEST_F(AuditReaderTest, LeavesNoChildBehind) {
  ASSERT_TRUE(*reader_->catch_up(records_, 10s));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(AuditReaderTest, DoesNotOpenWithoutTheCapability) {
  const Child child = run_child([] {
    if (::setuid(65534) != 0) return 99;
    const auto opened = AuditReader::open();
    if (opened) return 1;
    return opened.error().message.find("CAP_AUDIT_READ") != std::string::npos ? 0 : 2;
  });
  EXPECT_EQ(child.status, 0);
}

TEST_F(AuditReaderTest, DoesNotOpenWhereRecordsDoNotArrive) {
  const Child child = run_child([] {
    if (::unshare(CLONE_NEWNET) != 0) return 99;
    const auto opened = AuditReader::open();
    if (opened) return 1;
    return opened.error().message.find("do not arrive") != std::string::npos ? 0 : 2;
  });
  EXPECT_EQ(child.status, 0);
}

TEST_F(AuditReaderTest, DoesNotOpenInAnotherPidNamespace) {
  const Child child = run_child([] {
    // Only the next child is in the new namespace.
    if (::unshare(CLONE_NEWPID) != 0) return 99;
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(AuditReader::open() ? 1 : 0);
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
  });
  EXPECT_EQ(child.status, 0);
}

TEST(AuditTest, ADenialOfLandlockBelongsToWhoMadeTheDomain) {
  std::vector<OtherRecord> records{
      {.type = 1423, .pid = 0, .text = "domain=a1 blockers=fs.make_dir path=\"/tmp/in\" dev=\"tmpfs\" ino=7"},
      {.type = 1424, .pid = 42, .text = "domain=a1 status=allocated mode=enforcing pid=42 uid=0"},
      {.type = 1400, .pid = 7, .text = "apparmor=\"DENIED\""},
      {.type = 1423, .pid = 0, .text = "domain=a1 blockers=fs.refer"},
      {.type = 1423, .pid = 0, .text = "domain=a blockers=fs.refer"},
      {.type = 1424, .pid = 0, .text = "domain=a status=deallocated denials=1"}};
  find_landlock_processes(records);
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[0].pid, 42);
  EXPECT_EQ(records[1].pid, 7);
  EXPECT_EQ(records[2].pid, 42);
  EXPECT_EQ(records[3].pid, 0);
}

}  // namespace
}  // namespace sandgauge::audit_test
