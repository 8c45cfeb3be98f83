// A case of the conformance suite, written in C++: a filled struct around a function that runs in a child of its own.
//
//   void a_block_does_not_help(Stage& stage) {
//     block_signal(SIGSYS);
//     stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_PROCESS));
//     raw_syscall(SYS_getppid);
//     stage.never("the call came back");
//   }
//
//   std::vector<Case> kill_cases() {
//     return topic("kill", {
//         {.name = "blocked",
//          .title = "KILL_PROCESS kills although SIGSYS is blocked",
//          .why = "A sandboxed program must not be able to refuse its end.",
//          .source = "seccomp(2), SECCOMP_RET_KILL_PROCESS",
//          .run = a_block_does_not_help,
//          .ends = {.signal = SIGSYS}},
//     });
//   }
//
// What a Stage can do is in harness/probe/stage.h. A case that only needs one filter and one call is shorter in YAML
// (docs/case-files.md); both kinds of a topic may stand side by side.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "model/case.h"
#include "probe/stage.h"

namespace sandgauge {

struct Scenario {
  std::string name;    // a slug: lower case, digits, '-'; unique in its topic
  std::string title;   // what is promised, as a sentence
  std::string why;     // what goes wrong for whom if it does not hold
  std::string source;  // the man page section or kernel source that promises it
  std::string also =
      {};  // other suites that check it: "kselftest", "libseccomp", "LTP", "gVisor", "runc"; empty: only this one
  void (*run)(Stage&) = nullptr;
  Expectation ends = {};  // exit, signal or core; empty: it returns
  Requirements needs = {};
  std::string difference = {};                // where the kernel departs from its documentation
  std::vector<std::int64_t> parameters = {};  // Stage::parameter()
  bool core_unlimited = false;
  std::chrono::milliseconds timeout{0};  // 0: the run's own
  bool exclusive = false;                // it changes something of the whole machine: nothing else may run beside it
  const char* file = __builtin_FILE();   // not std::source_location: clang-tidy 14 has none
  int line = __builtin_LINE();
};

/// The cases of a topic, in their order.
std::vector<Case> topic(std::string_view suite, std::vector<Scenario> scenarios);

}  // namespace sandgauge
