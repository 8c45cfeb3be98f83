#include "app/delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "model/abi.h"
#include "policy/env_list.h"

namespace sandgauge::delivery_test {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Program kAllow{{BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};

/// Commands and libraries in folders of its own, and an environment that is put back.
class DeliveryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TempDir::make();
    ASSERT_TRUE(dir) << dir.error().message;
    dir_.emplace(*std::move(dir));
    set("SANDGAUGE_LIBRARIES", dir_->path());
    library_ = make_file("libsandgauge-preload.so", "");
    program_ = make_file("program", "#!/bin/sh\n");
    fs::create_directory(dir_->path() + "/path");
    path_ = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
    set("PATH", dir_->path() + "/path");
  }
  void TearDown() override {
    for (const auto& [name, value] : before_) value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
  }

  void set(const std::string& name, const std::string& value) {
    const char* old = std::getenv(name.c_str());
    before_.emplace(name, old != nullptr ? std::optional<std::string>(old) : std::nullopt);
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  /// A shell of this name in PATH, where it finds everything that the test's own PATH has.
  void make_command(const std::string& name, const std::string& script) {
    make_file("path/" + name, "#!/bin/sh\nPATH='" + path_ + "'\n" + script + "\n");
  }
  std::string make_file(const std::string& name, const std::string& text) const {
    const std::string path = dir_->path() + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0755);
    return path;
  }
  static Case denying(const std::string& call, Action action, Delivery delivery = Delivery::preload) {
    Case test;
    test.delivery = delivery;
    test.policy.rules = {{.syscalls = {call}, .action = action, .when = {}}};
    return test;
  }
  ExecuteRequest request() const {
    ExecuteRequest made;
    made.path = program_;
    made.program = {"program", "word"};
    made.environment = {"A=1"};
    made.working_directory = dir_->path();
    return made;
  }
  /// What is said of a program that never loaded the library.
  std::string failed_step(const Case& test, ExecuteRequest asked) {
    const auto delivered = deliver(test, kAllow, 0, asked);
    if (!delivered) return delivered.error().message;
    Outcome outcome;
    delivered->complete(outcome);
    return outcome.setup.value_or(SetupFailure{}).step;
  }

  std::optional<TempDir> dir_;
  std::string library_;
  std::string program_;
  std::string path_;
  std::map<std::string, std::optional<std::string>> before_;
};

const Action kKill{ActionKind::kill_process, 0};

TEST_F(DeliveryTest, APreloadedFilterIsHandedOverInTheEnvironmentAndADescriptor) {
  ExecuteRequest asked = request();
  const auto delivered = deliver(denying("uname", kKill), kAllow, 5, asked);
  ASSERT_TRUE(delivered) << delivered.error().message;
  EXPECT_EQ(asked.path, program_);
  EXPECT_THAT(asked.environment, Contains("A=1"));
  EXPECT_THAT(asked.environment, Contains("LD_PRELOAD=" + library_));
  PreloadSheet sheet{};
  ASSERT_EQ(::pread(asked.handed_fd, static_cast<void*>(&sheet), sizeof sheet, 0), static_cast<ssize_t>(sizeof sheet));
  EXPECT_EQ(sheet.length, 1U);
  EXPECT_EQ(sheet.flags, 5U);
}

TEST_F(DeliveryTest, APolicyThatVariablesCanSayGoesAsVariablesIfTheCaseSaysSo) {
  Case test = denying("uname", kKill);
  const auto listed = parse_env_list("SECCOMP_SYSCALL_DENY=uname\n", "deny.env", native_abi());
  ASSERT_TRUE(listed);
  test.policy = listed->policy;
  test.by_variables = true;
  ExecuteRequest asked = request();
  const auto delivered = deliver(test, kAllow, 0, asked);
  ASSERT_TRUE(delivered);
  EXPECT_THAT(asked.environment, Contains("SECCOMP_SYSCALL_DENY=uname"));
  PreloadSheet sheet{};
  ASSERT_GT(::pread(asked.handed_fd, static_cast<void*>(&sheet), sizeof sheet, 0), 0);
  EXPECT_EQ(sheet.length, 0U);
}

TEST_F(DeliveryTest, APolicyThatVariablesCannotSayGoesCompiled) {
  Case test = denying("uname", errno_action(EPERM));
  test.by_variables = true;
  ExecuteRequest asked = request();
  const auto delivered = deliver(test, kAllow, 0, asked);
  ASSERT_TRUE(delivered);
  EXPECT_THAT(asked.environment, Each(Not(StartsWith("SECCOMP_"))));
  PreloadSheet sheet{};
  ASSERT_GT(::pread(asked.handed_fd, static_cast<void*>(&sheet), sizeof sheet, 0), 0);
  EXPECT_EQ(sheet.length, 1U);
}

TEST_F(DeliveryTest, AUsersOwnFilterVariablesDoNotReachACase) {
  ExecuteRequest asked = request();
  asked.environment = {"SECCOMP_SYSCALL_ALLOW=read", "SECCOMP_SYSCALL_DENY=", "SECCOMP_DEFAULT_ACTION=log", "SECCOMP=1"};
  ASSERT_TRUE(deliver(denying("uname", kKill), kAllow, 0, asked));
  EXPECT_THAT(asked.environment, Not(Contains(StartsWith("SECCOMP_"))));
  EXPECT_THAT(asked.environment, Contains("SECCOMP=1"));
}

TEST_F(DeliveryTest, WithoutTheLibraryNothingIsDelivered) {
  fs::remove(library_);
  EXPECT_EQ(failed_step(denying("uname", kKill), request()), "no such library: " + library_);
}

TEST_F(DeliveryTest, ANeededLibraryIsPutIntoACopyThatGoesWithTheDelivery) {
  make_command("patchelf", R"(echo "$1 $2" >>"$3")");
  ExecuteRequest asked = request();
  {
    const auto delivered = deliver(denying("uname", kKill, Delivery::needed), kAllow, 0, asked);
    ASSERT_TRUE(delivered) << delivered.error().message;
    EXPECT_NE(asked.path, program_);
    EXPECT_EQ(fs::path(asked.path).filename(), "program");
    EXPECT_EQ(asked.program, (std::vector<std::string>{"program", "word"}));
    std::ifstream copy(asked.path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(copy), {}), "#!/bin/sh\n--add-needed " + library_ + "\n");
    EXPECT_EQ(fs::file_size(program_), 10U);
    EXPECT_THAT(asked.environment, Not(Contains(StartsWith("LD_PRELOAD="))));
  }
  EXPECT_FALSE(fs::exists(asked.path));
}

TEST_F(DeliveryTest, WhatPatchelfCannotDoIsAnError) {
  make_command("patchelf", "echo 'not an ELF executable'; exit 1");
  EXPECT_EQ(failed_step(denying("uname", kKill, Delivery::needed), request()),
            "patchelf --add-needed on a copy of " + program_ + ": not an ELF executable");
}

TEST_F(DeliveryTest, WhatThisMachineLacksIsNamed) {
  EXPECT_EQ(lacking_for(Delivery::direct), "");
  EXPECT_EQ(lacking_for(Delivery::preload), "");
  EXPECT_EQ(lacking_for(Delivery::needed), "patchelf is not installed");
  make_command("patchelf", "");
  EXPECT_EQ(lacking_for(Delivery::needed), "");
  make_command("crun", "");
  EXPECT_EQ(lacking_for(Delivery::crun), ::geteuid() == 0 ? "" : "crun needs root here");
}

TEST_F(DeliveryTest, OnlyWhatALoadedLibrarySaysCountsAsConfined) {
  ExecuteRequest asked = request();
  const auto delivered = deliver(denying("uname", kKill), kAllow, 0, asked);
  ASSERT_TRUE(delivered);
  Outcome outcome;
  delivered->complete(outcome);
  ASSERT_TRUE(outcome.setup);
  EXPECT_THAT(outcome.setup->step, StartsWith("nothing was applied: the library was never loaded into the program: it is "));
  const auto loaded = static_cast<std::uint32_t>(PreloadStage::loaded);
  ASSERT_GT(::pwrite(asked.handed_fd, &loaded, sizeof loaded, offsetof(PreloadSheet, stage)), 0);
  outcome = {};
  delivered->complete(outcome);
  EXPECT_FALSE(outcome.setup);
}

TEST_F(DeliveryTest, AnEarlierFailureAndAnInterruptAreLeftAsTheyAre) {
  ExecuteRequest asked = request();
  const auto delivered = deliver(denying("uname", kKill), kAllow, 0, asked);
  ASSERT_TRUE(delivered);
  Outcome failed;
  failed.setup = SetupFailure{"fork", EAGAIN};
  delivered->complete(failed);
  EXPECT_EQ(failed.setup->step, "fork");
  Outcome interrupted;
  interrupted.end.kind = End::Kind::interrupted;
  delivered->complete(interrupted);
  EXPECT_FALSE(interrupted.setup);
}

TEST_F(DeliveryTest, TheReasonWhyTheLibraryDidNotRunIsReadOffTheProgram) {
  const Case test = denying("uname", kKill);
  ExecuteRequest asked = request();
  asked.path = "/proc/self/exe";
  EXPECT_THAT(failed_step(test, asked), HasSubstr("or the loader could not open the library"));
  program_ = make_file("static",
                       "\x7f"
                       "ELF");
  EXPECT_THAT(failed_step(test, request()), HasSubstr("it is linked statically"));
  ::chmod(program_.c_str(), 04755);
  EXPECT_THAT(failed_step(test, request()), HasSubstr("it is set-user-ID or set-group-ID"));
}

/// Refuses what asks for ERRNO, and everything if there is a file "nothing" beside it; else its container exits with 3.
constexpr char kRunc[] = R"([ "$5" = create ] || exit 0
refuse() { echo "level=error msg=\"$1\"" >"$4"; exit 1; }
[ -e "${0%/*}/nothing" ] && refuse "no containers" 2 3 "$4"
grep -q SCMP_ACT_ERRNO "$7/config.json" && refuse "no such action" 2 3 "$4"
sh -c 'exit 3' &
echo $! >"$9")";

TEST_F(DeliveryTest, AProfileThatARuntimeRefusesIsToldFromARuntimeThatRunsNothing) {
  ASSERT_TRUE(prepare_executor());
  make_command("runc", kRunc);
  const auto taken = run_in_container(denying("uname", kKill, Delivery::runc), request());
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_FALSE(taken->outcome.setup) << taken->outcome.setup->step;
  EXPECT_EQ(taken->outcome.end.exit_code, 3);
  const auto refused = run_in_container(denying("uname", errno_action(EPERM), Delivery::runc), request());
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->outcome.setup.value_or(SetupFailure{}).step, HasSubstr("runc create: no such action"));
  EXPECT_EQ(refused->lacking, "");
  make_file("path/nothing", "");
  const auto nothing = run_in_container(denying("uname", kKill, Delivery::runc), request());
  ASSERT_TRUE(nothing);
  EXPECT_THAT(nothing->lacking, testing::MatchesRegex("it runs no container here: .*runc create: no containers"));
}

}  // namespace
}  // namespace sandgauge::delivery_test
