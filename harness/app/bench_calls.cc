#include "app/bench_calls.h"

#include <sys/wait.h>

#include <algorithm>

#include "base/result.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

/// Argument 0 is a descriptor: -1.
constexpr std::string_view kOnDescriptors[] = {"accept",
                                               "accept4",
                                               "bind",
                                               "close",
                                               "connect",
                                               "copy_file_range",
                                               "dup",
                                               "dup2",
                                               "dup3",
                                               "epoll_ctl",
                                               "epoll_pwait",
                                               "epoll_wait",
                                               "faccessat",
                                               "faccessat2",
                                               "fadvise64",
                                               "fallocate",
                                               "fchdir",
                                               "fchmod",
                                               "fchmodat",
                                               "fchown",
                                               "fchownat",
                                               "fcntl",
                                               "fdatasync",
                                               "fgetxattr",
                                               "flistxattr",
                                               "flock",
                                               "fremovexattr",
                                               "fsetxattr",
                                               "fstat",
                                               "fstatfs",
                                               "fsync",
                                               "ftruncate",
                                               "getdents",
                                               "getdents64",
                                               "getpeername",
                                               "getsockname",
                                               "getsockopt",
                                               "inotify_add_watch",
                                               "inotify_rm_watch",
                                               "ioctl",
                                               "linkat",
                                               "listen",
                                               "lseek",
                                               "mkdirat",
                                               "mknodat",
                                               "newfstatat",
                                               "openat",
                                               "pidfd_send_signal",
                                               "pread64",
                                               "preadv",
                                               "pwrite64",
                                               "pwritev",
                                               "read",
                                               "readahead",
                                               "readlinkat",
                                               "readv",
                                               "recvfrom",
                                               "recvmsg",
                                               "renameat",
                                               "renameat2",
                                               "sendfile",
                                               "sendmsg",
                                               "sendto",
                                               "setsockopt",
                                               "shutdown",
                                               "splice",
                                               "statx",
                                               "symlinkat",
                                               "syncfs",
                                               "tee",
                                               "timerfd_gettime",
                                               "timerfd_settime",
                                               "unlinkat",
                                               "utimensat",
                                               "vmsplice",
                                               "write",
                                               "writev"};

/// All arguments are 0: no path, no buffer, no length, an invalid flag.
constexpr std::string_view kWithZeros[] = {"access",
                                           "arch_prctl",
                                           "brk",
                                           "capget",
                                           "chdir",
                                           "chmod",
                                           "chown",
                                           "clock_getres",
                                           "clock_gettime",
                                           "clone3",
                                           "creat",
                                           "execve",
                                           "futex",
                                           "get_robust_list",
                                           "getcpu",
                                           "getcwd",
                                           "getegid",
                                           "geteuid",
                                           "getgid",
                                           "getgroups",
                                           "getpgid",
                                           "getpgrp",
                                           "getpid",
                                           "getppid",
                                           "getpriority",
                                           "getrandom",
                                           "getresgid",
                                           "getresuid",
                                           "getrlimit",
                                           "getrusage",
                                           "getsid",
                                           "gettid",
                                           "gettimeofday",
                                           "getuid",
                                           "lchown",
                                           "link",
                                           "lstat",
                                           "madvise",
                                           "membarrier",
                                           "mincore",
                                           "mkdir",
                                           "mknod",
                                           "mlock",
                                           "mmap",
                                           "mprotect",
                                           "mremap",
                                           "msync",
                                           "munlock",
                                           "munmap",
                                           "nanosleep",
                                           "open",
                                           "pipe",
                                           "pipe2",
                                           "poll",
                                           "prctl",
                                           "prlimit64",
                                           "readlink",
                                           "rename",
                                           "rmdir",
                                           "rseq",
                                           "rt_sigaction",
                                           "rt_sigpending",
                                           "rt_sigprocmask",
                                           "sched_getaffinity",
                                           "sched_getparam",
                                           "sched_getscheduler",
                                           "set_robust_list",
                                           "socket",
                                           "socketpair",
                                           "stat",
                                           "statfs",
                                           "symlink",
                                           "sysinfo",
                                           "tgkill",
                                           "time",
                                           "times",
                                           "truncate",
                                           "umask",
                                           "uname",
                                           "unlink",
                                           "utime",
                                           "utimes"};

}  // namespace

std::optional<TimedCall> harmless_call(std::string_view name) {
  const auto number = syscall_number(native_abi(), name);
  if (!number) return std::nullopt;
  if (std::ranges::find(kOnDescriptors, name) != std::end(kOnDescriptors)) return TimedCall{.number = *number, .args = {-1}};
  if (std::ranges::find(kWithZeros, name) != std::end(kWithZeros)) return TimedCall{.number = *number};
  constexpr long kOnlyAsk = 0xffffffff;
  if (name == "personality") return TimedCall{.number = *number, .args = {kOnlyAsk}};
  if (name == "wait4") return TimedCall{.number = *number, .args = {-1, 0, WNOHANG}};
  return std::nullopt;
}

std::string words_of(std::string_view name, const TimedCall& call) {
  std::string text(name);
  text += '(';
  std::size_t count = 6;
  while (count > 0 && call.args[count - 1] == 0) --count;
  for (std::size_t i = 0; i < count; ++i) text += fmt::format("{}{}", i == 0 ? "" : ", ", call.args[i]);
  return text + ')';
}

}  // namespace sandgauge
