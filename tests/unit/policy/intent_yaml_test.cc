#include "policy/intent_yaml.h"

#include <gtest/gtest.h>

#include <optional>

namespace sandgauge::intent_yaml_test {
namespace {

constexpr char kWhole[] = R"(id: deny-mkdir
sentence: No new directories.
act: {do: 'mkdir("{in}/new", 0o755)', leaves: "{in}/new"}
variants:
  - {name: by io_uring, do: ['uring mkdirat({in_fd}, "new", 0o755)']}
controls:
  - {name: own child, do: [fork, 'kill({result}, 0)']}
seccomp: {why: calls have numbers, policy: {rules: [{syscalls: [mkdir], action: ERRNO(EPERM)}]}}
apparmor: {why: paths, profile: "audit deny {in}/** w,"}
landlock: {why: a right, deny: [make_dir], below: "{in}"}
bpf_lsm: {why: a hook, programs: deny_mkdir_below, inode: "{in}"}
)";

std::string error_of(std::string text, const std::string& from = {}, const std::string& to = {}) {
  if (!from.empty()) text.replace(text.find(from), from.size(), to);
  const auto intent = parse_intent(text, "x.yaml");
  return intent ? "" : intent.error().message;
}

TEST(IntentYamlTest, ReadsAWholeIntent) {
  const auto intent = parse_intent(kWhole, "x.yaml");
  ASSERT_TRUE(intent) << intent.error().message;
  EXPECT_EQ(intent->id, "deny-mkdir");
  EXPECT_FALSE(intent->record);
  EXPECT_EQ(intent->act.leaves, "{in}/new");
  ASSERT_EQ(intent->variants.size(), 1U);
  EXPECT_EQ(intent->variants[0].name, "by io_uring");
  EXPECT_EQ(intent->controls[0].steps, (std::vector<std::string>{"fork", "kill({result}, 0)"}));
  ASSERT_TRUE(intent->seccomp);
  EXPECT_EQ(intent->seccomp->rules[0].syscalls[0], "mkdir");
  EXPECT_EQ(intent->apparmor, "audit deny {in}/** w,");
  EXPECT_EQ(intent->landlock, (LandlockRules{.deny = {"make_dir"}, .below = "{in}"}));
  EXPECT_EQ(intent->bpf_lsm, (std::vector<std::string>{"deny_mkdir_below"}));
  EXPECT_EQ(intent->why(Sandbox::bpf_lsm), "a hook");
}

TEST(IntentYamlTest, AMechanismThatCannotSayItStillSaysWhy) {
  std::string text = kWhole;
  text.replace(text.find("landlock: {why: a right"), 23, "landlock: {why: ''     ");
  EXPECT_NE(error_of(text).find("x.yaml:10:"), std::string::npos) << error_of(text);
  const std::string without = error_of(kWhole, "bpf_lsm: {why: a hook, programs: deny_mkdir_below, inode: \"{in}\"}\n");
  EXPECT_NE(without.find("no 'bpf_lsm'"), std::string::npos) << without;
}

TEST(IntentYamlTest, RefusesWhatItDoesNotKnowWithItsPlace) {
  EXPECT_NE(error_of(kWhole, "{in}/new\", 0o755)', leaves", "{inn}/new\", 0o755)', leaves")
                .find("x.yaml:3:11: there is no '{inn}'"),
            std::string::npos);
  EXPECT_NE(error_of(kWhole, "{in}/new\", 0o755)', leaves", "{i\tn}/new\", 0o755)', leaves").find("there is no '{i\\x09n}'"),
            std::string::npos);
  EXPECT_NE(error_of(kWhole, "mkdir(\"{in}", "mkdri(\"{in}").find("did you mean 'mkdir'"), std::string::npos);
  EXPECT_NE(error_of(kWhole, "deny: [make_dir]", "deny: [make_dri]").find("no right 'make_dri'"), std::string::npos);
  EXPECT_NE(error_of(kWhole, "variants:", "variant:").find("did you mean 'variants'"), std::string::npos);
  EXPECT_NE(error_of(kWhole, "id: deny-mkdir", "id: Deny").find("lower-case letters"), std::string::npos);
  EXPECT_NE(error_of(kWhole, "name: own child, ", "").find("an act without 'name'"), std::string::npos);
  EXPECT_NE(error_of("[]").find("expected an intent as a map"), std::string::npos);
}

TEST(IntentYamlTest, PartsAreReplacedAndOtherBracesStay) {
  const auto value = [](std::string_view name) { return name == "in" ? std::optional<std::string>("/x") : std::nullopt; };
  EXPECT_EQ(with_parts("deny {in}/{,**} w, {out} {in}", value), "deny /x/{,**} w, {out} /x");
  EXPECT_EQ(with_parts("{", value), "{");
  EXPECT_EQ(with_parts("a{in", value), "a{in");
  EXPECT_EQ(with_parts("{{in}}", value), "{/x}");
}

TEST(IntentYamlTest, StepsHaveAWordBeforeTheirCall) {
  EXPECT_EQ(split_step("exec  getpid()").prefix, "exec");
  EXPECT_EQ(split_step("exec  getpid()").call, "getpid()");
  EXPECT_EQ(split_step("execve(0)").prefix, "");
}

}  // namespace
}  // namespace sandgauge::intent_yaml_test
