// What the tests of judge/ share: machines, cases, and an imitation of the kernel that makes an Outcome of an action. The
// imitation is written from seccomp(2) and kernel/seccomp.c and does not use judge/appearance.h, so that the two check each
// other.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "judge/judge.h"

namespace sandgauge::scene {

inline constexpr Action kKill{ActionKind::kill_thread, 0};
inline constexpr Action kKillProcess{ActionKind::kill_process, 0};
inline constexpr Action kLog{ActionKind::log, 0};
inline constexpr Action kAllow{ActionKind::allow, 0};
inline constexpr Action kNotify{ActionKind::notify, 0};
inline constexpr Action kEperm{ActionKind::error, EPERM};
constexpr Action trap(std::uint16_t data) { return {ActionKind::trap, data}; }
constexpr Action trace(std::uint16_t data) { return {ActionKind::trace, data}; }

/// Every kind, and every kind that has data with several values.
inline std::vector<Action> every_action() {
  return {kKillProcess,
          kKill,
          trap(0),
          trap(5),
          trap(6),
          errno_action(0),
          kEperm,
          errno_action(ENOENT),
          errno_action(ENOSYS),
          kNotify,
          trace(0),
          trace(7),
          trace(8),
          kLog,
          kAllow};
}

/// All 32, handler and threads included.
inline std::vector<Probe> every_probe() {
  std::vector<Probe> probes;
  for (unsigned bits = 0; bits < 32; ++bits)
    probes.push_back({(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0});
  return probes;
}

/// Root on Linux 6.18 that logs every action.
inline Host root_host() {
  return {.kernel = {6, 18},
          .release = "6.18.1",
          .sysname = "Linux",
          .uid = 0,
          .gid = 0,
          .capabilities = {"CAP_AUDIT_READ", "CAP_SYS_ADMIN"},
          .abis = {native_abi(), Abi::i386},
          .actions_logged = {"kill_process", "kill_thread", "trap", "errno", "user_notif", "trace", "log"}};
}
inline Host user_host() {
  Host host = root_host();
  host.uid = host.gid = 1000;
  host.capabilities.clear();
  return host;
}

/// uname(2) answered by `action`, made in the child itself.
inline Case call_case(Action action) {
  Case test{.id = "uname/x", .suite = "uname"};
  test.attach = Attach::call;
  test.policy.rules.push_back({.syscalls = {"uname"}, .action = action});
  test.call = CallRequest{.syscall = "uname", .args = {{.kind = CallArgument::Kind::scratch}}};
  return test;
}

/// A program that calls uname(2) and shows how it went: exit 0, or 2 and a message.
inline Case program_case(Action action) {
  Case test = call_case(action);
  test.attach = Attach::exec;
  test.program = {"uname"};
  return test;
}

/// judge() with both predictions the same.
inline Verdict judge_with(const Case& test, const Probe& probe, Action predicted, const Outcome& outcome, const Host& host) {
  const Answers answers{predicted, predicted};
  return judge({test, probe, answers, outcome, host, "/run/x"});
}

inline void expect_verdict(const Verdict& verdict, Status status, Cause cause, const std::string& reason) {
  EXPECT_EQ(status_name(verdict.status), status_name(status));
  EXPECT_EQ(cause_name(verdict.cause), cause_name(cause));
  EXPECT_EQ(verdict.reason, reason);
}

}  // namespace sandgauge::scene
