// follow: runs a program to see which calls it, its threads and its children make.
//
//   FollowRequest request{.by = FollowBy::ptrace, .path = "/bin/ls", .words = {"ls", "-l"}, .environment = environment};
//   Result<Followed> followed = follow(request);
//   followed->seen.calls                      // from the execve(2) of the program on, that one included
//
// ptrace  stops at every call: counts and errors; nothing else may trace the program
// log     a filter that answers LOG, loaded by the request's confinement or in the program, and the audit records of it;
// ptrace
//         is used only to know which processes belong to the program
// notify  a filter that answers NOTIFY, whose listener lets every call go on; a call that a signal interrupts may count
// twice
//
// The program keeps the terminal, standard input and outputs of the caller. It has ended when all of its processes have,
// also those that went into the background. SIGINT, SIGTERM and SIGHUP end it early: they are handed on, unless the terminal
// did so, and what has not ended after three seconds, or at a second signal, is killed. When follow() returns nothing of it
// is left. The caller has one thread and no other children.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/confinement.h"
#include "model/observation.h"
#include "model/outcome.h"
#include "model/preload_sheet.h"

namespace sandgauge {

enum class FollowBy : std::uint8_t { ptrace, log, notify };

struct FollowRequest {
  FollowBy by = FollowBy::ptrace;
  std::string path;
  std::vector<std::string> words;            // argv
  std::vector<std::string> environment;      // "NAME=value"
  const Confinement* confinement = nullptr;  // applied before the execve(2); null: with ptrace, and if the program does it
  int handed_fd = -1;                        // the program inherits it under the same number
  const PreloadSheet* sheet = nullptr;       // calls count from the time when it says that a filter is in force
};

struct Followed {
  Observation seen;
  End end;                     // of the program; interrupted if it had to be killed
  std::size_t processes = 0;   // also threads; 0 if they were not counted
  bool threads = false;        // some of them were threads; by notify it is not known
  bool records_lost = false;   // by log: the list is not complete
  std::string interrupted_by;  // "SIGINT"; empty if it ended by itself
};

/// Fails if the program could not be started or confined, and where fork(2), ptrace(2), audit records or the listener fail.
Result<Followed> follow(const FollowRequest& request);

}  // namespace sandgauge
