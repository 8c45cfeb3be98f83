// Reports that several tests of this folder look at from different sides.
#pragma once

#include <string>

#include "model/verdict.h"

namespace sandgauge {

inline CaseResult passing(std::string suite, std::string subject, std::string action) {
  CaseResult result{.id = suite + "/" + subject + "/" + action, .suite = suite, .subject = subject, .action = action};
  result.verdict = {Status::pass, Cause::none, "", {}};
  return result;
}

inline CaseResult with_status(CaseResult result, Status status, Cause cause, std::string reason) {
  result.verdict = {status, cause, std::move(reason), {}};
  return result;
}

/// A failure with every field filled.
inline CaseResult full_failure() {
  CaseResult result;
  result.id = "uname/deny/bpf";
  result.suite = "uname";
  result.title = "ERRNO(EPERM) makes uname fail";
  result.subject = "uname";
  result.action = "ERRNO(EPERM)";
  result.backend = "bpf";
  result.probe = "handler+audit";
  result.place = {"cases/uname.yaml", 12};
  result.verdict = {
      Status::fail,
      Cause::expectation,
      "exit is 0",
      {{"exit", "2", "0", false}, {"stdout", "ID: 0\n", "ID: 0\n", true}, {"stderr", "", "\x1b[1mx\n", false}}};
  result.facts = {"the kernel did ALLOW", "stdout: ID: 0\n"};
  result.reproducer = {"0: ld [4]\n1: ret ALLOW\n", "sandgauge run --filter 'uname/deny/bpf'"};
  result.duration = std::chrono::microseconds(1500);
  return result;
}

/// One result of each status, with notes.
inline Report sample_report() {
  Report report{.version = "0.1.0", .kernel = "6.1.0", .machine = "x86_64", .hostname = "box", .user = "root"};
  report.notes = {"1 filter is already loaded: its verdicts come first"};
  report.results = {
      passing("uname", "uname", "KILL"),
      full_failure(),
      with_status(passing("getuid", "getuid", "TRAP"), Status::broken, Cause::setup, "execve /x: ENOENT"),
      with_status(passing("getuid", "getuid", "LOG"), Status::skip, Cause::requirement, "needs CAP_AUDIT_READ"),
  };
  report.results[0].duration = std::chrono::microseconds(500);
  report.duration = std::chrono::milliseconds(20);
  return report;
}

}  // namespace sandgauge
