#include "model/program.h"

#include <gtest/gtest.h>
#include <linux/bpf_common.h>

#include <cstring>

namespace sandgauge::program_test {
namespace {

const Program kProgram{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xC000003E, 1, 0x0f),
                        BPF_STMT(BPF_RET | BPF_K, 0x7fff0000)}};

TEST(ProgramTest, TheLongestProgramIsTheKernels) { EXPECT_EQ(kLongestProgram, static_cast<std::size_t>(BPF_MAXINSNS)); }

TEST(ProgramTest, HexHasEveryFieldInMemoryOrder) {
  EXPECT_EQ(to_hex(kProgram),
            "2000000004000000"
            "1500010f3e0000c0"
            "060000000000ff7f");
}

TEST(ProgramTest, HexIsWhatTheKernelReads) {
  const sock_filter step{0x1234, 0x56, 0x78, 0x9abcdef0};
  unsigned char bytes[sizeof step];
  std::memcpy(bytes, &step, sizeof step);
  std::string hex;
  for (const unsigned char byte : bytes) hex += fmt::format("{:02x}", byte);
  EXPECT_EQ(to_hex(Program{{step}}), hex);
}

TEST(ProgramTest, HexOfNothingIsEmpty) { EXPECT_EQ(to_hex(Program{}), ""); }

TEST(ProgramTest, EqualityLooksAtEveryField) {
  EXPECT_EQ(kProgram, Program(kProgram));
  for (int field = 0; field < 4; ++field) {
    Program other = kProgram;
    sock_filter& step = other.code[1];
    if (field == 0) step.code ^= 1;
    if (field == 1) step.jt ^= 1;
    if (field == 2) step.jf ^= 1;
    if (field == 3) step.k ^= 1;
    EXPECT_FALSE(kProgram == other) << field;
  }
  Program shorter = kProgram;
  shorter.code.pop_back();
  EXPECT_FALSE(kProgram == shorter);
}

TEST(BackendTest, EveryTextLeadsToItsBackend) {
  using Compiler = Backend::Compiler;
  EXPECT_EQ(*parse_backend("bpf"), (Backend{Compiler::bpf, 1}));
  EXPECT_EQ(*parse_backend("libseccomp"), (Backend{Compiler::libseccomp, 1}));
  EXPECT_EQ(*parse_backend("libseccomp:1"), (Backend{Compiler::libseccomp, 1}));
  EXPECT_EQ(*parse_backend("libseccomp:2"), (Backend{Compiler::libseccomp, 2}));
}

TEST(BackendTest, AnotherTextIsRefusedWithTheKnownOnes) {
  for (const std::string text : {"", "BPF", "bpf:1", "libseccomp:", "libseccomp:0", "libseccomp:3", "libseccomp:22"}) {
    const auto backend = parse_backend(text);
    ASSERT_FALSE(backend) << text;
    EXPECT_EQ(backend.error().message,
              "unknown backend '" + text + "', expected bpf, libseccomp, libseccomp:1 or libseccomp:2");
  }
}

TEST(BackendTest, TheTextLeadsBackToTheBackend) {
  for (const char* text : {"bpf", "libseccomp:1", "libseccomp:2"}) EXPECT_EQ(to_string(*parse_backend(text)), text);
}

}  // namespace
}  // namespace sandgauge::program_test
