// evaluate() and validate() against the kernel that this runs on, with random programs. SANDGAUGE_SEED picks other ones.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <random>

#include "base/shared_slot.h"
#include "evaluate/evaluate.h"
#include "model/call.h"

namespace sandgauge::kernel_test {
namespace {

constexpr std::int32_t kProbe = 4000;  // no call has this number, so only the filter can answer it
constexpr std::size_t kCallsPerProgram = 12;
constexpr std::uint32_t kAllow = 0x7fff0000;
constexpr std::uint32_t kErrno = 0x00050000;
constexpr std::uint32_t kCells = 4;

sock_filter statement(int code, std::uint32_t k = 0) { return {static_cast<std::uint16_t>(code), 0, 0, k}; }

constexpr int kPlain[] = {BPF_LD | BPF_IMM,   BPF_LDX | BPF_IMM,  BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN,
                          BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA, BPF_ALU | BPF_NEG};
constexpr int kCell[] = {BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM, BPF_ST, BPF_STX};
constexpr int kArithmetic[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH};
constexpr int kConditions[] = {BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET};

class RandomPrograms {
 public:
  std::uint32_t below(std::uint32_t bound) { return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(engine_); }
  std::uint32_t word() {
    constexpr std::uint32_t kEdges[] = {0, 1, 2, 31, 32, 33, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    return below(2) == 0 ? pick(kEdges) : static_cast<std::uint32_t>(engine_());
  }
  template <class T, std::size_t N>
  T pick(const T (&from)[N]) {
    return from[below(N)];
  }

  /// A valid program: for any call but kProbe ALLOW. For that one a random body computes A, and the filter returns ERRNO
  /// with those eight bits of A at which argument 5 points. Bodies end early by dividing through an X of 0.
  Program valid() {
    std::vector<sock_filter> code = {statement(BPF_LD | BPF_W | BPF_ABS, 0),
                                     {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kProbe},
                                     statement(BPF_RET | BPF_K, kAllow)};
    for (std::uint32_t cell = 0; cell < kCells; ++cell) code.push_back(statement(BPF_ST, cell));
    const std::uint32_t length = 1 + below(60);
    for (std::uint32_t i = 0; i < length; ++i) code.push_back(instruction(length - 1 - i));
    for (const sock_filter& step :
         {statement(BPF_ST, 15), statement(BPF_LD | BPF_W | BPF_ABS, 56), statement(BPF_MISC | BPF_TAX),
          statement(BPF_LD | BPF_MEM, 15), statement(BPF_ALU | BPF_RSH | BPF_X), statement(BPF_ALU | BPF_AND | BPF_K, 0xff),
          statement(BPF_ALU | BPF_OR | BPF_K, kErrno), statement(BPF_RET | BPF_A)})
      code.push_back(step);
    return {code};
  }

  /// A program that starts with RET ALLOW, so that loading it changes nothing, and is likely to be refused.
  Program doubtful() {
    Program program = valid();
    program.code.insert(program.code.begin(), statement(BPF_RET | BPF_K, kAllow));
    for (std::uint32_t changes = below(3); changes > 0; --changes) {
      sock_filter& step = program.code[1 + below(static_cast<std::uint32_t>(program.code.size() - 1))];
      switch (below(6)) {
        case 0: step.code = static_cast<std::uint16_t>(below(256)); break;
        case 1: step.code = static_cast<std::uint16_t>(word()); break;
        case 2: step.k = below(80); break;
        case 3: step.k = word(); break;
        case 4: step.jt = static_cast<std::uint8_t>(below(80)); break;
        case 5: step.jf = static_cast<std::uint8_t>(below(80)); break;
      }
    }
    if (below(8) == 0) program.code.resize(1 + below(static_cast<std::uint32_t>(program.code.size())));
    return program;
  }

 private:
  sock_filter instruction(std::uint32_t furthest) {
    switch (below(8)) {
      case 0: return statement(BPF_LD | BPF_W | BPF_ABS, below(2) == 0 ? 4 * below(2) : 16 + 4 * below(12));  // not the ip
      case 1: return statement(pick(kPlain), word());
      case 2: return statement(pick(kCell), below(kCells));
      case 3:
      case 4: return arithmetic();
      case 5: return statement(BPF_JMP | BPF_JA, below(std::min(furthest, 3U) + 1));
      default: {
        const int source = below(2) == 0 ? BPF_K : BPF_X;
        return {static_cast<std::uint16_t>(BPF_JMP | pick(kConditions) | source),
                static_cast<std::uint8_t>(below(furthest + 1)), static_cast<std::uint8_t>(below(furthest + 1)), word()};
      }
    }
  }
  sock_filter arithmetic() {
    const int op = pick(kArithmetic);
    if (below(2) == 0) return statement(BPF_ALU | op | BPF_X);
    std::uint32_t k = word();
    if (op == BPF_LSH || op == BPF_RSH) k %= 32;
    if (op == BPF_DIV && k == 0) k = 3;
    return statement(BPF_ALU | op | BPF_K, k);
  }

  static std::uint32_t seed() {
    const char* text = std::getenv("SANDGAUGE_SEED");
    return text != nullptr ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 0)) : 20260;
  }
  std::mt19937 engine_{seed()};
};

/// Async-signal-safe. 0, or the errno of seccomp(2).
int load(const Program& program) {
  const sock_fprog filter{static_cast<unsigned short>(program.code.size()), const_cast<sock_filter*>(program.code.data())};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0 ? 0 : errno;
}

struct Answers {
  int load_error;
  std::size_t made;
  int error[kCallsPerProgram];
};

TEST(KernelTest, RandomProgramsReturnWhatEvaluateSays) {
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) GTEST_SKIP() << "this kernel has no seccomp";
  RandomPrograms random;
  auto answers = SharedSlot<Answers>::make();
  ASSERT_TRUE(answers);
  std::size_t killed = 0;
  for (int round = 0; round < 400; ++round) {
    const Program program = random.valid();
    ASSERT_TRUE(validate(program)) << validate(program).error().message << "\n" << to_hex(program);
    std::array<Call, kCallsPerProgram> calls;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      calls[i].number = kProbe;
      for (std::uint64_t& arg : calls[i].args) arg = std::uint64_t{random.word()} << 32 | random.word();
      if (i % 4 != 0) calls[i].args = calls[i - 1].args;  // the same call with another part of A
      calls[i].args[5] = 8 * (i % 4);
    }
    **answers = {};
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      (*answers)->load_error = load(program);
      for (std::size_t i = 0; (*answers)->load_error == 0 && i < calls.size(); ++i) {
        const auto& arg = calls[i].args;
        const long result = ::syscall(calls[i].number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
        (*answers)->error[i] = result == -1 ? errno : static_cast<int>(result);
        (*answers)->made = i + 1;
      }
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ((*answers)->load_error, 0) << to_hex(program);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const Evaluation evaluation = evaluate(program, to_seccomp_data(calls[i]));
      if (evaluation.action.kind == ActionKind::kill_thread) {
        ++killed;
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status << "\n" << to_hex(program);
        EXPECT_EQ((*answers)->made, i) << to_hex(program);
        break;
      }
      ASSERT_GT((*answers)->made, i) << to_hex(program);
      ASSERT_EQ(evaluation.action, errno_action(static_cast<std::uint16_t>((*answers)->error[i]))) << to_hex(program);
    }
  }
  EXPECT_GT(killed, 0U);  // some programs divide by an X of 0
}

TEST(KernelTest, RandomProgramsAreRefusedWhereValidateRefuses) {
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) GTEST_SKIP() << "this kernel has no seccomp";
  constexpr std::size_t kBatch = 150;  // a process may carry 32768 instructions (MAX_INSNS_PER_PATH)
  struct Batch {
    int error[kBatch];
  };
  RandomPrograms random;
  auto errors = SharedSlot<Batch>::make();
  ASSERT_TRUE(errors);
  std::size_t refused = 0;
  std::size_t accepted = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<Program> programs(kBatch);
    for (Program& program : programs) program = random.doubtful();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (std::size_t i = 0; i < kBatch; ++i) (*errors)->error[i] = load(programs[i]);
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status)) << status;
    for (std::size_t i = 0; i < kBatch; ++i) {
      const Result<void> valid = validate(programs[i]);
      ++(valid ? accepted : refused);
      EXPECT_EQ((*errors)->error[i], valid ? 0 : EINVAL) << valid.error().message << "\n" << to_hex(programs[i]);
    }
  }
  EXPECT_GT(refused, 300U);
  EXPECT_GT(accepted, 300U);
}

}  // namespace
}  // namespace sandgauge::kernel_test
