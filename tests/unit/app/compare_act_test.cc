#include "app/compare_act.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "app/compare_sandboxes.h"
#include "compile/bpf.h"

namespace sandgauge::compare_act_test {
namespace {

namespace fs = std::filesystem;

/// A scene in a folder of its own; nothing executes its programs here.
class CompareActTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(programs_->path() + "/probe") << "#!/bin/false\n";
    auto scene = Scene::make(folder_->path(), programs_->path());
    ASSERT_TRUE(scene) << scene.error().message;
    scene_ = std::move(*scene);
  }

  ActSeen play(std::vector<std::string> steps, const std::string& leaves = {}, Action answer = {}) {
    Policy policy;
    policy.rules.push_back({.syscalls = {"mkdir"}, .action = answer, .when = {}});
    const SeccompFilter filter(*compile_bpf(policy), {}, false);
    return try_act({.name = {}, .steps = std::move(steps), .leaves = leaves}, *scene_, {&filter}, {});
  }

  Result<TempDir> programs_ = TempDir::make();
  Result<TempDir> folder_ = TempDir::make();
  std::unique_ptr<Scene> scene_;
};

constexpr char kMkdir[] = "mkdir(\"{in}/new\", 0o755)";

TEST_F(CompareActTest, AnActThatIsDoneLeavesItsEffect) {
  const ActSeen seen = play({kMkdir}, "{in}/new");
  EXPECT_EQ(seen.end, ActEnd::done) << seen.trouble;
  EXPECT_TRUE(seen.left);
}

TEST_F(CompareActTest, ADeniedOneHasAnErrnoAndLeavesNothing) {
  const ActSeen seen = play({kMkdir}, "{in}/new", errno_action(EACCES));
  EXPECT_EQ(seen.end, ActEnd::denied) << seen.trouble;
  EXPECT_EQ(seen.error, EACCES);
  EXPECT_FALSE(seen.left);
}

TEST_F(CompareActTest, AKilledOneHasASignal) {
  const ActSeen seen = play({kMkdir}, {}, {ActionKind::kill_process, 0});
  EXPECT_EQ(seen.end, ActEnd::killed) << seen.trouble;
  EXPECT_EQ(seen.signal, SIGSYS);
}

TEST_F(CompareActTest, AStepTakesTheResultOfTheOneBefore) {
  EXPECT_EQ(play({"openat(-100, \"{secret}\", 0)", "read({result}, scratch, 4)"}).end, ActEnd::done);
  EXPECT_EQ(play({"receive", "read({result}, scratch, 4)"}).end, ActEnd::done);
  const ActSeen seen = play({"openat(-100, \"{secret}/x\", 0)", "getpid()"});
  EXPECT_EQ(seen.end, ActEnd::denied);
  EXPECT_EQ(seen.error, ENOTDIR);
}

TEST_F(CompareActTest, AnEffectMayBeThatSomethingIsGone) {
  EXPECT_TRUE(play({"rmdir(\"{in}/old\")"}, "!{in}/old").left);
  EXPECT_FALSE(play({"getpid()"}, "!{out}").left);
}

TEST_F(CompareActTest, PartsThatThereAreNotStay) {
  EXPECT_EQ(scene_->fill("{in}/{x} {result}", 7), folder_->path() + "/in/{x} 7");
  EXPECT_TRUE(scene_->exists("{in}/old"));
  EXPECT_FALSE(scene_->exists("{in}/new"));
}

TEST_F(CompareActTest, AnIntentThatCannotBeSaidNeedsNothing) {
  SandboxTools tools;
  const PreparedSandbox made = prepare_sandbox(Sandbox::seccomp_apparmor, Intent{}, *scene_, tools);
  EXPECT_FALSE(made.expressible);
  EXPECT_TRUE(made.trouble.empty());
  EXPECT_TRUE(prepare_sandbox(Sandbox::none, Intent{}, *scene_, tools).expressible);
}

}  // namespace
}  // namespace sandgauge::compare_act_test
