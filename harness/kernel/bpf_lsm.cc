// BPF LSM: whether a program that is attached to a hook of the kernel's security modules really denies something.
#include <sys/random.h>
#include <sys/wait.h>

#include <cstring>

#include "kernel/bpf_call.h"
#include "kernel/btf.h"
#include "kernel/filter_call.h"
#include "kernel/rows.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

constexpr char kBtf[] = "/sys/kernel/btf/vmlinux";
/// A hook that hardly anybody calls: getsid(2) of a pid other than 0 (Linux kernel/sys.c). Only a process of the trial's own
/// name is denied.
constexpr char kHook[] = "bpf_lsm_task_getsid";

/// What is the same for all rows; read once, because the file has some megabytes.
const Result<std::uint32_t>& hook_id() {
  static const Result<std::uint32_t> id = [] {
    const auto btf = read_text_file(kBtf, 256 << 20);
    return btf ? btf_function(*btf, kHook) : Result<std::uint32_t>(fail(btf.error()));
  }();
  return id;
}

/// A process's name as the program compares it: 16 bytes, which nobody else has.
struct CommName {
  char text[16]{};
  [[nodiscard]] std::int32_t word(int index) const {
    std::int32_t value = 0;
    std::memcpy(&value, text + 4 * index, sizeof value);
    return value;
  }
};

CommName random_name() {
  constexpr char kLetters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  unsigned char random[12]{};
  static_cast<void>(::getrandom(random, sizeof random, 0));
  CommName name{"sg-"};
  for (std::size_t i = 0; i < sizeof random; ++i) name.text[3 + i] = kLetters[random[i] % (sizeof kLetters - 1)];
  return name;
}

constexpr bpf_insn instruction(int code, unsigned target, unsigned source, int offset, int immediate) {
  return {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(target & 15U), static_cast<std::uint8_t>(source & 15U),
          static_cast<std::int16_t>(offset), immediate};
}

/// EPERM for the process of that name, 0 for every other one. 16 instructions, so that the jumps below are right.
std::array<bpf_insn, 16> denial_for(const CommName& name) {
  constexpr int kNameOffset = -16;
  constexpr int kHelper = BPF_FUNC_get_current_comm;
  std::array<bpf_insn, 16> code{
      instruction(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_10, 0, 0),
      instruction(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, kNameOffset),
      instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 16),
      instruction(BPF_JMP | BPF_CALL, 0, 0, 0, kHelper),
  };
  constexpr std::size_t kAllow = 14;
  std::size_t at = 4;
  for (int i = 0; i < 4; ++i) {  // four words of the name; the first that differs allows
    code[at] = instruction(BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_10, kNameOffset + 4 * i, 0);
    const auto distance = static_cast<int>(kAllow - (at + 2));
    code[at + 1] = instruction(BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_3, 0, distance, name.word(i));
    at += 2;
  }
  code[12] = instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -EPERM);
  code[13] = instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  code[14] = instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
  code[15] = instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  return code;
}

/// The verifier's last line, which is its reason.
void last_line(char* log) {
  std::size_t length = std::strlen(log);
  while (length > 0 && log[length - 1] == '\n') log[--length] = '\0';
  const char* line = std::strrchr(log, '\n');
  if (line != nullptr) std::memmove(log, line + 1, std::strlen(line + 1) + 1);
}

bool has_privilege(const Machine& machine) {
  const auto has = [&machine](const char* capability) { return machine.has_in_first_namespace(capability); };
  return has("CAP_SYS_ADMIN") || (has("CAP_BPF") && has("CAP_PERFMON"));
}

/// The program's descriptor; -1, with a finding, if it does not load.
int load(Witness& witness, const Machine& machine, const CommName& name) {
  if (!hook_id()) {
    witness.untested("%s", hook_id().error().message.c_str());
    return -1;
  }
  const auto code = denial_for(name);
  const BpfProgram program{.type = BPF_PROG_TYPE_LSM, .attach = BPF_LSM_MAC, .btf_id = *hook_id(), .code = code};
  const long fd = load_program(program);
  if (fd >= 0) return static_cast<int>(fd);
  if (fd == -EPERM && !has_privilege(machine)) {
    witness.untested("needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, in the first user namespace");
    return -1;
  }
  char log[4096]{};
  BpfProgram again = program;
  again.log = log;
  load_program(again);
  last_line(log);
  witness.no("bpf(BPF_PROG_LOAD): %s%s%.150s", fd == -524 ? "errno 524 (ENOTSUPP)" : error_name(static_cast<int>(-fd)),
             log[0] != '\0' ? ": " : "", log);
  return -1;
}

int attach(Witness& witness, const Machine& machine, const CommName& name) {
  const int program = load(witness, machine, name);
  if (program < 0) return -1;
  const long link = attach_lsm(program);
  if (link < 0)
    witness.no("BPF_RAW_TRACEPOINT_OPEN: %s", link == -524 ? "errno 524 (ENOTSUPP)" : error_name(static_cast<int>(-link)));
  return static_cast<int>(link);
}

/// 0 or the errno of getsid(2), asked by a process of that name.
int getsid_as(const char* name) {
  const int status = wait_for(fork_helper([name] {
    ::prctl(PR_SET_NAME, name);
    ::_exit(::getsid(::getpid()) >= 0 ? 0 : errno);
  }));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void find_bpf_built(const Machine&, Capability& c) {
  const Result<std::uint32_t>& id = hook_id();
  if (id) {
    c.advertised = {Standing::yes, fmt::format("{} has the function {}", kBtf, kHook)};
  } else {
    const bool readable = ::access(kBtf, R_OK) == 0;
    c.advertised = {readable ? Standing::no : Standing::unknown, id.error().message};
  }
}

void find_bpf_listed(const Machine& machine, Capability& c) {
  if (!machine.lsms) {
    c.advertised = {Standing::unknown, machine.lsms_source};
    return;
  }
  const bool there = machine.lists("bpf");
  c.advertised = {there ? Standing::yes : Standing::no,
                  fmt::format("bpf is {}in {}", there ? "" : "not ", machine.lsms_source)};
}

void find_bpf_load(const Machine& machine, Capability& c) {
  c.works = attempt([&](Witness& witness) {
    if (load(witness, machine, random_name()) >= 0) witness.yes("a program for the hook %s loads", kHook);
  });
}

void find_attach(const Machine& machine, Capability& c) {
  c.works = attempt([&](Witness& witness) {
    if (attach(witness, machine, random_name()) >= 0) witness.yes("a program is attached to the hook %s", kHook);
  });
}

void find_enforce(const Machine& machine, Capability& c) {
  find_bpf_listed(machine, c);
  c.works = attempt([&](Witness& witness) {
    const CommName name = random_name();
    if (const int before = getsid_as(name.text)) return witness.untested("getsid(2) fails before: %s", error_name(before));
    if (attach(witness, machine, name) < 0) return;
    const int named = getsid_as(name.text);
    const int other = getsid_as("sg-other");
    if (named == 0) return witness.no("the program is attached, and denies nothing");
    if (named != EPERM || other != 0)
      return witness.untested("getsid(2): %s where it should be denied, %s elsewhere", error_name(named), error_name(other));
    witness.yes("an attached program denies getsid(2) to the process that it names, and to no other one");
  });
}

}  // namespace

std::vector<Row> bpf_lsm_rows() {
  constexpr KernelVersion kSince{5, 7};
  static constexpr char kSource[] = "Linux Documentation/bpf/prog_lsm.rst";
  return {
      {.id = "bpf_lsm.built",
       .title = "BPF LSM: built in",
       .meaning = "The kernel has the hooks that a program can be attached to.",
       .since = kSince,
       .source = kSource,
       .options = {"BPF_LSM", "DEBUG_INFO_BTF"},
       .find = find_bpf_built},
      {.id = "bpf_lsm.listed",
       .title = "BPF LSM: in the list of LSMs",
       .meaning = "Without this an attached program is never asked: it seems to work and denies nothing.",
       .since = kSince,
       .source = kSource,
       .options = {"BPF_LSM"},
       .find = find_bpf_listed},
      {.id = "bpf_lsm.load",
       .title = "BPF LSM: a program loads",
       .meaning = "The verifier takes a program for a hook.",
       .since = kSince,
       .source = kSource,
       .options = {"BPF_LSM", "DEBUG_INFO_BTF"},
       .find = find_bpf_load},
      {.id = "bpf_lsm.attach",
       .title = "BPF LSM: a program can be attached",
       .meaning = "It is put on the hook; that does not yet mean that it is asked.",
       .since = kSince,
       .source = kSource,
       .options = {"BPF_LSM", "DEBUG_INFO_BTF"},
       .find = find_attach},
      {.id = "bpf_lsm.enforce",
       .title = "BPF LSM: an attached program denies",
       .meaning = "A policy written as BPF programs really protects this machine.",
       .since = kSince,
       .source = kSource,
       .options = {"BPF_LSM", "DEBUG_INFO_BTF"},
       .find = find_enforce},
  };
}

}  // namespace sandgauge
