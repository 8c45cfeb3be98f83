// seccomp: how big filters may be, and what the kernel does with them: JIT, bitmap, mitigations, logging.
#include <linux/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "kernel/bpf_call.h"
#include "kernel/filter_call.h"
#include "kernel/log_trial.h"
#include "kernel/rows.h"
#include "kernel/speculation.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

constexpr char kActionsLogged[] = "/proc/sys/kernel/seccomp/actions_logged";
constexpr int kNoJitMemory = 524;  // ENOTSUPP, which has no name in user space: kernel/bpf/core.c, bpf_prog_select_runtime

/// Ends at its first instruction: the kernel runs a new filter for every call number to fill its bitmap (Linux
/// kernel/seccomp.c, seccomp_cache_prepare), which is slow for a long one.
std::vector<sock_filter> filter_of(std::size_t length) {
  return std::vector<sock_filter>(length, sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

const char* load_error_name(long result) {
  return result == -kNoJitMemory ? "errno 524 (ENOTSUPP)" : error_name(static_cast<int>(-result));
}

void find_instructions(const Machine&, Capability& c) {
  c.works = attempt(
      [](Witness& witness) {
        if (const long most = load_filter(filter_of(BPF_MAXINSNS)); most != 0)
          return witness.no("a filter of %d instructions: %s", BPF_MAXINSNS, load_error_name(most));
        const long more = load_filter(filter_of(BPF_MAXINSNS + 1));
        if (more != -EINVAL) return witness.no("a filter of %d instructions is not refused", BPF_MAXINSNS + 1);
        witness.value("%d", BPF_MAXINSNS);
        witness.yes("%d instructions load, one more is EINVAL", BPF_MAXINSNS);
      },
      &c.value);
}

void find_total(const Machine&, Capability& c) {
  constexpr std::chrono::seconds kSlowMachine{10};
  const auto stack_filters = [](Witness& witness) {
    // The kernel counts its own translation of a filter, which is longer, and four more for each filter that is there
    // already (kernel/seccomp.c, seccomp_attach_filter). Shorter and shorter ones fill up what long ones leave.
    constexpr int kMost = 32768;
    int filters = 0;
    int instructions = 0;
    for (std::size_t length = BPF_MAXINSNS; length > 0;) {
      const long result = load_filter(filter_of(length));
      if (result == 0 && (instructions += static_cast<int>(length)) > kMost)
        return witness.no("%d instructions load", instructions);
      if (result == 0) ++filters;
      if (result == -ENOMEM) length /= 2;
      if (result != 0 && result != -ENOMEM)
        return witness.untested("after %d filters of %d instructions: %s", filters, instructions, load_error_name(result));
    }
    witness.yes(
        "after %d filters of %d instructions in all one more is ENOMEM: the kernel counts its translation of them, up to "
        "%d, and 4 more for each filter",
        filters, instructions, kMost);
  };
  c.works = attempt(stack_filters, nullptr, kSlowMachine);
}

void find_jit(const Machine&, Capability& c) {
  const auto enabled = read_setting("/proc/sys/net/core/bpf_jit_enable");
  if (!enabled) {
    c.advertised = {Standing::unknown, enabled.error().message};
  } else {
    c.value = *enabled;
    c.advertised = {*enabled == "0" ? Standing::no : Standing::yes, "net.core.bpf_jit_enable is " + *enabled};
  }
  c.works = attempt([](Witness& witness) {
    // A filter does not tell whether it was compiled. A program that is loaded by bpf(2) does, and takes the same way.
    const bpf_insn code[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
    const long fd = load_program({.type = BPF_PROG_TYPE_SOCKET_FILTER, .code = code});
    if (fd < 0)
      return witness.untested("filters do not tell whether they are compiled, and bpf(BPF_PROG_LOAD): %s",
                              error_name(static_cast<int>(-fd)));
    const long length = jited_length(static_cast<int>(fd));
    if (length < 0) return witness.untested("BPF_OBJ_GET_INFO_BY_FD: %s", error_name(static_cast<int>(-length)));
    if (length == 0) return witness.no("a program is not compiled");
    witness.yes("a program of 2 instructions is compiled to %ld bytes", length);
  });
}

void find_harden(const Machine&, Capability& c) {
  const auto harden = read_setting("/proc/sys/net/core/bpf_jit_harden");
  if (!harden) {
    c.advertised = {Standing::unknown, harden.error().message};
    return;
  }
  c.value = *harden;
  c.advertised = {*harden == "0" ? Standing::no : Standing::yes,
                  "net.core.bpf_jit_harden is " + *harden + (*harden == "1" ? ": for programs without privilege" : "")};
}

/// What is in use of the JIT's memory, from the kernel's list of its mappings; nothing if that cannot be read.
std::string jit_memory_in_use() {
  const auto text = read_text_file("/proc/vmallocinfo", 64 << 20);
  if (!text) return "how much is in use cannot be seen: " + text.error().message;
  unsigned long bytes = 0;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    // "0xffff...-0xffff...    8192 bpf_jit_alloc_exec+0xe/0x20 pages=1 ..."
    if (line.find(" bpf_jit_") == line.npos && line.find(" bpf_prog_pack") == line.npos) continue;
    const std::string_view size = line.substr(std::min(line.find(' '), line.size()));
    const std::size_t digits = std::min(size.find_first_not_of(' '), size.size());
    unsigned long number = 0;
    std::from_chars(size.data() + digits, size.data() + size.size(), number);
    bytes += number;
  }
  return fmt::format("mappings of {} bytes are in use by the JIT", bytes);
}

void find_jit_limit(const Machine&, Capability& c) {
  const auto limit = read_setting("/proc/sys/net/core/bpf_jit_limit");
  if (limit) {
    c.value = *limit;
    c.advertised = {Standing::yes, fmt::format("net.core.bpf_jit_limit is {} bytes; {}", *limit, jit_memory_in_use())};
  } else {
    c.advertised = {Standing::unknown, limit.error().message};
  }
  c.works = attempt([](Witness& witness) {
    const long loaded = load_filter(filter_of(BPF_MAXINSNS));
    if (loaded == -kNoJitMemory)
      return witness.no(
          "a filter of %d instructions: errno 524 (ENOTSUPP): the JIT's memory is used up, and this kernel "
          "has no interpreter; with CAP_BPF one may go beyond net.core.bpf_jit_limit",
          BPF_MAXINSNS);
    if (loaded < 0) return witness.untested("a filter of %d instructions: %s", BPF_MAXINSNS, load_error_name(loaded));
    witness.yes("there is room for a filter of %d instructions; without it loading fails with errno 524", BPF_MAXINSNS);
  });
}

void find_bitmap(const Machine& machine, Capability& c) {
  c.works = attempt([&](Witness& witness) {
    if (load_filter(answer(kTrialCall, SECCOMP_RET_ERRNO | EACCES)) != 0)
      return witness.untested("no filter can be loaded to look at its bitmap");
    const auto cache = read_text_file("/proc/self/seccomp_cache");
    if (!cache)
      return witness.untested("which calls the kernel answers without running the filter shows only in timing: %s",
                              cache.error().message.c_str());
    const auto line = [](std::uint32_t nr, const char* word) { return fmt::format("x86_64 {} {}", nr, word); };
    if (native_abi() != Abi::x86_64) return witness.untested("written for x86_64 only");
    if (machine.host.outer_filters != 0) return witness.untested("an outer filter has a part in the bitmap");
    if (cache->find(line(SYS_read, "ALLOW") + "\n") == std::string::npos)
      return witness.no("/proc/self/seccomp_cache does not say ALLOW of read(2)");
    if (cache->find(line(kTrialCall, "FILTER") + "\n") == std::string::npos)
      return witness.no("/proc/self/seccomp_cache does not say FILTER of getppid(2)");
    witness.yes("/proc/self/seccomp_cache says ALLOW of read(2) and FILTER of the denied getppid(2)");
  });
}

void find_ssb(const Machine& machine, Capability& c) {
  constexpr KernelVersion kNotByItself{5, 16};
  const auto words = read_setting("/proc/cmdline");
  if (words && words->find("spec_store_bypass_disable=") != std::string::npos) {
    const bool asked = words->find("spec_store_bypass_disable=seccomp") != std::string::npos;
    c.claimed = {asked ? Standing::yes : Standing::no, "spec_store_bypass_disable= on the kernel's command line"};
  } else if (machine.host.kernel >= kNotByItself) {
    c.claimed = {Standing::no, "since Linux 5.16 only with spec_store_bypass_disable=seccomp"};
  }
  const auto mitigation = read_setting("/sys/devices/system/cpu/vulnerabilities/spec_store_bypass");
  if (!mitigation) {
    c.advertised = {Standing::unknown, mitigation.error().message};
  } else {
    c.advertised = {mitigation->find("seccomp") != std::string::npos ? Standing::yes : Standing::no,
                    "vulnerabilities/spec_store_bypass: " + *mitigation};
  }
  c.works = attempt(
      [](Witness& witness) {
        const SsbStates states = ssb_around_filter(0);
        if (states.load_error != 0) return witness.untested("no filter can be loaded");
        if (states.before < 0)
          return witness.untested("prctl(PR_GET_SPECULATION_CTRL): %s", error_name(static_cast<int>(-states.before)));
        witness.value("%s", ssb_state_name(states.after));
        if ((states.before & PR_SPEC_FORCE_DISABLE) != 0)
          return witness.untested("SSB is mitigated for good in this process already");
        if (states.before == states.after)
          return witness.no("before and after a filter SSB is %s", ssb_state_name(states.after));
        witness.yes("before a filter SSB is %s, after it %s", ssb_state_name(states.before), ssb_state_name(states.after));
      },
      &c.value);
}

void find_actions_logged(const Machine&, Capability& c) {
  const auto text = read_setting(kActionsLogged);
  const auto logged = text ? parse_action_list(*text) : Result<std::set<std::string>>(fail(text.error()));
  if (!logged) {
    c.advertised = {Standing::unknown, logged.error().message};
    c.works = {Standing::untested, "it cannot be read"};
    return;
  }
  c.value = fmt::format("{}", fmt::join(*logged, " "));
  c.advertised = {Standing::yes, fmt::format("{}: {}", kActionsLogged, c.value.empty() ? "nothing" : c.value)};
  const Finding& seen = try_logging().action;
  if (seen.standing == Standing::untested) {
    c.works = seen;
  } else if (logged->contains("log") == (seen.standing == Standing::yes)) {
    c.works = {Standing::yes, fmt::format("log is {}in it, and a call answered with LOG is {}recorded",
                                          logged->contains("log") ? "" : "not ", logged->contains("log") ? "" : "not ")};
  } else {
    c.works = {Standing::no, fmt::format("log is {}in it, but: {}", logged->contains("log") ? "" : "not ", seen.evidence)};
  }
}

}  // namespace

std::vector<Row> seccomp_limit_rows() {
  return {
      {.id = "seccomp.limit.instructions",
       .title = "4096 instructions in a filter",
       .meaning = "How big one filter can be.",
       .since = {3, 5},
       .source = "seccomp(2), ERRORS; BPF_MAXINSNS in linux/bpf_common.h",
       .options = {"SECCOMP_FILTER"},
       .find = find_instructions},
      {.id = "seccomp.limit.total",
       .title = "32768 instructions in all filters together",
       .meaning = "How many filters can be stacked: each layer of a container runtime takes its share.",
       .since = {3, 5},
       .source = "seccomp(2), ERRORS; MAX_INSNS_PER_PATH in kernel/seccomp.c",
       .options = {"SECCOMP_FILTER"},
       .find = find_total},
      {.id = "seccomp.actions_logged",
       .title = "the sysctl actions_logged",
       .meaning = "The administrator decides which actions may be recorded at all.",
       .since = {4, 14},
       .source = "seccomp(2), \"/proc interfaces\"",
       .options = {"SECCOMP_FILTER", "SYSCTL"},
       .find = find_actions_logged},
      {.id = "seccomp.bitmap",
       .title = "constant-action bitmap",
       .meaning = "Calls that a filter always allows cost almost nothing: the filter is not run for them.",
       .since = {5, 11},
       .source = "kernel/seccomp.c, seccomp_cache_prepare",
       .options = {"SECCOMP_FILTER"},
       .find = find_bitmap},
      {.id = "seccomp.ssb",
       .title = "a filter turns the SSB mitigation on",
       .meaning = "Whether a filter without SPEC_ALLOW slows the program down on this CPU.",
       .since = {4, 17},
       .source = "Linux Documentation/userspace-api/spec_ctrl.rst",
       .options = {"SECCOMP_FILTER"},
       .find = find_ssb},
      {.id = "seccomp.jit.enabled",
       .title = "filters are compiled (JIT)",
       .meaning = "A compiled filter takes a fraction of the time of an interpreted one.",
       .since = {3, 16},
       .source = "Linux Documentation/admin-guide/sysctl/net.rst, bpf_jit_enable",
       .options = {"BPF_JIT"},
       .find = find_jit},
      {.id = "seccomp.jit.harden",
       .title = "the JIT hides constants",
       .meaning = "Harder to attack, and compiled filters get slower. Off is the usual setting.",
       .since = {},
       .source = "Linux Documentation/admin-guide/sysctl/net.rst, bpf_jit_harden",
       .options = {},
       .find = find_harden},
      {.id = "seccomp.jit.limit",
       .title = "room for filters below bpf_jit_limit",
       .meaning = "On a host with many containers the JIT's memory can run out: loading fails with errno 524.",
       .since = {4, 20},
       .source = "Linux Documentation/admin-guide/sysctl/net.rst, bpf_jit_limit",
       .options = {"BPF_JIT"},
       .find = find_jit_limit},
  };
}

}  // namespace sandgauge
