#include "lab/guest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "base/temp_dir.h"

namespace sandgauge::guest_test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

/// Puts a shell script in the place of qemu: it has the console at 3 and the results at 4.
class GuestTest : public testing::Test {
 protected:
  GuestTest() : path_(::getenv("PATH")) {}
  ~GuestTest() override { ::setenv("PATH", path_.c_str(), 1); }

  GuestRun run(const std::string& script, GuestOptions options = {}) {
    const std::string file = scratch_->path() + "/qemu-system-x86_64";
    std::ofstream(file) << "#!/bin/sh\nsay() { printf \"$@\" >&4; }\n" << script;
    ::chmod(file.c_str(), 0755);
    ::setenv("PATH", (scratch_->path() + ":" + path_).c_str(), 1);
    const GuestOutput output{.out = [this](std::string_view text) { out_ += text; },
                             .err = [this](std::string_view text) { err_ += text; }};
    return run_guest(options, output, *interrupts_);
  }

  Result<TempDir> scratch_ = TempDir::make();
  Result<Interrupts> interrupts_ = Interrupts::hold();
  std::string path_;
  std::string out_;
  std::string err_;
};

constexpr char kReady[] = "say 'R\\003\\000\\000\\0006.1'\n";
constexpr char kForever[] = "exec sleep 1000\n";

TEST_F(GuestTest, ACommandsOutputAndEndAreTaken) {
  const GuestRun got = run(std::string(kReady) +
                           "say 'O\\002\\000\\000\\000hiE\\003\\000\\000\\000eekH\\000\\000\\000\\000'\n"
                           "say 'F\\001\\000\\000\\0001C\\002\\000\\000\\000abC\\001\\000\\000\\000c'\n"
                           "say 'X\\003\\000\\000\\000256'\n" +
                           kForever);
  EXPECT_EQ(got.end, GuestEnd::finished) << got.trouble;
  EXPECT_EQ(got.status, 256);
  EXPECT_EQ(got.release, "6.1");
  EXPECT_EQ(out_, "hi");
  EXPECT_EQ(err_, "eek");
  EXPECT_THAT(got.files, testing::ElementsAre("", "abc"));
  EXPECT_THAT(got.has_file, testing::ElementsAre(false, true));
}

TEST_F(GuestTest, APanicIsNamedInTheKernelsWords) {
  const GuestRun got = run("printf 'booting\\n[ 1.0] Kernel panic - not syncing: no init\\r\\nmore\\n' >&3\n");
  EXPECT_EQ(got.end, GuestEnd::panicked);
  EXPECT_EQ(got.trouble, "the kernel panicked: Kernel panic - not syncing: no init");
  EXPECT_THAT(got.console, HasSubstr("booting"));
}

TEST_F(GuestTest, AMachineThatStopsSaysHowFarItCame) {
  EXPECT_EQ(run("exit 0\n").trouble,
            "the machine stopped before the kernel had reached its init; it printed nothing: are its serial ports built in "
            "(CONFIG_SERIAL_8250_CONSOLE)?");
  const GuestRun got = run(std::string(kReady) + "exit 0\n");
  EXPECT_EQ(got.end, GuestEnd::stopped);
  EXPECT_EQ(got.trouble, "the machine stopped before the command had ended");
}

TEST_F(GuestTest, QemusOwnComplaintIsPassedOn) {
  const GuestRun got = run("echo 'qemu: no such cpu' >&2; exit 1\n");
  EXPECT_EQ(got.end, GuestEnd::could_not_run);
  EXPECT_EQ(got.trouble, "qemu: no such cpu");
}

TEST_F(GuestTest, AnInitThatGivesUpIsQuoted) {
  EXPECT_EQ(run("say '!\\003\\000\\000\\000bad'\n").trouble, "the guest's init gave up: bad");
}

TEST_F(GuestTest, ASilentBootIsAHang) {
  const GuestRun got = run(kForever, {.boot_timeout = milliseconds(1)});
  EXPECT_EQ(got.end, GuestEnd::hung);
  EXPECT_THAT(got.trouble, HasSubstr("did not reach its init within 0.001 s; it printed nothing"));
}

TEST_F(GuestTest, AGuestThatFallsSilentIsAHang) {
  const GuestRun got = run(std::string(kReady) + kForever, {.silence_timeout = milliseconds(1)});
  EXPECT_EQ(got.end, GuestEnd::hung);
  EXPECT_EQ(got.trouble, "the guest gave no sign of life for 0.001 s");
}

TEST_F(GuestTest, WithInstructionsCountedSilenceIsNoHang) {
  const GuestRun got = run(std::string(kReady) + kForever,
                           {.icount = true, .timeout = milliseconds(2'500), .silence_timeout = milliseconds(1)});
  EXPECT_EQ(got.end, GuestEnd::timed_out);
}

TEST_F(GuestTest, ACommandThatTakesTooLongIsEnded) {
  const GuestRun got = run(std::string(kReady) + "while :; do say 'H\\000\\000\\000\\000'; sleep 0.1; done\n",
                           {.timeout = milliseconds(1'000)});
  EXPECT_EQ(got.end, GuestEnd::timed_out);
  EXPECT_EQ(got.trouble, "the command did not end within 1 s");
}

TEST_F(GuestTest, BytesThatAreNoFrameEndTheGuest) {
  const GuestRun got = run(std::string("say 'garbage'\n") + kForever);
  EXPECT_EQ(got.end, GuestEnd::could_not_run);
  EXPECT_THAT(got.trouble, HasSubstr("no frame"));
}

TEST_F(GuestTest, AnInterruptEndsTheGuest) {
  raise(SIGINT);
  const GuestRun got = run(kForever);
  EXPECT_EQ(got.end, GuestEnd::interrupted);
  EXPECT_EQ(got.trouble, "interrupted by SIGINT");
}

TEST_F(GuestTest, WithoutQemuTheErrorNamesIt) {
  ::setenv("PATH", scratch_->path().c_str(), 1);
  const GuestRun got = run_guest({}, {}, *interrupts_);
  EXPECT_EQ(got.end, GuestEnd::could_not_run);
  EXPECT_THAT(got.trouble, HasSubstr("qemu-system-x86_64: ENOENT"));
  EXPECT_THAT(got.trouble, HasSubstr("install"));
}

TEST_F(GuestTest, TheInitramfsIsWhatWasGiven) {
  run("cat /dev/fd/5 > " + scratch_->path() + "/got; exit 0\n", {.initramfs = "070701"});
  std::ifstream file(scratch_->path() + "/got");
  std::string content;
  std::getline(file, content);
  EXPECT_EQ(content, "070701");
}

TEST_F(GuestTest, WhereHardwareDoesNotWorkTheMachineIsEmulated) {
  const std::string only_emulated =
      std::string("case \"$*\" in *kvm*) exit 134;; esac\n") + kReady + "say 'X\\001\\000\\000\\0000'\n" + kForever;
  EXPECT_EQ(run(only_emulated, {.kvm = true}).end, GuestEnd::finished);
}

TEST_F(GuestTest, WhereHardwareWorksItIsUsedOnce) {
  const std::string only_hardware = std::string("case \"$*\" in *tcg*) exit 1;; esac\n") + kReady + "exit 0\n";
  EXPECT_EQ(run(only_hardware, {.kvm = true}).end, GuestEnd::stopped);
}

TEST(QemuWordsTest, InstructionsAreCountedWithoutHardware) {
  EXPECT_THAT(qemu_words({.kvm = true, .icount = true}, "i"), testing::Contains("tcg"));
  EXPECT_THAT(qemu_words({.kvm = true}, "i"), testing::Contains("kvm"));
}

TEST(QemuWordsTest, CountingInstructionsTakesOneProcessor) {
  const auto words = qemu_words({.kernel = "k", .append = "quiet", .icount = true}, "i");
  EXPECT_THAT(words, testing::Contains("shift=0,sleep=off"));
  for (const char* fixed : {"-seed", "-rtc"}) EXPECT_THAT(words, testing::Contains(fixed));  // or two runs would differ
  EXPECT_THAT(qemu_words({.kernel = "k"}, "i"), testing::Not(testing::Contains("-seed")));
  EXPECT_EQ(*(std::find(words.begin(), words.end(), "-smp") + 1), "1");
  EXPECT_TRUE(words.back().ends_with("bpf quiet"));
}

TEST(LastLinesTest, TheLastLinesAreGivenWithoutControlCharacters) {
  EXPECT_EQ(last_lines("a\r\nb\x1b\nc\n\n", 2), "b\nc");
  EXPECT_EQ(last_lines("a\nb", 5), "a\nb");
  EXPECT_EQ(last_lines("", 3), "");
  EXPECT_EQ(last_lines("\nx\n", 1), "x");
}

}  // namespace
}  // namespace sandgauge::guest_test
