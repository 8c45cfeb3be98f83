#include "observe/audit.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <map>

#include "base/deadline.h"
#include "base/errno_text.h"
#include "model/abi.h"

namespace sandgauge {
namespace {

constexpr int kBufferBytes = 32 * 1024 * 1024;
/// More than fit into the buffer, which the kernel makes twice as big as asked for (socket(7)): each message takes a struct
/// sk_buff and its data, 768 bytes at the very least.
constexpr int kMostWaiting = 2 * (kBufferBytes / 512);
/// MAX_AUDIT_MESSAGE_LENGTH (linux/audit.h) is 8970.
constexpr std::size_t kLongestMessage = 16 * 1024;
constexpr std::chrono::seconds kFirstFence{5};
/// PROC_PID_INIT_INO, Linux include/linux/proc_ns.h.
constexpr ino_t kInitialPidNamespace = 0xEFFFFFFC;

constexpr char kFenceName[] = "audit-fence";
constexpr long kFenceCall = SYS_getppid;  // harmless, and no part of making or ending a process
const sock_filter kFenceFilter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit_arch(native_abi()), 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kFenceCall, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/// Async-signal-safe. The exit code is the errno of the step that failed, or 0.
[[noreturn]] void be_fence() {
  const sock_fprog filter{std::size(kFenceFilter), const_cast<sock_filter*>(kFenceFilter)};  // the kernel only reads it
  if (::prctl(PR_SET_NAME, kFenceName) != 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
    ::_exit(errno);
  ::syscall(kFenceCall);
  ::_exit(0);
}

/// Makes the fence's record. The child has ended, and its record is in the kernel's queue, when its pid comes back.
Result<pid_t> make_fence() {
  const pid_t pid = ::fork();
  if (pid < 0) return fail("audit fence: fork: {}", errno_text(errno));
  if (pid == 0) be_fence();
  int status = 0;
  pid_t ended = 0;
  do ended = ::waitpid(pid, &status, 0);
  while (ended < 0 && errno == EINTR);
  if (ended < 0) return fail("audit fence: waitpid: {}", errno_text(errno));
  if (WIFSIGNALED(status)) return fail("audit fence: killed by {}", signal_name(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return fail("audit fence: cannot load a filter: {}", errno_text(WEXITSTATUS(status)));
  return pid;
}

bool is_fence(const AuditRecord& record, pid_t pid) {
  return record.pid == pid && record.syscall == kFenceCall && record.comm == kFenceName;
}

Result<UniqueFd> open_socket() {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT));
  if (!socket) return fail("audit: socket(NETLINK_AUDIT): {}", errno_text(errno));
  // Before it joins the group, so that no record finds it small. FORCE goes beyond net.core.rmem_max; needs CAP_NET_ADMIN.
  const int size = kBufferBytes;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1);
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EPERM) return fail("audit: reading records needs CAP_AUDIT_READ in the initial user namespace");
    return fail("audit: bind to AUDIT_NLGRP_READLOG: {}", errno_text(errno));
  }
  return socket;
}

// Since Linux 6.15 (linux/audit.h): what was denied in which domain, and who made the domain.
constexpr int kLandlockAccess = 1423;
constexpr int kLandlockDomain = 1424;

/// "195ba459b" of "domain=195ba459b blockers=fs.make_dir ..."
std::string_view domain_of(std::string_view text) {
  constexpr std::string_view kDomain = "domain=";
  return text.starts_with(kDomain) ? text.substr(kDomain.size(), text.find(' ') - kDomain.size()) : std::string_view();
}

}  // namespace

Result<AuditReader> AuditReader::open() {
  struct stat pid_namespace {};
  if (::stat("/proc/self/ns/pid", &pid_namespace) == 0 && pid_namespace.st_ino != kInitialPidNamespace)
    return fail("audit: records name processes of the initial pid namespace, and this is another one");
  auto socket = open_socket();
  if (!socket) return fail(socket.error());
  AuditReader reader(std::move(*socket));
  std::vector<AuditRecord> ignored;
  const auto arrived = reader.catch_up(ignored, kFirstFence);
  if (!arrived) return fail(arrived.error());
  if (!*arrived && !reader.lost()) {
    return fail(
        "audit: records of LOG do not arrive: audit is off, an audit rule excludes type 1326, 'log' is not in "
        "/proc/sys/kernel/seccomp/actions_logged, or this is not the initial network namespace");
  }
  if (const auto started = reader.start_over(); !started) return fail(started.error());
  return reader;
}

Result<std::size_t> AuditReader::receive(char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t length = ::recv(socket_.get(), buffer, size, 0);
    if (length >= 0) return static_cast<std::size_t>(length);
    if (errno == EAGAIN) return 0;
    if (errno == ENOBUFS) lost_ = true;
    if (errno != ENOBUFS && errno != EINTR) return fail("audit: recv: {}", errno_text(errno));
  }
}

Result<void> AuditReader::drain(std::vector<AuditRecord>& into) {
  alignas(nlmsghdr) std::array<char, kLongestMessage> buffer;
  for (int taken = 0; taken < kMostWaiting; ++taken) {
    const auto length = receive(buffer.data(), buffer.size());
    if (!length) return fail(length.error());
    if (*length == 0) return {};
    nlmsghdr header{};
    if (*length < sizeof header) continue;
    std::memcpy(&header, buffer.data(), sizeof header);
    if (header.nlmsg_type != AUDIT_SECCOMP) {
      keep_other(header.nlmsg_type, {buffer.data() + sizeof header, *length - sizeof header});
      continue;
    }
    // A message holds one record up to its end; nlmsg_len does not count the header on every kernel.
    auto record = parse_audit_record({buffer.data() + sizeof header, *length - sizeof header});
    if (!record) return fail(record.error());
    into.push_back(std::move(*record));
  }
  return {};
}

void AuditReader::keep_other(int type, std::string_view text) {
  constexpr std::size_t kMostOthers = 1000;
  if ((type != AUDIT_AVC && type != kLandlockAccess && type != kLandlockDomain) || others_.size() >= kMostOthers) return;
  if (const std::size_t stamp = text.find("): "); text.starts_with("audit(") && stamp != std::string_view::npos)
    text.remove_prefix(stamp + 3);
  OtherRecord record{.type = type, .text = std::string(text.substr(0, text.find('\0')))};
  if (const std::size_t at = text.find(" pid="); at != std::string_view::npos)
    std::from_chars(text.data() + at + 5, text.data() + text.size(), record.pid);
  others_.push_back(std::move(record));
}

void find_landlock_processes(std::vector<OtherRecord>& records) {
  std::map<std::string, int, std::less<>> makers;
  for (const OtherRecord& record : records)
    if (record.type == kLandlockDomain && record.pid != 0) makers.emplace(domain_of(record.text), record.pid);
  std::erase_if(records, [](const OtherRecord& record) { return record.type == kLandlockDomain; });
  for (OtherRecord& record : records)
    if (record.type == kLandlockAccess)
      if (const auto maker = makers.find(domain_of(record.text)); maker != makers.end()) record.pid = maker->second;
}

Result<bool> AuditReader::catch_up(std::vector<AuditRecord>& into, std::chrono::milliseconds allowed) {
  const Deadline deadline(allowed);
  const auto fence = make_fence();
  if (!fence) return fail(fence.error());
  for (std::size_t searched = into.size();;) {
    if (const auto drained = drain(into); !drained) return fail(drained.error());
    for (; searched < into.size(); ++searched) {
      if (!is_fence(into[searched], *fence)) continue;
      into.erase(into.begin() + static_cast<std::ptrdiff_t>(searched));
      return !lost_;
    }
    if (lost_ || deadline.passed()) return false;
    pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    ::poll(&readable, 1, deadline.poll_timeout());
  }
}

Result<void> AuditReader::start_over() {
  std::array<char, kLongestMessage> buffer;
  for (int taken = 0; taken < kMostWaiting; ++taken) {
    const auto length = receive(buffer.data(), buffer.size());
    if (!length) return fail(length.error());
    if (*length == 0) break;
  }
  others_.clear();
  lost_ = false;
  return {};
}

}  // namespace sandgauge
