// Every reader of profiles, fed with texts that were right before some of their bytes were changed. Run it under the
// sanitizers (ci/test sanitize): what it looks for is what they see.
#include <gtest/gtest.h>

#include <random>

#include "policy/format.h"

namespace sandgauge::format_mutation_test {
namespace {

struct Seed {
  ProfileFormat format;
  std::string_view text;
};
const Seed kSeeds[] = {
    {ProfileFormat::oci,
     R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":
["SCMP_ARCH_X86"]}],"flags":["SECCOMP_FILTER_FLAG_LOG"],"syscalls":[{"names":["read","write"],"action":"SCMP_ACT_ALLOW",
"args":[{"index":0,"value":5,"valueTwo":1,"op":"SCMP_CMP_MASKED_EQ"}],"includes":{"caps":["CAP_BPF"],"minKernel":"4.8"}}]})"},
    {ProfileFormat::kafel,
     "#define A 0x2\nPOLICY p { ALLOW { read, mmap { (prot & (1|4)) == 4 || !(len > 5), addr != 7 } }, ERRNO(1) { "
     "SYSCALL[A] } }\n"
     "USE p KILL { write(x, y) { x <= A && 3 < y } } DEFAULT TRAP(9)\n"},
    {ProfileFormat::minijail,
     "read: 1\nopen: arg1 in O_RDONLY|~(O_CLOEXEC|3); return EPERM\n{dup, close}: allow\nsocket: arg0 == 1 || \\\n arg1 & "
     "0x6 && arg2 != -1\n"},
    {ProfileFormat::env, "# x\nexport SECCOMP_SYSCALL_ALLOW=\"read:write::uname\"\nSECCOMP_DEFAULT_ACTION=log\n"},
    {ProfileFormat::bpf_c,
     "struct sock_filter f[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), /* x */ {0x15, 1, 0, 0xc000003e}, {6, 0, 0, "
     "SECCOMP_RET_KILL} };"},
    {ProfileFormat::bpf_hex, "2000000004000000\n15000100 3e0000c0\n06000000 00000080"},
    {ProfileFormat::yaml, "default: KILL\nrules: [{syscalls: [read], action: ERRNO(1), when: ['arg0 & 3 == 1']}]\n"}};

std::string mutated(std::string text, std::mt19937& random) {
  const auto below = [&random](std::size_t most) { return random() % most; };
  for (std::size_t changes = 1 + below(4); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = below(text.size());
    switch (below(5)) {
      case 0: text[at] = static_cast<char>(below(256)); break;
      case 1: text.erase(at, 1 + below(8)); break;
      case 2: text.insert(at, text.substr(below(text.size()), 1 + below(16))); break;
      case 3: text.resize(at); break;
      default: text.insert(at, 1, "{}[](),:;\"'\\|&!=<>0\n#@"[below(23)]); break;
    }
  }
  return text;
}

TEST(FormatMutationTest, NoReaderIsHarmedByAText) {
  constexpr int kRounds = 1500;
  constexpr std::size_t kLongestMessage = 2000;
  std::mt19937 random(20261122);
  for (const Seed& seed : kSeeds) {
    ASSERT_TRUE(parse_profile(seed.text, "p", {seed.format, default_context()}));
    int refused = 0;
    for (int round = 0; round < kRounds; ++round) {
      const std::string text = mutated(std::string(seed.text), random);
      const auto profile = parse_profile(text, "p", {seed.format, default_context()});
      const auto recognised = parse_profile(text, "p");
      if (!profile) {
        ++refused;
        EXPECT_TRUE(profile.error().message.starts_with("p:")) << profile.error().message;
        EXPECT_LT(profile.error().message.size(), kLongestMessage);
      } else if (!profile->program) {
        EXPECT_TRUE(resolve(profile->policy)) << text;
        EXPECT_EQ(profile->places.size(), profile->policy.rules.size());
      }
      if (!recognised) {
        EXPECT_LT(recognised.error().message.size(), kLongestMessage);
      }
    }
    EXPECT_GT(refused, kRounds / 10);
  }
}

}  // namespace
}  // namespace sandgauge::format_mutation_test
