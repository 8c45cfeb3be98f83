// Landlock: the ABI, and for each right whether taking it away takes away what it is about.
#include "kernel/landlock.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>

#include "base/shared_slot.h"
#include "kernel/rows.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

constexpr unsigned kVersionQuery = 1U << 0;  // LANDLOCK_CREATE_RULESET_VERSION

/// The ABI, or -errno.
long landlock_abi() {
  static const long abi = ask([] {
    const long answer = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kVersionQuery);
    return answer < 0 ? -errno : answer;
  });
  return abi;
}

const char* why_no_abi(long result) {
  if (result == -ENOSYS) return "it is not built in (ENOSYS)";
  return result == -EOPNOTSUPP ? "it is built in and not enabled (EOPNOTSUPP)" : error_name(static_cast<int>(-result));
}

std::string abi_evidence(long abi) {
  return abi < 0 ? fmt::format("landlock_create_ruleset(2): {}", why_no_abi(abi))
                 : fmt::format("landlock_create_ruleset(2) says ABI {}", abi);
}

Finding advertised(long abi, int needed) {
  const bool tells = abi >= 0 || abi == -ENOSYS || abi == -EOPNOTSUPP;
  return {!tells ? Standing::unknown : abi >= needed ? Standing::yes : Standing::no, abi_evidence(abi)};
}

/// How far restricting a process came; in shared memory.
struct RestrictFacts {
  char failed[40];  // the step, if one failed
  int error;
  bool ruleset_refused;  // the kernel does not know what it handles, or Landlock itself
};

/// Grants all that the rules handle below `folder`, if there is one.
bool restrict_self(RestrictFacts& facts, const LandlockRuleset& rules, const std::string& folder = "") {
  const auto failed = [&facts](const char* step) {
    facts.error = errno;
    std::strncpy(facts.failed, step, sizeof facts.failed - 1);
    return false;
  };
  const long ruleset = ::syscall(SYS_landlock_create_ruleset, &rules, rules.size(), 0);
  if (ruleset < 0) {
    failed("landlock_create_ruleset(2)");
    // ENOSYS is also what a filter around this process says to be taken for an old kernel.
    const bool old_kernel = facts.error == ENOSYS && ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0;
    facts.ruleset_refused = facts.error == EINVAL || facts.error == E2BIG || facts.error == EOPNOTSUPP || old_kernel;
    return false;
  }
  if (!folder.empty()) {
    struct __attribute__((packed)) {
      std::uint64_t access;
      std::int32_t parent;
    } beneath{rules.fs, ::open(folder.c_str(), O_PATH | O_CLOEXEC)};  // struct landlock_path_beneath_attr
    constexpr int kPathBeneath = 1;                                   // LANDLOCK_RULE_PATH_BENEATH
    if (beneath.parent < 0) return failed("open(2) of the folder");
    if (::syscall(SYS_landlock_add_rule, ruleset, kPathBeneath, &beneath, 0) != 0) return failed("landlock_add_rule(2)");
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("prctl(PR_SET_NO_NEW_PRIVS)");
  return ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 || failed("landlock_restrict_self(2)");
}

void say_why_not(Witness& witness, const RestrictFacts& facts) {
  if (facts.ruleset_refused) return witness.no("a ruleset with this right is refused: %s", error_name(facts.error));
  witness.untested("a process cannot be restricted: %s: %s", facts.failed, error_name(facts.error));
}

/// The operation must succeed without Landlock, fail with the right's errno once the right has been taken away, and succeed
/// where it is granted.
void see_right(Witness& witness, const LandlockRight& right, const std::string& folder) {
  constexpr int kRefused = 255;  // exit code; an operation's errno is below
  const auto facts = SharedSlot<RestrictFacts>::make();
  if (!facts) return witness.untested("no shared memory");
  const auto in_helper = [&](bool confined, const std::string& granted = "") {
    return wait_for(fork_helper([&] {
      right.prepare(folder);
      if (confined && !restrict_self(**facts, right.rules, granted)) ::_exit(kRefused);
      ::_exit(right.operation(folder));
    }));
  };
  const int free = in_helper(false);
  if (!WIFEXITED(free)) return witness.untested("the operation killed the trial");
  if (WEXITSTATUS(free) != 0)
    return witness.untested("even without Landlock it fails here: %s: %s", right.what, error_name(WEXITSTATUS(free)));
  const int confined = in_helper(true);
  if (!WIFEXITED(confined)) return witness.untested("the operation killed the trial");
  const int error = WEXITSTATUS(confined);
  if (error == kRefused) return say_why_not(witness, **facts);
  if (error == 0) return witness.no("%s succeeds without the right", right.what);
  if (error != right.denial)
    return witness.untested("without the right %s: %s instead of %s", right.what, error_name(error),
                            error_name(right.denial));
  if (!right.rules.can_be_granted_below_a_folder())
    return witness.yes("without the right %s: %s", right.what, error_name(error));
  const int granted = in_helper(true, folder);
  if (WIFEXITED(granted) && WEXITSTATUS(granted) == kRefused) return say_why_not(witness, **facts);
  if (!WIFEXITED(granted)) return witness.untested("the operation killed the trial");
  if (WEXITSTATUS(granted) != 0) return witness.no("%s fails although a rule grants it", right.what);
  witness.yes("%s: %s without the right, and a rule can grant it", right.what, error_name(error));
}

void find_abi(const Machine& machine, Capability& c) {
  const long abi = landlock_abi();
  c.advertised = advertised(abi, 1);
  if (abi > 0) c.value = fmt::format("{}", abi);
  if (machine.lsms && abi < 0)
    c.advertised.evidence +=
        fmt::format("; it is {}in the list of {}", machine.lists("landlock") ? "" : "not ", machine.lsms_source);
  c.works = attempt([](Witness& witness) {
    // Every right of the first ABI handled and none granted: nothing can be opened.
    RestrictFacts facts{};
    if (!restrict_self(facts, {.fs = kLandlockFirstRights})) return say_why_not(witness, facts);
    const int fd = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 || errno != EACCES) return witness.no("under a ruleset without rules / can still be listed");
    witness.yes("under a ruleset without rules / cannot be listed");
  });
}

template <int kRight>
void find_right(const Machine& machine, Capability& c) {
  const LandlockRight& right = landlock_rights()[kRight];
  const long abi = landlock_abi();
  c.advertised = advertised(abi, right.abi);
  if (!machine.scratch) {
    c.works = {Standing::untested, machine.scratch_problem};
    return;
  }
  if (c.advertised.standing == Standing::no) {
    // Still tried: an ABI number may be wrong in both directions.
    c.works = attempt([&](Witness& witness) {
      RestrictFacts facts{};
      if (!restrict_self(facts, right.rules)) return say_why_not(witness, facts);
      witness.untested("a ruleset with this right is taken although the ABI does not have it");
    });
    return;
  }
  const std::string folder = machine.scratch->path() + "/" + c.id;
  ::mkdir(folder.c_str(), 0755);
  c.works = attempt([&](Witness& witness) { see_right(witness, right, folder); });
  machine.scratch->clear();
}

template <int... kIndex>
void add_rights(std::vector<Row>& rows, std::integer_sequence<int, kIndex...>) {
  (rows.push_back({.id = landlock_rights()[kIndex].id,
                   .title = landlock_rights()[kIndex].title,
                   .meaning = "An unprivileged program can give this up for itself and its children.",
                   .since = landlock_rights()[kIndex].since,
                   .source = "landlock(7); Linux Documentation/userspace-api/landlock.rst",
                   .options = {"SECURITY_LANDLOCK"},
                   .find = find_right<kIndex>}),
   ...);
}

}  // namespace

std::vector<Row> landlock_rows() {
  std::vector<Row> rows{{.id = "landlock.abi",
                         .title = "Landlock, and which ABI",
                         .meaning =
                             "A program without privilege can restrict its own access to files, and with newer ABIs to "
                             "the network and to other processes.",
                         .since = {5, 13},
                         .source = "landlock_create_ruleset(2)",
                         .options = {"SECURITY_LANDLOCK"},
                         .find = find_abi}};
  add_rights(rows, std::make_integer_sequence<int, kLandlockRights>{});
  return rows;
}

}  // namespace sandgauge
