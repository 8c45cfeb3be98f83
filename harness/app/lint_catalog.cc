#include "app/lint_catalog.h"

namespace sandgauge {
namespace {

constexpr LintCheck kChecks[] = {
    {"absent-syscall", "A denied call that the profile's architectures do not have",
     "Each architecture has names of its own: x86_64 has umount2 and no umount. The rule stops nothing there; name what "
     "these "
     "architectures have."},
    {"contradiction", "Two rules for the same calls disagree",
     "The strictest of all rules that match a call wins, whatever their order. The weaker one does nothing; one of them is "
     "a "
     "mistake."},
    {"default-open", "Every call that is not named is open",
     "A deny list is outdated by the next kernel: a new call is open until somebody names it. Deny by default, with "
     "ERRNO(ENOSYS) or ERRNO(EPERM), and list what is needed."},
    {"either-argument", "Several tests of one argument, of which any one is enough",
     "Runtimes make a rule of each test when a rule tests one argument twice. What looks like a range matches nearly "
     "everything."},
    {"errno-zero", "A call that does nothing and reports success",
     "ERRNO(0) skips the call and returns 0. The program goes on as if its call had been carried out."},
    {"half-tested", "Only half of a 64-bit argument is tested",
     "The kernel reads all 64 bits of this argument, and the test looks at 32 of them: values that differ in the other half "
     "pass as well."},
    {"inexact", "Part of the profile could not be read as rules",
     "What the message names is not covered by the other checks."},
    {"libseccomp-differs", "libseccomp's filter does not do what the rules say",
     "Container runtimes load the filter that libseccomp makes. For rules that overlap, or test several arguments, it can "
     "answer otherwise than the rules read. Write rules for one call so that at most one of them matches."},
    {"libseccomp-refuses", "libseccomp makes no filter of this profile",
     "A runtime that uses libseccomp cannot load this profile, or leaves rules out."},
    {"never-matches", "A rule that no call can match",
     "Its tests exclude each other, or compare with a value that the mask cannot give."},
    {"newer-than-kernel", "Calls that this kernel does not have",
     "The rule does nothing here. It is right to keep it for newer kernels."},
    {"no-listener", "NOTIFY without a listener",
     "Somebody must hold the listener's descriptor and answer (seccomp_unotify(2)). Without a listener the call fails with "
     "ENOSYS."},
    {"no-tracer", "TRACE without a tracer",
     "A ptrace(2) tracer with PTRACE_O_TRACESECCOMP must answer. Without one the call fails with ENOSYS."},
    {"not-enosys", "An errno other than ENOSYS for a call that libc falls back from",
     "The C library tries a new call first and the older one if it fails with ENOSYS. With another errno, EPERM for one, it "
     "gives up, and programs fail that would have worked."},
    {"number-differs", "A number that means other calls on other architectures",
     "A rule by number applies to that number of each listed architecture. Use the name."},
    {"open-abi", "A denied call is open by another ABI",
     "An x86_64 process can make i386 calls (int 0x80) and, where the kernel has it, x32 calls. Their numbers are not those "
     "of x86_64. List these architectures, or deny foreign calls."},
    {"open-io-uring", "io_uring does what the profile denies",
     "Requests in an io_uring are carried out without a system call that a filter could see (io_uring(7)). Deny "
     "io_uring_setup, io_uring_enter and io_uring_register."},
    {"open-multiplexer", "socketcall or ipc does what a rule denies",
     "On i386 the calls of sockets and of System V IPC can also be made by socketcall(2) and ipc(2), whose arguments are in "
     "memory. Deny these two; programs of this century do not need them."},
    {"open-twin", "A denied call has a twin that is open",
     "Most calls on paths exist in several forms (mkdir and mkdirat). Who denies one must deny all, and who tests the "
     "arguments of one must test those of all; forms whose arguments no filter sees (openat2, clone3) must be denied."},
    {"same-as-default", "A rule that does what the default does", "It can go."},
    {"shadowed", "A rule that another one hides",
     "Every call that it matches is answered by another rule. One of them is a mistake."},
    {"unknown-key", "A key that nobody reads",
     "Runtimes ignore keys that they do not know, so a misspelt one has no effect and no error."},
    {"unknown-syscall", "A name that no system call has",
     "Runtimes leave unknown names out. A misspelt call in a deny list stays open."},
    {"unknown-to-libseccomp", "Calls that libseccomp does not know",
     "Runtimes leave out the names that their libseccomp does not know. The default action applies to them."},
    {"upper-half", "The unused half of an argument slips past a test",
     "A filter compares 64 bits, but the kernel reads only the lower 32 of this argument. A program can set a bit in the "
     "upper "
     "half: the test then fails, and the call does the same."},
};

}  // namespace

std::span<const LintCheck> lint_catalog() { return kChecks; }

}  // namespace sandgauge
