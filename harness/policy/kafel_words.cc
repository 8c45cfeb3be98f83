#include "policy/kafel_words.h"

#include <algorithm>
#include <charconv>

#include "base/shown.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostWords = 100'000;

/// "name: argument argument:4 ..."; ":4" is an argument of 32 bits, '/' divides the kernel's name from the man page's.
constexpr std::string_view kCalls[] = {
    "read fd:4 buf count",
    "write fd:4 buf count",
    "open filename/pathname flags:4 mode:4",
    "openat dfd:4/dirfd filename/pathname flags:4 mode:4",
    "close fd:4",
    "stat filename statbuf",
    "fstat fd:4 statbuf",
    "lseek fd:4 offset whence:4",
    "mmap addr len/length prot flags fd off/offset",
    "mprotect start/addr len prot",
    "munmap addr len/length",
    "brk brk/addr",
    "ioctl fd:4 cmd:4/request arg",
    "pread64 fd:4 buf count pos/offset",
    "pwrite64 fd:4 buf count pos/offset",
    "readv fd vec/iov vlen/iovcnt",
    "writev fd vec/iov vlen/iovcnt",
    "access filename/pathname mode:4",
    "mremap addr/old_address old_len/old_size new_len/new_size flags new_addr/new_address",
    "madvise start/addr len_in/length behavior:4/advice",
    "dup fildes:4/oldfd",
    "dup2 oldfd:4 newfd:4",
    "dup3 oldfd:4 newfd:4 flags:4",
    "socket family:4/domain type:4 protocol:4",
    "connect fd:4/sockfd uservaddr/addr addrlen:4",
    "accept fd:4/sockfd upeer_sockaddr/addr upeer_addrlen/addrlen",
    "accept4 fd:4/sockfd upeer_sockaddr/addr upeer_addrlen/addrlen flags:4",
    "sendto fd:4/sockfd buff/buf len flags:4 addr/dest_addr addr_len:4/addrlen",
    "recvfrom fd:4/sockfd ubuf/buf size/len flags:4 addr/src_addr addr_len/addrlen",
    "sendmsg fd:4/sockfd msg flags:4",
    "recvmsg fd:4/sockfd msg flags:4",
    "bind fd:4/sockfd umyaddr/addr addrlen:4",
    "listen fd:4/sockfd backlog:4",
    "setsockopt fd:4/sockfd level:4 optname:4 optval optlen:4",
    "getsockopt fd:4/sockfd level:4 optname:4 optval optlen",
    "socketpair family:4/domain type:4 protocol:4 usockvec/sv",
    "clone clone_flags/flags newsp/stack parent_tidptr/parent_tid child_tidptr/child_tid tls",
    "execve filename/pathname argv envp",
    "execveat fd:4/dirfd filename/pathname argv envp flags:4",
    "kill pid:4 sig:4",
    "tkill pid:4/tid sig:4",
    "tgkill tgid:4 pid:4/tid sig:4",
    "fcntl fd:4 cmd:4 arg",
    "mkdir pathname mode:4",
    "mkdirat dfd:4/dirfd pathname mode:4",
    "chmod filename/pathname mode:4",
    "fchmod fd:4 mode:4",
    "fchmodat dfd:4/dirfd filename/pathname mode:4",
    "unlinkat dfd:4/dirfd pathname flag:4/flags",
    "ptrace request pid addr data",
    "prctl option:4 arg2 arg3 arg4 arg5",
    "arch_prctl option:4/code arg2/addr",
    "personality personality:4/persona",
    "unshare unshare_flags/flags",
    "setns fd:4 flags:4/nstype",
    "futex uaddr op:4/futex_op val:4 utime/timeout uaddr2 val3:4",
    "epoll_ctl epfd:4 op:4 fd:4 event",
    "prlimit64 pid:4 resource:4 new_rlim/new_limit old_rlim/old_limit",
    "setrlimit resource:4 rlim",
    "getrlimit resource:4 rlim",
    "seccomp op:4/operation flags:4 uargs/args",
    "bpf cmd:4 uattr/attr size:4",
    "memfd_create uname/name flags:4",
    "getrandom ubuf/buf len/buflen flags:4",
    "clock_gettime which_clock:4/clockid tp",
    "mount dev_name/source dir_name/target type/filesystemtype flags/mountflags data",
    "umount2 name/target flags:4",
    "setuid uid:4",
    "setgid gid:4",
    "setresuid ruid:4 euid:4 suid:4",
    "setresgid rgid:4 egid:4 sgid:4",
    "exit_group error_code:4/status",
    "exit error_code:4/status",
    "uname name/buf",
    "rt_sigaction sig:4/signum act oact/oldact sigsetsize",
    "rt_sigprocmask how:4 nset/set oset/oldset sigsetsize",
    "keyctl option:4 arg2 arg3 arg4 arg5",
    "pipe2 fildes/pipefd flags:4",
    "eventfd2 count:4/initval flags:4",
    "process_vm_readv pid:4 lvec/local_iov liovcnt rvec/remote_iov riovcnt flags",
    "process_vm_writev pid:4 lvec/local_iov liovcnt rvec/remote_iov riovcnt flags",
    "statx dfd:4/dirfd filename/pathname flags:4 mask:4 buffer/statxbuf"};

/// Takes the next piece off, up to the divider.
std::string_view take(std::string_view& rest, char divider) {
  const auto end = std::min(rest.find(divider), rest.size());
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return piece;
}

std::string_view arguments_of(std::string_view syscall) {
  for (std::string_view call : kCalls)
    if (take(call, ' ') == syscall) return call;
  return {};
}

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<KafelWord>> words() {
    std::vector<KafelWord> words;
    while (true) {
      if (auto skipped = skip(); !skipped) return fail(skipped.error());
      if (words.size() == kMostWords) return wrong("more than {} words, expected fewer", kMostWords);
      auto word = next();
      if (!word) return fail(word.error());
      words.push_back(*word);
      if (word->kind == KafelWord::Kind::end) return words;
    }
  }

 private:
  template <class... Args>
  Unexpected wrong(fmt::format_string<Args...> format, Args&&... args) const {
    return fail("{}:{}: {}", line_, at_ - line_start_ + 1, fmt::format(format, std::forward<Args>(args)...));
  }

  void step(std::size_t count) {
    for (; count > 0; --count, ++at_)
      if (text_[at_] == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      }
  }

  Result<void> skip() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (std::string_view(" \t\r\n").find(rest.front()) != std::string_view::npos) {
        step(1);
      } else if (rest.starts_with("//")) {
        step(std::min(rest.find('\n'), rest.size()));
      } else if (rest.starts_with("/*")) {
        const auto end = rest.find("*/", 2);
        if (end == std::string_view::npos) return wrong("a comment that does not end, expected */");
        step(end + 2);
      } else {
        return {};
      }
    }
    return {};
  }

  Result<KafelWord> next() {
    KafelWord word{
        .kind = KafelWord::Kind::end, .text = "the end", .place = {line_, static_cast<int>(at_ - line_start_) + 1}};
    if (at_ == text_.size()) return word;
    const std::string_view rest = text_.substr(at_);
    const char first = rest.front();
    std::size_t length = 1;
    const bool negative = first == '-' && rest.size() > 1 && rest[1] >= '0' && rest[1] <= '9';
    if (is_name(first) || negative) {
      while (length < rest.size() && is_name(rest[length])) ++length;
      word.text = rest.substr(0, length);
      word.kind = negative || (first >= '0' && first <= '9') ? KafelWord::Kind::number : KafelWord::Kind::name;
      if (word.kind == KafelWord::Kind::number && !read_number(word))
        return wrong("{} is not a number of 64 bits, expected 42, 0x2a, 052 or 0b101010", shown(word.text));
    } else {
      for (const std::string_view symbol : {"==", "!=", "<=", ">=", "&&", "||"})
        if (rest.starts_with(symbol)) length = 2;
      if (std::string_view("{}()[],;#!<>=&|\"").find(first) == std::string_view::npos)
        return wrong("found {}, expected a name, a number or one of {{}}()[],#!<>=&|", shown(rest.substr(0, 1)));
      word.kind = KafelWord::Kind::symbol;
      word.text = rest.substr(0, length);
    }
    step(length);
    return word;
  }

  static bool read_number(KafelWord& word) {
    std::string_view digits = word.text;
    const bool negative = digits.starts_with('-');
    if (negative) digits.remove_prefix(1);
    int base = 10;
    if (digits.starts_with("0x"))
      base = 16;
    else if (digits.starts_with("0b"))
      base = 2;
    else if (digits.size() > 1 && digits.front() == '0')
      base = 8;
    if (base == 16 || base == 2) digits.remove_prefix(2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), word.number, base);
    if (negative) word.number = ~word.number + 1;
    return !digits.empty() && error == std::errc() && end == digits.data() + digits.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t line_start_ = 0;
};

}  // namespace

Result<std::vector<KafelWord>> kafel_words(std::string_view text) { return Lexer(text).words(); }

std::optional<KafelArgument> kafel_argument(std::string_view syscall, std::string_view name) {
  std::string_view rest = arguments_of(syscall);
  for (std::uint8_t index = 0; !rest.empty(); ++index) {
    std::string_view names = take(rest, ' ');
    const bool narrow = names.find(":4") != std::string_view::npos;
    while (!names.empty()) {
      std::string_view one = take(names, '/');
      if (one.ends_with(":4")) one.remove_suffix(2);
      if (one == name) return KafelArgument{index, narrow};
    }
  }
  return std::nullopt;
}

bool kafel_is_narrow(std::string_view syscall, std::uint8_t index) {
  std::string_view rest = arguments_of(syscall);
  for (std::uint8_t i = 0; i < index; ++i) take(rest, ' ');
  return take(rest, ' ').find(":4") != std::string_view::npos;
}

std::string_view kafel_syscall(std::string_view name) {
  for (const auto& [kafel, own] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"newuname", "uname"},
                                                                            {"newstat", "stat"},
                                                                            {"newfstat", "fstat"},
                                                                            {"newlstat", "lstat"},
                                                                            {"sendfile64", "sendfile"},
                                                                            {"umount", "umount2"},
                                                                            {"_sysctl", "_sysctl"}})
    if (name == kafel) return own;
  return name;
}

}  // namespace sandgauge
