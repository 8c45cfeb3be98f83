#include "execute/execute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>

#include "base/temp_dir.h"
#include "base/unique_fd.h"
#include "model/action.h"
#include "model/syscalls.h"

namespace sandgauge::execute_test {
namespace {

using std::chrono::milliseconds;

/// Answers one call of this machine's own ABI with one return value, and allows the rest.
class OneCallFilter : public Confinement {
 public:
  OneCallFilter(const char* syscall, Action action, bool listener = false)
      : number_(static_cast<unsigned>(*syscall_number(native_abi(), syscall))),
        value_(return_value(action)),
        listener_(listener) {}
  ConfineResult apply() const noexcept override {
    sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number_, 0, 1), BPF_STMT(BPF_RET | BPF_K, value_),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter{std::size(code), code};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const long result =
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, listener_ ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, &filter);
    if (result < 0) return {"seccomp", errno, -1};
    return {nullptr, 0, listener_ ? static_cast<int>(result) : -1};
  }
  bool makes_listener() const noexcept override { return listener_; }

 private:
  unsigned number_;
  unsigned value_;
  bool listener_;
};

class RefusedConfinement : public Confinement {
 public:
  ConfineResult apply() const noexcept override { return {"a step that fails", EBUSY, -1}; }
};

class ExecuteTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(prepare_executor());
    auto dir = TempDir::make();
    ASSERT_TRUE(dir) << dir.error().message;
    dir_.emplace(std::move(*dir));
  }
  void TearDown() override { EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left behind"; }

  ExecuteRequest shell(const std::string& script) {
    ExecuteRequest request;
    request.program = {"/bin/sh", "-c", script};
    request.environment = {"PATH=/usr/bin:/bin"};
    request.working_directory = dir_->path();
    return request;
  }
  ExecuteRequest call(const std::string& syscall, const Confinement& confinement) {
    ExecuteRequest request;
    request.attach = Attach::call;
    request.call = CallRequest{.syscall = syscall};
    request.confinement = &confinement;
    request.probe = {.handler = true, .threads = true};
    request.working_directory = dir_->path();
    return request;
  }
  std::optional<TempDir> dir_;
};

TEST_F(ExecuteTest, AnExitCodeAndBothOutputsAreReported) {
  const Outcome outcome = execute(shell("echo out; echo err >&2; exit 7"));
  EXPECT_FALSE(outcome.setup);
  EXPECT_EQ(outcome.end, (End{.kind = End::Kind::exited, .exit_code = 7}));
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.err, "err\n");
}

TEST_F(ExecuteTest, ADeathBySignalIsNotAnExitCode) {
  EXPECT_EQ(execute(shell("kill -SYS $$")).end, (End{.kind = End::Kind::signaled, .signal = SIGSYS}));
  EXPECT_EQ(execute(shell("exit 159")).end, (End{.kind = End::Kind::exited, .exit_code = 159}));
}

TEST_F(ExecuteTest, TheProgramStartsWithDefaultSignalsAndOnlyThreeDescriptors) {
  ::signal(SIGPIPE, SIG_IGN);
  const Outcome outcome = execute(shell("ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  ::signal(SIGPIPE, SIG_DFL);
  // Descriptor 3 is ls's own.
  EXPECT_EQ(outcome.out, "0\n1\n2\n3\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(ExecuteTest, OutputBeyondTheLimitIsDroppedAndDoesNotBlockTheProgram) {
  ExecuteRequest request = shell("head -c 1000000 /dev/zero | tr '\\0' x; exit 3");
  request.output_limit = 1000;
  const Outcome outcome = execute(request);
  EXPECT_EQ(outcome.end.exit_code, 3);
  EXPECT_EQ(outcome.out, std::string(1000, 'x'));
  EXPECT_TRUE(outcome.out_cut);
  EXPECT_FALSE(outcome.err_cut);
}

TEST_F(ExecuteTest, AProgramThatFloodsItsOutputIsEndedAtTheDeadline) {
  ExecuteRequest request = shell("yes & yes >&2");
  request.timeout = milliseconds(200);
  EXPECT_EQ(execute(request).end.kind, End::Kind::deadline);
}

TEST_F(ExecuteTest, AStoppedProgramIsEndedAtTheDeadlineAndItsStateIsSaid) {
  ExecuteRequest request = shell("kill -STOP $$");
  request.timeout = milliseconds(200);
  const Outcome outcome = execute(request);
  EXPECT_EQ(outcome.end.kind, End::Kind::deadline);
  EXPECT_EQ(outcome.end.state, "stopped (T)");
}

TEST_F(ExecuteTest, AnInterruptEndsTheChild) {
  const UniqueFd event(::eventfd(1, EFD_CLOEXEC));
  ExecuteRequest request = shell("sleep 60");
  request.interrupt_fd = event.get();
  EXPECT_EQ(execute(request).end.kind, End::Kind::interrupted);
}

TEST_F(ExecuteTest, DaemonsThatTheProgramLeavesAreEndedAndCounted) {
  const Outcome outcome = execute(shell("setsid sh -c 'trap \"\" TERM HUP; sleep 60' & exec setsid -f sleep 60"));
  EXPECT_EQ(outcome.end.exit_code, 0);
  EXPECT_GE(outcome.leftovers, 2U);
}

TEST_F(ExecuteTest, AProgramThatKillsItsProcessGroupDoesNotReachTheHarness) {
  EXPECT_EQ(execute(shell("kill -KILL 0")).end, (End{.kind = End::Kind::signaled, .signal = SIGKILL}));
}

TEST_F(ExecuteTest, AMissingProgramIsASetupFailureWithItsErrno) {
  ExecuteRequest request = shell("");
  request.program = {"/no/such/program"};
  EXPECT_EQ(execute(request).setup, (SetupFailure{"execve", ENOENT}));
}

TEST_F(ExecuteTest, TheFileThatIsExecutedNeedNotBeTheNameThatTheProgramGets) {
  ExecuteRequest request = shell("");
  request.program = {"teste", "-c", "echo $0"};
  request.path = "/bin/sh";
  EXPECT_EQ(execute(request).out, "teste\n");
}

TEST_F(ExecuteTest, AConfinementThatFailsIsASetupFailureAndTheProgramNeverRuns) {
  const RefusedConfinement refused;
  ExecuteRequest request = shell("touch ran");
  request.confinement = &refused;
  request.asked_paths = {"ran"};
  const Outcome outcome = execute(request);
  EXPECT_EQ(outcome.setup, (SetupFailure{"a step that fails", EBUSY}));
  EXPECT_THAT(outcome.existing, testing::IsEmpty());
}

TEST_F(ExecuteTest, AFilterThatKillsExecveIsToldFromADeathOfTheProgram) {
  const OneCallFilter filter("execve", {ActionKind::kill_process});
  ExecuteRequest request = shell("true");
  request.confinement = &filter;
  const Outcome outcome = execute(request);
  ASSERT_TRUE(outcome.setup);
  EXPECT_THAT(outcome.setup->step, testing::HasSubstr("execve"));
  EXPECT_EQ(outcome.end.signal, SIGSYS);
}

TEST_F(ExecuteTest, PathsAreLookedUpInTheWorkingDirectoryAfterTheEnd) {
  ExecuteRequest request = shell("mkdir made; ln -s nowhere dangling");
  request.asked_paths = {"made", "dangling", "missing", "/etc/passwd"};
  EXPECT_THAT(execute(request).existing, testing::ElementsAre("made", "dangling", "/etc/passwd"));
}

TEST_F(ExecuteTest, ACallProbeReportsTheErrnoThatTheFilterGave) {
  const OneCallFilter filter("getppid", errno_action(EACCES));
  const Outcome outcome = execute(call("getppid", filter));
  ASSERT_TRUE(outcome.call);
  EXPECT_EQ(outcome.call->returned, 1U);
  EXPECT_EQ(outcome.call->result, -EACCES);
  EXPECT_EQ(outcome.call->handler_runs, 0U);
}

TEST_F(ExecuteTest, ACallProbeTellsADeadThreadFromADeadProcess) {
  const OneCallFilter thread_filter("getppid", {ActionKind::kill_thread});
  const Outcome thread = execute(call("getppid", thread_filter));
  ASSERT_TRUE(thread.call);
  EXPECT_EQ(thread.call->thread_died, 1U);
  EXPECT_EQ(thread.call->survivor_ran, 1U);
  EXPECT_EQ(thread.end, (End{.kind = End::Kind::exited, .exit_code = 0}));

  const OneCallFilter process_filter("getppid", {ActionKind::kill_process});
  const Outcome process = execute(call("getppid", process_filter));
  ASSERT_TRUE(process.call);
  EXPECT_EQ(process.call->survivor_ran, 0U);
  EXPECT_EQ(process.end, (End{.kind = End::Kind::signaled, .signal = SIGSYS}));
}

TEST_F(ExecuteTest, ACallProbeRecordsTheSiginfoOfATrap) {
  const OneCallFilter filter("getppid", {ActionKind::trap, 0xdead});
  const Outcome outcome = execute(call("getppid", filter));
  ASSERT_TRUE(outcome.call);
  EXPECT_EQ(outcome.call->handler_runs, 1U);
  EXPECT_EQ(outcome.call->sigsys.error, 0xdead);
  EXPECT_EQ(outcome.call->sigsys.syscall, *syscall_number(native_abi(), "getppid"));
}

TEST_F(ExecuteTest, ATracerSeesTheMessageAndMaySkipTheCall) {
  const OneCallFilter filter("getppid", {ActionKind::trace, 7});
  ExecuteRequest request = call("getppid", filter);
  request.probe.tracer = true;
  request.tracer = {.answer = TracerPlan::Answer::skip, .result = -EBUSY};
  const Outcome outcome = execute(request);
  ASSERT_EQ(outcome.traces.size(), 1U);
  EXPECT_EQ(outcome.traces[0].message, 7U);
  EXPECT_EQ(outcome.traces[0].call.number, *syscall_number(native_abi(), "getppid"));
  EXPECT_EQ(outcome.call->result, -EBUSY);
}

TEST_F(ExecuteTest, ATracedProgramRunsAndStopsAsIfNobodyWatched) {
  ExecuteRequest request = shell("(exit 4); sh -c 'kill -USR1 $$'; echo $?; exit 5");
  request.probe.tracer = true;
  const Outcome outcome = execute(request);
  EXPECT_EQ(outcome.end.exit_code, 5);
  EXPECT_THAT(outcome.out, testing::EndsWith("138\n"));

  ExecuteRequest stopped = shell("kill -STOP $$");
  stopped.probe.tracer = true;
  stopped.timeout = milliseconds(200);
  EXPECT_EQ(execute(stopped).end.kind, End::Kind::deadline);
}

TEST_F(ExecuteTest, ATracerSeesTheSigsysThatATrapSends) {
  const OneCallFilter filter("uname", {ActionKind::trap, 5});
  ExecuteRequest request = shell("exec uname");
  request.confinement = &filter;
  request.probe.tracer = true;
  const Outcome outcome = execute(request);
  EXPECT_EQ(outcome.end.signal, SIGSYS);
  ASSERT_EQ(outcome.traced_sigsys.size(), 1U);
  EXPECT_EQ(outcome.traced_sigsys[0].facts.error, 5);
}

TEST_F(ExecuteTest, AListenerSeesTheCallOfAProgramAndAnswersIt) {
  const OneCallFilter filter("uname", {ActionKind::notify}, /*listener=*/true);
  ExecuteRequest request = shell("uname");
  request.confinement = &filter;
  request.probe.listener = true;
  request.call = CallRequest{.syscall = "uname"};
  const Outcome proceeded = execute(request);
  EXPECT_EQ(proceeded.out, "Linux\n");
  ASSERT_GE(proceeded.notifications.size(), 1U);
  EXPECT_EQ(proceeded.notifications[0].call.number, *syscall_number(native_abi(), "uname"));

  request.listener = {.answer = ListenerPlan::Answer::reply, .error = -EPERM};
  const Outcome denied = execute(request);
  EXPECT_EQ(denied.out, "");
  EXPECT_THAT(denied.err, testing::HasSubstr("Operation not permitted"));
}

TEST_F(ExecuteTest, AListenerOnExecveItselfDoesNotHang) {
  const OneCallFilter filter("execve", {ActionKind::notify}, /*listener=*/true);
  ExecuteRequest request = shell("exit 6");
  request.confinement = &filter;
  request.probe.listener = true;
  const Outcome outcome = execute(request);
  EXPECT_EQ(outcome.end.exit_code, 6);
  EXPECT_EQ(outcome.notifications.size(), 1U);
}

TEST_F(ExecuteTest, AnUnknownCallIsASetupFailure) {
  const OneCallFilter filter("getppid", {ActionKind::allow});
  const Outcome outcome = execute(call("no_such_call", filter));
  ASSERT_TRUE(outcome.setup);
  EXPECT_THAT(outcome.setup->step, testing::HasSubstr("no_such_call"));
}

TEST_F(ExecuteTest, NoDescriptorIsLeftOpen) {
  const auto count = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
  const OneCallFilter filter("getppid", {ActionKind::notify}, /*listener=*/true);
  ExecuteRequest request = call("getppid", filter);
  request.probe.listener = true;
  request.probe.tracer = true;
  execute(request);
  const auto before = count();
  for (int i = 0; i < 50; ++i) execute(request);
  EXPECT_EQ(count(), before);
}

TEST(PlaceCallTest, TextArgumentsLieBelowFourGigabytes) {
  const CallArgument path{.kind = CallArgument::Kind::text, .text = "teste"};
  const auto placed = place_call({.syscall = "mkdir", .abi = Abi::i386, .args = {path, {.number = 0755}}});
  ASSERT_TRUE(placed) << placed.error().message;
  EXPECT_EQ(placed->number, 39);
  EXPECT_LT(placed->args[0], std::uint64_t{1} << 32);
  EXPECT_STREQ(reinterpret_cast<const char*>(placed->args[0]), "teste");
  EXPECT_EQ(placed->args[1], 0755U);
}

TEST(PlaceCallTest, SevenArgumentsAreRefused) {
  EXPECT_FALSE(place_call({.syscall = "uname", .args = std::vector<CallArgument>(7)}));
}

}  // namespace
}  // namespace sandgauge::execute_test
