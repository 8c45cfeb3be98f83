// A Policy made into a filter by libseccomp: what container runtimes load, to be held against the policy's meaning.
//
//   Result<Program> program = compile_libseccomp(policy, 2);     // with the binary tree
//   if (!program) return fail(program.error());     // "libseccomp refuses rule 2, write (1), x86_64: TRAP(3): EINVAL ..."
//
// Rules go in by number in the order of the policy, a filter for each ABI, and the filters are merged; so a number means
// that ABI's call even if libseccomp has no name for it. (Of another ABI than the native one libseccomp takes only calls it
// has a name for.) Fails where resolve() does, and with "libseccomp cannot express ..." or "libseccomp refuses ..." for
// - data in TRAP, ERRNO(4095), a rule with two tests of one argument, numbers below -1, a policy without ABIs;
// - a rule that does what the default does, unless leaving it out changes no answer;
// - the same tests twice with different actions (EEXIST).
//
// Where libseccomp's meaning differs from the policy's (2.5.4; disagreements() in evaluate/agree.h finds each of these).
// With at most one rule for a call, or several of one action with a single test of equality each, both mean the same, but:
// - the value of a masked test: libseccomp ignores its bits outside the mask, and the test can hold;
// - 32-bit ABIs: it looks at the low 32 bits of argument and value. On i386 `arg0 >= 0x100000000` becomes always true. On
//   x32 the kernel passes all 64 bits, and a filter of libseccomp does not see the upper ones;
// - tests of i386's socket and IPC calls: the rule also goes to socketcall(2) or ipc(2), where the test of argument 0 gives
//   way to that of the sub-call and the others are made of the wrong arguments;
// - the number -1 when x32 is listed and x86_64 is not: it gets the default action, not the foreign one.
// Several rules for one call are not the strictest of them:
// - a rule without tests replaces all rules for the call before it and hides all after it, stricter or not;
// - rules whose tests overlap are tried in an order of libseccomp's own (by argument and operator), the first match wins;
// - after the lower half of an argument it compares the upper half of the next rule's value without loading it: its filter
//   for `arg1 < 2` and `arg1 > 0x500000000`, both ERRNO, also matches arg1 = 0xffffffff;
// - rules with two or more tests share parts of a tree, which can join the start of one with the end of another, even if all
//   have one action: its filter for `arg0 < 1 && arg1 < 1` and `arg0 > 1 && arg1 > 2` also matches arg0 = 0, arg1 = 3.
// It can also loop forever, as on `arg0 < 1 && arg1 < 1` and `arg0 < 1 && arg1 == 2`, and takes seconds for 600 calls with
// two tests each. So it runs in a child with a deadline.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

/// A compilation that has begun, in a child; its end is waited for once. Dropped without that, the child is killed.
class LibseccompJob {
 public:
  /// `optimise` is SCMP_FLTATR_CTL_OPTIMIZE: 1 by priority, 2 a binary tree (seccomp_attr_set(3)). The calling process has
  /// one thread: the child that it forks allocates memory.
  static Result<LibseccompJob> start(const Policy& policy, int optimise);
  LibseccompJob(LibseccompJob&& other) noexcept
      : child_(std::exchange(other.child_, -1)), output_(std::move(other.output_)) {}
  LibseccompJob& operator=(LibseccompJob&&) = delete;
  ~LibseccompJob();

  /// Waits at most so long. The child is gone when this returns.
  Result<Program> finish(std::chrono::milliseconds deadline = std::chrono::seconds(5));

 private:
  LibseccompJob(pid_t child, UniqueFd output) : child_(child), output_(std::move(output)) {}
  pid_t child_;
  UniqueFd output_;
};

/// Both at once.
Result<Program> compile_libseccomp(const Policy& policy, int optimise,
                                   std::chrono::milliseconds deadline = std::chrono::seconds(5));

/// The names in the policy's rules that some ABI of the policy has and this libseccomp does not know there. A runtime leaves
/// such names out; compile_libseccomp() fails for them, but for those of the native ABI, which it can add by number.
std::vector<std::string> unknown_to_libseccomp(const Policy& policy);
/// The policy without these names, and without rules that have no others.
Policy without_calls(Policy policy, const std::vector<std::string>& names);

/// Of the library that this runs with: "2.5.4".
std::string libseccomp_version();

}  // namespace sandgauge
