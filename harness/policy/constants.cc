#include "policy/constants.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "base/errno_text.h"

namespace sandgauge {
namespace {

struct Constant {
  std::string_view name;
  std::uint64_t value;
};
#define NAMED(name) \
  { #name, static_cast < std::uint64_t>(name) }
constexpr Constant kConstants[] = {NAMED(O_RDONLY),
                                   NAMED(O_WRONLY),
                                   NAMED(O_RDWR),
                                   NAMED(O_ACCMODE),
                                   NAMED(O_CREAT),
                                   NAMED(O_EXCL),
                                   NAMED(O_NOCTTY),
                                   NAMED(O_TRUNC),
                                   NAMED(O_APPEND),
                                   NAMED(O_NONBLOCK),
                                   NAMED(O_DSYNC),
                                   NAMED(O_SYNC),
                                   NAMED(O_ASYNC),
                                   NAMED(O_DIRECT),
                                   NAMED(O_DIRECTORY),
                                   NAMED(O_NOFOLLOW),
                                   NAMED(O_NOATIME),
                                   NAMED(O_CLOEXEC),
                                   NAMED(O_PATH),
                                   NAMED(O_TMPFILE),
                                   {"O_LARGEFILE", 0100000},  // the kernel's; glibc's is 0 where files are large anyway
                                   NAMED(PROT_NONE),
                                   NAMED(PROT_READ),
                                   NAMED(PROT_WRITE),
                                   NAMED(PROT_EXEC),
                                   NAMED(MAP_SHARED),
                                   NAMED(MAP_PRIVATE),
                                   NAMED(MAP_FIXED),
                                   NAMED(MAP_ANONYMOUS),
                                   NAMED(MAP_ANON),
                                   NAMED(MAP_NORESERVE),
                                   NAMED(MAP_POPULATE),
                                   NAMED(MAP_STACK),
                                   NAMED(MAP_HUGETLB),
                                   NAMED(MAP_LOCKED),
                                   NAMED(MAP_NONBLOCK),
                                   NAMED(MAP_DENYWRITE),
                                   NAMED(MAP_GROWSDOWN),
                                   NAMED(MADV_NORMAL),
                                   NAMED(MADV_DONTNEED),
                                   NAMED(MADV_FREE),
                                   NAMED(MADV_WILLNEED),
                                   NAMED(MADV_DONTFORK),
                                   NAMED(MADV_HUGEPAGE),
                                   NAMED(MADV_DONTDUMP),
                                   NAMED(AF_UNSPEC),
                                   NAMED(AF_UNIX),
                                   NAMED(AF_LOCAL),
                                   NAMED(AF_INET),
                                   NAMED(AF_INET6),
                                   NAMED(AF_NETLINK),
                                   NAMED(AF_PACKET),
                                   NAMED(AF_ALG),
                                   NAMED(AF_VSOCK),
                                   NAMED(AF_BLUETOOTH),
                                   NAMED(PF_UNIX),
                                   NAMED(PF_LOCAL),
                                   NAMED(PF_INET),
                                   NAMED(PF_INET6),
                                   NAMED(SOCK_STREAM),
                                   NAMED(SOCK_DGRAM),
                                   NAMED(SOCK_RAW),
                                   NAMED(SOCK_SEQPACKET),
                                   NAMED(SOCK_CLOEXEC),
                                   NAMED(SOCK_NONBLOCK),
                                   NAMED(SOL_SOCKET),
                                   NAMED(CLONE_VM),
                                   NAMED(CLONE_FS),
                                   NAMED(CLONE_FILES),
                                   NAMED(CLONE_SIGHAND),
                                   NAMED(CLONE_PIDFD),
                                   NAMED(CLONE_PTRACE),
                                   NAMED(CLONE_VFORK),
                                   NAMED(CLONE_PARENT),
                                   NAMED(CLONE_THREAD),
                                   NAMED(CLONE_NEWNS),
                                   NAMED(CLONE_SYSVSEM),
                                   NAMED(CLONE_SETTLS),
                                   NAMED(CLONE_PARENT_SETTID),
                                   NAMED(CLONE_CHILD_CLEARTID),
                                   NAMED(CLONE_DETACHED),
                                   NAMED(CLONE_UNTRACED),
                                   NAMED(CLONE_CHILD_SETTID),
                                   NAMED(CLONE_NEWCGROUP),
                                   NAMED(CLONE_NEWUTS),
                                   NAMED(CLONE_NEWIPC),
                                   NAMED(CLONE_NEWUSER),
                                   NAMED(CLONE_NEWPID),
                                   NAMED(CLONE_NEWNET),
                                   NAMED(CLONE_IO),
                                   NAMED(S_IFMT),
                                   NAMED(S_IFREG),
                                   NAMED(S_IFDIR),
                                   NAMED(S_IFCHR),
                                   NAMED(S_IFBLK),
                                   NAMED(S_IFIFO),
                                   NAMED(S_IFLNK),
                                   NAMED(S_IFSOCK),
                                   NAMED(S_ISUID),
                                   NAMED(S_ISGID),
                                   NAMED(S_ISVTX),
                                   NAMED(F_DUPFD),
                                   NAMED(F_DUPFD_CLOEXEC),
                                   NAMED(F_GETFD),
                                   NAMED(F_SETFD),
                                   NAMED(F_GETFL),
                                   NAMED(F_SETFL),
                                   NAMED(F_GETLK),
                                   NAMED(F_SETLK),
                                   NAMED(F_SETLKW),
                                   NAMED(F_GETPIPE_SZ),
                                   NAMED(F_SETPIPE_SZ),
                                   NAMED(F_ADD_SEALS),
                                   NAMED(F_GET_SEALS),
                                   NAMED(FD_CLOEXEC),
                                   NAMED(AT_FDCWD),
                                   NAMED(AT_EMPTY_PATH),
                                   NAMED(AT_REMOVEDIR),
                                   NAMED(AT_SYMLINK_NOFOLLOW),
                                   NAMED(SEEK_SET),
                                   NAMED(SEEK_CUR),
                                   NAMED(SEEK_END),
                                   NAMED(F_OK),
                                   NAMED(R_OK),
                                   NAMED(W_OK),
                                   NAMED(X_OK),
                                   NAMED(PR_SET_NAME),
                                   NAMED(PR_GET_NAME),
                                   NAMED(PR_SET_PDEATHSIG),
                                   NAMED(PR_SET_DUMPABLE),
                                   NAMED(PR_GET_DUMPABLE),
                                   NAMED(PR_SET_NO_NEW_PRIVS),
                                   NAMED(PR_SET_SECCOMP),
                                   NAMED(PR_GET_SECCOMP),
                                   NAMED(PR_SET_PTRACER),
                                   NAMED(PR_SET_TIMERSLACK),
                                   NAMED(PR_CAPBSET_READ),
                                   NAMED(PR_CAPBSET_DROP),
                                   NAMED(PR_SET_VMA),
                                   NAMED(TCGETS),
                                   NAMED(TCSETS),
                                   NAMED(TIOCGWINSZ),
                                   NAMED(TIOCSWINSZ),
                                   NAMED(TIOCSTI),
                                   NAMED(TIOCGPGRP),
                                   NAMED(TIOCSPGRP),
                                   NAMED(FIONREAD),
                                   NAMED(FIONBIO),
                                   NAMED(FIOCLEX),
                                   NAMED(FUTEX_WAIT),
                                   NAMED(FUTEX_WAKE),
                                   NAMED(FUTEX_PRIVATE_FLAG),
                                   NAMED(FUTEX_WAIT_PRIVATE),
                                   NAMED(FUTEX_WAKE_PRIVATE),
                                   NAMED(EPOLL_CTL_ADD),
                                   NAMED(EPOLL_CTL_DEL),
                                   NAMED(EPOLL_CTL_MOD),
                                   NAMED(EPOLL_CLOEXEC)};
#undef NAMED

}  // namespace

std::optional<std::uint64_t> constant_value(std::string_view name) {
  const auto* known = std::ranges::find(kConstants, name, &Constant::name);
  if (known != std::end(kConstants)) return known->value;
  const bool word = !name.empty() && (name.front() == 'E' || name.starts_with("SIG"));
  if (!word) return std::nullopt;
  if (const auto number = signal_number(std::string(name))) return static_cast<std::uint64_t>(*number);
  if (const auto number = errno_number(std::string(name))) return static_cast<std::uint64_t>(*number);
  return std::nullopt;
}

}  // namespace sandgauge
