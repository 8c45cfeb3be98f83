#include "kernel/host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <limits>
#include <sstream>

namespace sandgauge::host_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ParseKernelVersionTest, TakesTheFirstTwoNumbersOfRealReleases) {
  const struct {
    const char* release;
    KernelVersion version;
  } rows[] = {
      {"6.18.44-fc-v657", {6, 18}},
      {"5.10.0-30-amd64", {5, 10}},
      {"6.1.0-rc3", {6, 1}},
      {"6.1-rc3", {6, 1}},
      {"2.6.32-754.el6", {2, 6}},
      {"10.0", {10, 0}},
      {"6.6.87.2-microsoft-standard-WSL2", {6, 6}},
  };
  for (const auto& row : rows) {
    const auto version = parse_kernel_version(row.release);
    ASSERT_TRUE(version) << row.release;
    EXPECT_EQ(*version, row.version) << row.release;
  }
}

TEST(ParseKernelVersionTest, RefusesWhatDoesNotBeginWithTwoNumbers) {
  for (const char* release :
       {"", ".", "6", "6.", ".6", "six.1", "6.x", "-1.2", " 6.1", "6 .1", "6.99999999999", "99999999999.1"}) {
    const auto version = parse_kernel_version(release);
    ASSERT_FALSE(version) << release;
    EXPECT_THAT(version.error().message, HasSubstr(release));
  }
}

TEST(CapabilityNamesTest, NamesEachBitOfTheMask) {
  EXPECT_THAT(capability_names(0), IsEmpty());
  EXPECT_THAT(capability_names(1), ElementsAre("CAP_CHOWN"));
  EXPECT_THAT(capability_names(std::uint64_t{1} << 21), ElementsAre("CAP_SYS_ADMIN"));
  EXPECT_THAT(capability_names(std::uint64_t{1} << 37), ElementsAre("CAP_AUDIT_READ"));
  EXPECT_THAT(capability_names(std::uint64_t{1} << 40), ElementsAre("CAP_CHECKPOINT_RESTORE"));
  EXPECT_THAT(capability_names(std::uint64_t{1} << 41), ElementsAre("CAP_41"));
  EXPECT_EQ(capability_names(std::numeric_limits<std::uint64_t>::max()).size(), 64U);
}

TEST(ParseCapabilitiesTest, ReadsAMaskOfProcStatus) {
  const auto all = parse_capabilities("000001ffffffffff");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 41U);
  EXPECT_THAT(*parse_capabilities("0000002000000000"), ElementsAre("CAP_AUDIT_READ"));
}

TEST(ParseCapabilitiesTest, RefusesWhatIsNoMask) {
  for (const char* text : {"", "0x1", "xyz", "-1", "1 ", "1ffffffffffffffff"})
    EXPECT_FALSE(parse_capabilities(text)) << text;
}

TEST(ParseCapabilitiesTest, AMessageIsOneLineWhateverTheTextIs) {
  EXPECT_EQ(parse_capabilities("0\n\x1b").error().message, "capability mask '0\\x0a\\x1b' is not 1 to 16 hex digits");
  EXPECT_LT(parse_kernel_version(std::string(10'000, 'x')).error().message.size(), 200U);
  EXPECT_LT(parse_filter_count("Seccomp: " + std::string(10'000, 'x')).error().message.size(), 200U);
}

TEST(ParseWordsTest, SplitsAtBlanksOfAnyLength) {
  EXPECT_THAT(parse_words("kill_process errno log\n"), ElementsAre("errno", "kill_process", "log"));
  EXPECT_THAT(parse_words("  log\t\tlog \n\n trap"), ElementsAre("log", "trap"));
  EXPECT_THAT(parse_words(""), IsEmpty());
  EXPECT_THAT(parse_words(" \n"), IsEmpty());
}

TEST(ParseFilterCountTest, ReadsModeAndCount) {
  EXPECT_EQ(*parse_filter_count("Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t0\n"), 0);
  EXPECT_EQ(*parse_filter_count("Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t3\n"), 3);
}

TEST(ParseFilterCountTest, SaysMinusOneWhenTheKernelDoesNotCount) {
  EXPECT_EQ(*parse_filter_count("NoNewPrivs:\t1\nSeccomp:\t2\nSpeculation_Store_Bypass:\tvulnerable"), -1);
  EXPECT_EQ(*parse_filter_count("Seccomp:\t1\nSeccomp_filters:\t0\n"), -1) << "strict mode is no filter, but confines";
}

TEST(ParseFilterCountTest, RefusesAStatusWithoutReadableLines) {
  for (const char* status : {"", "Name:\tx\n", "Seccomp_filters:\t2\n", "Seccomp:\t\n", "Seccomp:\ttwo\n", "xSeccomp:\t2\n",
                             "Seccomp:\t2\nSeccomp_filters:\tmany\n"}) {
    EXPECT_FALSE(parse_filter_count(status)) << status;
  }
}

TEST(NamesCoreFileTest, TellsFilesFromPipesSocketsAndNothing) {
  EXPECT_TRUE(names_core_file("core\n"));
  EXPECT_TRUE(names_core_file("/var/crash/core.%p\n"));
  EXPECT_FALSE(names_core_file("|/usr/lib/systemd/systemd-coredump %P\n"));
  EXPECT_FALSE(names_core_file("@/run/coredump.socket\n"));
  EXPECT_FALSE(names_core_file("\n"));
  EXPECT_FALSE(names_core_file(""));
}

std::string status_field(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return "";
}

TEST(InspectHostTest, AgreesWithWhatTheKernelSaysElsewhere) {
  const auto host = inspect_host();
  ASSERT_TRUE(host) << host.error().message;
  utsname names{};
  ::uname(&names);
  EXPECT_EQ(host->release, names.release);
  EXPECT_EQ(host->sysname, "Linux");
  EXPECT_EQ(host->kernel, *parse_kernel_version(names.release));
  EXPECT_EQ(host->uid, ::getuid());
  EXPECT_EQ(host->gid, ::getgid());
  EXPECT_TRUE(host->abis.contains(native_abi()));
  EXPECT_EQ(host->capabilities, *parse_capabilities(status_field("CapEff")));
  std::ifstream file("/proc/sys/kernel/seccomp/actions_logged");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(host->actions_logged, parse_words(text.str()));
}

TEST(InspectHostTest, LeavesNoChildBehind) {
  ASSERT_TRUE(inspect_host());
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

/// The exit code of `body` in a forked child.
int exit_code_of(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Loads a filter that answers one call number of one arch with `answer` and allows the rest.
bool load_filter(std::uint32_t arch, std::uint32_t number, std::uint32_t answer) {
  const sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(code), const_cast<sock_filter*>(code)};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

TEST(InspectHostTest, CountsTheFiltersAroundIt) {
  const auto outside = inspect_host();
  ASSERT_TRUE(outside);
  ASSERT_GE(outside->outer_filters, 0) << "this kernel does not count filters";
  const int more = exit_code_of([] {
    const std::uint32_t arch = audit_arch(native_abi());
    if (!load_filter(arch, SYS_uselib, SECCOMP_RET_ALLOW) || !load_filter(arch, SYS_uselib, SECCOMP_RET_ALLOW)) return 99;
    const auto host = inspect_host();
    return host ? host->outer_filters : 98;
  });
  EXPECT_EQ(more, outside->outer_filters + 2);
}

TEST(InspectHostTest, KnowsOfAFilterWithoutProc) {
  const int answer = exit_code_of([] {
    // Files cannot be opened: as good as no /proc.
    if (!load_filter(audit_arch(native_abi()), SYS_openat, SECCOMP_RET_ERRNO | EACCES)) return 99;
    const auto host = inspect_host();
    if (!host) return 98;
    return host->outer_filters == -1 && host->actions_logged.empty() && !host->core_to_file ? 0 : 1;
  });
  EXPECT_EQ(answer, 0);
}

#if defined(__x86_64__)

TEST(InspectHostTest, LeavesOutAnAbiThatAnOuterFilterKills) {
  const auto outside = inspect_host();
  ASSERT_TRUE(outside);
  if (!outside->abis.contains(Abi::i386)) GTEST_SKIP() << "this kernel runs no i386 calls";
  constexpr std::uint32_t kGetpid = 20;
  for (const std::uint32_t answer : {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO | EPERM}) {
    const int abis = exit_code_of([&] {
      if (!load_filter(audit_arch(Abi::i386), kGetpid, answer)) return 99;
      const auto host = inspect_host();
      if (!host) return 98;
      return host->abis.contains(Abi::i386) ? 1 : 0;
    });
    EXPECT_EQ(abis, 0) << answer;
  }
}

TEST(InspectHostTest, TellsAnX32CallThatAFilterFakesFromOneThatRan) {
  const int faked = exit_code_of([] {
    if (!load_filter(audit_arch(Abi::x32), SYS_getpid | kX32Bit, SECCOMP_RET_ERRNO | 0)) return 99;
    const auto host = inspect_host();
    if (!host) return 98;
    return host->abis.contains(Abi::x32) ? 1 : 0;
  });
  EXPECT_EQ(faked, 0);
}

#endif

TEST(InspectHostTest, CountsOnlyEffectiveCapabilities) {
  const int left = exit_code_of([] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
    if (::syscall(SYS_capget, &header, data) != 0) return 99;
    for (auto& half : data) half.effective = 0;
    if (::syscall(SYS_capset, &header, data) != 0) return 98;
    const auto host = inspect_host();
    if (!host) return 97;
    return host->capabilities.empty() ? 0 : 1;
  });
  EXPECT_EQ(left, 0);
}

TEST(InspectHostTest, SeesDroppedCapabilities) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root, to drop something";
  const int left = exit_code_of([] {
    if (::setuid(65534) != 0) return 99;
    const auto host = inspect_host();
    if (!host) return 98;
    return host->uid == 65534 && host->capabilities.empty() ? 0 : 1;
  });
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace sandgauge::host_test
