// Ways around a filter: entries, pages and rings by which a call may be made that the filter does not see.
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <ctime>

#include "kernel/abis.h"
#include "kernel/filter_call.h"
#include "kernel/rows.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

/// Whether a call comes through `abi`'s entry under a filter that denies the native call and does not look at the arch. A
/// filter around this process can answer with any number below 0 or with 0, but with no pid; and it may deny one of the two
/// calls.
void see_entry(Witness& witness, Abi abi, long getppid, long getpid) {
  constexpr int kRuns = 1;
  constexpr int kDenied = 2;
  constexpr int kNotHere = 3;
  constexpr int kNoFilter = 4;
  const pid_t self = ::getpid();
  if (self <= 0) return witness.untested("getpid(2) fails before any filter of ours");
  const auto runs = [=] {
    const pid_t own = ::getpid();
    return foreign_call(abi, getppid) == self || (own > 0 && foreign_call(abi, getpid) == own);
  };
  const int plain = wait_for(fork_helper([&] { ::_exit(runs() ? kRuns : kNotHere); }));
  if (WIFSIGNALED(plain) && WTERMSIG(plain) == SIGSYS) return witness.no("a filter around this process kills at this entry");
  if (WIFSIGNALED(plain)) return witness.no("the entry instruction gives signal %d", WTERMSIG(plain));
  if (!WIFEXITED(plain)) return witness.untested("the end of a child cannot be seen");
  if (WEXITSTATUS(plain) != kRuns) return witness.no("neither getppid nor getpid through this entry is run");
  const int filtered = wait_for(fork_helper([&] {
    const bool loaded = load_filter(answer(kTrialCall, SECCOMP_RET_ERRNO | EXDEV)) == 0;
    if (!loaded || trial_call() != -EXDEV || foreign_call(abi, getpid) != ::getpid()) ::_exit(kNoFilter);
    ::_exit(foreign_call(abi, getppid) == self ? kRuns : kDenied);
  }));
  if (!WIFEXITED(filtered) || WEXITSTATUS(filtered) == kNoFilter)
    return witness.yes("calls of this ABI are run; no filter could be loaded to look for a way around it");
  if (WEXITSTATUS(filtered) == kDenied)
    return witness.yes("calls of this ABI are run, and a filter that looks at the native number alone denies them");
  witness.yes("getppid runs in spite of a filter that denies the native getppid(2)");
}

void find_i386(const Machine&, Capability& c) {
  constexpr long kI386Getppid = 64;
  constexpr long kI386Getpid = 20;
  if (native_abi() != Abi::x86_64) {
    c.works = {Standing::no, "this machine has no such entry"};
    return;
  }
  c.works = attempt([](Witness& witness) { see_entry(witness, Abi::i386, kI386Getppid, kI386Getpid); });
}

void find_x32(const Machine&, Capability& c) {
  if (native_abi() != Abi::x86_64) {
    c.works = {Standing::no, "this machine has no such entry"};
    return;
  }
  c.works = attempt([](Witness& witness) { see_entry(witness, Abi::x32, kTrialCall, SYS_getpid); });
}

constexpr std::uintptr_t kVsyscallPage = 0xffffffffff600000;  // gettimeofday; Linux arch/x86/entry/vsyscall

void find_vsyscall(const Machine& machine, Capability& c) {
  if (machine.config) {  // the option is the default mode; without emulation there is none
    const auto none = machine.config->value("LEGACY_VSYSCALL_NONE");
    if (none == "y" && c.claimed.standing == Standing::yes)
      c.claimed = {Standing::no, "CONFIG_LEGACY_VSYSCALL_NONE=y in " + machine.config->path};
  }
  if (const auto maps = read_text_file("/proc/self/maps")) {
    const bool mapped = maps->find("[vsyscall]") != std::string::npos;
    c.advertised = {mapped ? Standing::yes : Standing::no,
                    fmt::format("/proc/self/maps has {} line [vsyscall]", mapped ? "a" : "no")};
  } else {
    c.advertised = {Standing::unknown, maps.error().message};
  }
#if defined(__x86_64__)
  c.works = attempt(
      [](Witness& witness) {
        const int called = wait_for(fork_helper([] {
          timeval now{};
          const auto page = reinterpret_cast<int (*)(timeval*, void*)>(kVsyscallPage);
          ::_exit(page(&now, nullptr) == 0 && now.tv_sec != 0 ? 0 : 1);
        }));
        if (WIFSIGNALED(called) && WTERMSIG(called) == SIGSYS)
          return witness.untested("a filter around this process kills at the page's call");
        const bool runs = WIFEXITED(called);
        const int read = wait_for(fork_helper([] {
          volatile const auto* page = reinterpret_cast<const unsigned char*>(kVsyscallPage);
          static_cast<void>(*page);
        }));
        if (!runs) {
          witness.value("none");
          return witness.no("a call into the page is SIGSEGV");
        }
        const bool readable = WIFEXITED(read);
        witness.value("%s", readable ? "emulate" : "xonly");
        witness.yes("gettimeofday by the page runs; reading the page %s", readable ? "works" : "is SIGSEGV");
      },
      &c.value);
#else
  c.works = {Standing::no, "this machine has no such page"};
#endif
}

void find_vdso(const Machine&, Capability& c) {
  c.works = attempt([](Witness& witness) {
    const std::array<sock_filter, 4> denial = answer(SYS_clock_gettime, SECCOMP_RET_ERRNO | EACCES);
    if (load_filter(denial) != 0) return witness.untested("no filter can be loaded to get around");
    timespec now{};
    if (::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0)
      return witness.untested("the filter does not deny the real call");
    // The coarse clock is in the vDSO's page also where the clock source of the exact one cannot be read there.
    const bool exact = ::clock_gettime(CLOCK_MONOTONIC, &now) == 0;
    if (!exact && ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now) != 0)
      return witness.no("clock_gettime(3) makes the real call, and the filter denies it");
    witness.yes("clock_gettime(3) tells the %s time in spite of a filter that denies the call", exact ? "exact" : "coarse");
  });
}

/// One io_uring with room for one request.
struct Ring {
  int fd = -1;
  io_uring_params params{};
  char* rings = nullptr;
  io_uring_sqe* requests = nullptr;

  /// 0, or errno.
  int set_up() {
    fd = static_cast<int>(::syscall(SYS_io_uring_setup, 1, &params));
    if (fd < 0) return errno;
    const std::size_t size = std::max<std::size_t>(params.sq_off.array + params.sq_entries * sizeof(std::uint32_t),
                                                   params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe));
    void* shared = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
    void* entries = ::mmap(nullptr, params.sq_entries * sizeof(io_uring_sqe), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES);
    if (shared == MAP_FAILED || entries == MAP_FAILED) return errno;
    rings = static_cast<char*>(shared);
    requests = static_cast<io_uring_sqe*>(entries);
    return 0;
  }
  std::uint32_t* word(std::uint32_t offset) const { return reinterpret_cast<std::uint32_t*>(rings + offset); }

  /// Has the kernel run one request and waits for it: its result, or the negative errno of io_uring_enter(2).
  long run(const io_uring_sqe& request) const {
    requests[0] = request;
    *word(params.sq_off.array) = 0;
    std::atomic_ref(*word(params.sq_off.tail)).fetch_add(1);
    if (::syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0) < 0) return -errno;
    const std::uint32_t head = *word(params.cq_off.head);
    const auto* results = reinterpret_cast<const io_uring_cqe*>(rings + params.cq_off.cqes);
    return results[head & *word(params.cq_off.ring_mask)].res;
  }
};

void find_io_uring(const Machine&, Capability& c) {
  if (const auto disabled = read_setting("/proc/sys/kernel/io_uring_disabled")) {
    c.advertised = {*disabled == "0" ? Standing::yes : Standing::no, "kernel.io_uring_disabled is " + *disabled};
    if (*disabled == "1") c.advertised.standing = Standing::unknown;  // for whom it is there depends on the group
  }
  c.works = attempt([](Witness& witness) {
    Ring ring;
    if (const int error = ring.set_up()) return witness.no("io_uring_setup(2): %s", error_name(error));
    if (load_filter(answer(SYS_openat, SECCOMP_RET_ERRNO | EACCES)) != 0)
      return witness.untested("a ring can be set up, but no filter can be loaded to get around");
    if (::syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY) >= 0)
      return witness.untested("the filter does not deny openat(2)");
    io_uring_sqe request{};
    request.opcode = IORING_OP_OPENAT;
    request.fd = AT_FDCWD;
    request.addr = reinterpret_cast<std::uintptr_t>("/");
    request.open_flags = O_RDONLY | O_DIRECTORY;
    const long result = ring.run(request);
    if (result < 0) return witness.no("IORING_OP_OPENAT: %s", error_name(static_cast<int>(-result)));
    witness.yes("IORING_OP_OPENAT opens a folder in spite of a filter that denies openat(2)");
  });
}

/// A filter may deny unshare(2) and not know what clone(2) can do.
void see_cloned_namespace(Witness& witness, int unshare_error) {
  constexpr unsigned long kFlags = CLONE_NEWUSER | CLONE_NEWUTS | SIGCHLD;
  constexpr int kNoPrivilege = 1;
  const long child = ::syscall(SYS_clone, kFlags, nullptr, nullptr, nullptr, nullptr);
  if (child < 0)
    return witness.no("unshare(CLONE_NEWUSER): %s; clone(CLONE_NEWUSER): %s", error_name(unshare_error), error_name(errno));
  if (child == 0) ::_exit(::sethostname("sandgauge", 9) == 0 ? 0 : kNoPrivilege);
  const int status = wait_for(static_cast<pid_t>(child));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return witness.untested("clone(CLONE_NEWUSER) makes one, but sethostname(2) in it fails");
  witness.yes("clone(CLONE_NEWUSER) gives a process without privilege all capabilities; unshare(CLONE_NEWUSER): %s",
              error_name(unshare_error));
}

void find_user_namespaces(const Machine& machine, Capability& c) {
  constexpr char kMost[] = "/proc/sys/user/max_user_namespaces";
  std::string evidence;
  Standing standing = Standing::unknown;
  for (const char* path : {kMost, "/proc/sys/kernel/unprivileged_userns_clone"}) {
    const auto setting = read_setting(path);
    if (!setting) continue;
    if (standing != Standing::no) standing = *setting == "0" ? Standing::no : Standing::yes;
    evidence += fmt::format("{}{} is {}", evidence.empty() ? "" : ", ", path, *setting);
  }
  constexpr char kRestricted[] = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
  if (const auto restricted = read_setting(kRestricted)) {
    if (*restricted != "0") standing = Standing::no;
    evidence += fmt::format(", {} is {}", kRestricted, *restricted);
  }
  c.advertised = {standing, evidence.empty() ? std::string(kMost) + " is not there" : evidence};
  c.works = attempt([&](Witness& witness) {
    // What matters is whether a process without privilege gets it, so root becomes nobody first.
    constexpr unsigned kNobody = 65534;
    if (machine.host.uid == 0 && ::syscall(SYS_setresuid, kNobody, kNobody, kNobody) != 0)
      return witness.untested("cannot become an ordinary user to try it: setresuid(2): %s", error_name(errno));
    ::prctl(PR_SET_DUMPABLE, 1);
    if (::unshare(CLONE_NEWUSER | CLONE_NEWUTS) != 0) return see_cloned_namespace(witness, errno);
    const int error = ::sethostname("sandgauge", 9) == 0 ? 0 : errno;
    if (error != 0 && machine.host.outer_filters != 0)
      return witness.untested("sethostname(2) in the namespace: %s, maybe by a filter around this process",
                              error_name(error));
    if (error != 0)
      return witness.no("a user namespace can be made but gives no privilege: sethostname(2): %s", error_name(error));
    witness.yes("a process without privilege gets all capabilities in a namespace of its own");
  });
}

}  // namespace

std::vector<Row> way_around_rows() {
  return {
      {.id = "around.i386",
       .title = "i386 entry (int 0x80) from a 64-bit program",
       .meaning = "A filter that does not check the arch can be passed by i386's numbers. Yes means: check it.",
       .since = {2, 6},
       .source = "seccomp(2), \"Architecture support\"",
       .options = {"IA32_EMULATION"},
       .find = find_i386},
      {.id = "around.x32",
       .title = "x32 entry (bit 30 of the number)",
       .meaning = "A filter that denies x86_64's numbers alone can be passed by x32's. Yes means: deny bit 30 too.",
       .since = {3, 4},
       .source = "seccomp(2), \"Architecture support\"",
       .options = {"X86_X32_ABI|X86_X32"},
       .find = find_x32},
      {.id = "around.vsyscall",
       .title = "the vsyscall page",
       .meaning = "Old static programs make three calls by a fixed page; a filter sees them in a special way.",
       .since = {},
       .source = "Linux Documentation/userspace-api/seccomp_filter.rst, \"Caveats\"",
       .options = {"X86_VSYSCALL_EMULATION"},
       .find = find_vsyscall},
      {.id = "around.vdso",
       .title = "the vDSO tells the time without a call",
       .meaning = "A filter cannot keep a program from reading clocks.",
       .since = {},
       .source = "vdso(7)",
       .options = {},
       .find = find_vdso},
      {.id = "around.io_uring",
       .title = "io_uring: calls that no filter sees",
       .meaning = "Who may set up a ring can open files whatever its filter says. Yes means: deny io_uring_setup.",
       .since = {5, 6},
       .source = "io_uring_setup(2); Linux Documentation/admin-guide/sysctl/kernel.rst, io_uring_disabled",
       .options = {"IO_URING"},
       .find = find_io_uring},
      {.id = "around.user_namespaces",
       .title = "user namespaces without privilege",
       .meaning = "A sandboxed program can become root of a namespace, and reach much more of the kernel.",
       .since = {3, 8},
       .source = "user_namespaces(7)",
       .options = {"USER_NS"},
       .find = find_user_namespaces},
  };
}

}  // namespace sandgauge
