#include "program.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <set>

#include "compile/listing.h"
#include "evaluate/bitmap.h"
#include "evaluate/changes.h"
#include "evaluate/decide.h"
#include "evaluate/evaluate.h"
#include "evaluate/paths.h"
#include "evaluate/recover.h"
#include "model/call.h"
#include "model/syscalls.h"
#include "policy/bpf_text.h"
#include "samples.h"
#include "target.h"

namespace sandgauge::fuzz {
namespace {

long load_with_listener(const std::vector<sock_filter>& code) {
  const sock_fprog program{static_cast<unsigned short>(code.size()), const_cast<sock_filter*>(code.data())};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/// What the running kernel says of a filter, without loading it: a thread can have one listener, and a second is refused
/// with EBUSY only after the filter was checked (kernel/seccomp.c, seccomp_set_mode_filter). Nothing if the kernel cannot be
/// asked: without NO_NEW_PRIVS, listeners, or under somebody else's.
std::optional<bool> kernel_accepts(const Program& program) {
  static const bool can_ask = [] {
    const bool ready =
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && load_with_listener({{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}}) >= 0;
    if (!ready) fmt::print(stderr, "the kernel is not asked which filters it takes: {}\n", std::strerror(errno));
    return ready;
  }();
  if (!can_ask || program.code.size() > kLongestProgram) return {};
  expect(load_with_listener(program.code) == -1, "a second listener is refused");
  if (errno == EBUSY) return true;
  return errno == EINVAL ? std::optional(false) : std::nullopt;
}

/// The filter's return value, by the parts of its opcodes and with every bound checked.
std::uint32_t interpret(const std::vector<sock_filter>& code, const seccomp_data& data) {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  std::optional<std::uint32_t> memory[BPF_MEMWORDS];
  for (std::size_t at = 0;; ++at) {
    expect(at < code.size(), "a filter ends before its end");
    const sock_filter& step = code[at];
    const std::uint32_t other = BPF_SRC(step.code) == BPF_X ? x : step.k;
    switch (BPF_CLASS(step.code)) {
      case BPF_LD:
      case BPF_LDX: {
        std::uint32_t& into = BPF_CLASS(step.code) == BPF_LD ? a : x;
        if (BPF_MODE(step.code) == BPF_ABS)
          std::memcpy(&into, reinterpret_cast<const char*>(&data) + step.k, sizeof into);
        else if (BPF_MODE(step.code) == BPF_MEM)
          into = memory[step.k].value();
        else
          into = BPF_MODE(step.code) == BPF_LEN ? std::uint32_t{sizeof data} : step.k;
        break;
      }
      case BPF_ST: memory[step.k] = a; break;
      case BPF_STX: memory[step.k] = x; break;
      case BPF_MISC: (BPF_MISCOP(step.code) == BPF_TAX ? x : a) = BPF_MISCOP(step.code) == BPF_TAX ? a : x; break;
      case BPF_RET: return BPF_RVAL(step.code) == BPF_A ? a : step.k;
      case BPF_JMP: {
        bool holds = true;
        switch (BPF_OP(step.code)) {
          case BPF_JA: at += step.k; continue;
          case BPF_JEQ: holds = a == other; break;
          case BPF_JGT: holds = a > other; break;
          case BPF_JGE: holds = a >= other; break;
          default: holds = (a & other) != 0;
        }
        at += holds ? step.jt : step.jf;
        break;
      }
      default:
        switch (BPF_OP(step.code)) {
          case BPF_ADD: a += other; break;
          case BPF_SUB: a -= other; break;
          case BPF_MUL: a *= other; break;
          case BPF_OR: a |= other; break;
          case BPF_AND: a &= other; break;
          case BPF_XOR: a ^= other; break;
          case BPF_LSH: a <<= other % 32; break;
          case BPF_RSH: a >>= other % 32; break;
          case BPF_NEG: a = ~a + 1; break;
          default:  // BPF_DIV
            if (other == 0) return 0;
            a /= other;
        }
    }
  }
}

void try_ways(const Program& program, const seccomp_data& data, const Evaluation& seen) {
  const Paths paths = explore(program, data.arch, data.nr);
  expect(paths.least <= seen.steps && seen.steps <= paths.most, "explore() encloses every way");
  if (paths.exact && !paths.endings.empty())
    expect(std::ranges::any_of(paths.endings, [&](const Ending& ending) { return ending.action == seen.action; }),
           "explore() knows every answer");
  if (paths.exact) expect(evaluate(program, paths.worst).steps == paths.most, "explore() has an example of the longest way");
  for (const Ending& ending : paths.endings)
    if (paths.exact) expect(evaluate(program, ending.example).action == ending.action, "explore() has examples of answers");
}

void try_rules(const Program& program, const std::vector<seccomp_data>& samples) {
  const Recovered recovered = recover(program, native_abi());
  const auto rules = Rules::of(recovered.policy);
  expect(accepted(rules), "recovered rules are rules");
  std::set<std::string> left_out(recovered.left_out.begin(), recovered.left_out.end());
  left_out.insert(recovered.by_abi.begin(), recovered.by_abi.end());
  for (const seccomp_data& data : samples) {
    Call call;
    if (!from_seccomp_data(data, call) || (call.abi == Abi::aarch64) != (native_abi() == Abi::aarch64)) continue;
    if (!std::ranges::binary_search(numbers_of(call.abi), call.number)) continue;
    const std::string_view name = syscall_name(call.abi, call.number);
    if (left_out.contains(name.empty() ? fmt::format("unused numbers of {}", abi_name(call.abi)) : std::string(name)))
      continue;
    expect(rules->decide(data) == evaluate(program, data).action,
           fmt::format("recovered rules answer {} as the filter does: {}, not {}", to_string(call),
                       to_string(evaluate(program, data).action), to_string(rules->decide(data))));
  }
}

}  // namespace

void try_program(const Program& program) {
  for (const auto& again : {parse_bpf_bytes(to_bpf_bytes(program), "bytes"), parse_bpf_hex(to_bpf_hex(program), "hex"),
                            parse_bpf_c(to_bpf_c(program), "c")})
    expect(accepted(again) && *again == program, "a program that is written can be read");
  listing(program);
  const bool valid = accepted(validate(program));
  if (const auto kernel = kernel_accepts(program)) expect(*kernel == valid, "validate() says what the kernel does");
  if (!valid) return;
  const std::vector<seccomp_data> samples = samples_of(program);
  for (const seccomp_data& data : samples) {
    const Evaluation seen = evaluate(program, data);
    expect(seen.steps <= program.code.size() && trace(program, data).size() == seen.steps, "no instruction is run twice");
    expect(seen.value == interpret(program.code, data), "two evaluators agree");
    if (predict_bitmap(program, data).hit) expect(seen.action.kind == ActionKind::allow, "a bitmap hit is allowed");
  }
  for (std::size_t at = 0; at < samples.size(); at += samples.size() / 8 + 1)
    try_ways(program, samples[at], evaluate(program, samples[at]));
  try_rules(program, samples);
}

}  // namespace sandgauge::fuzz
