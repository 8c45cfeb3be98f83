// `sandgauge learn`: runs a program, or reads what was seen of one, and says which calls it needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/case.h"
#include "model/observation.h"
#include "model/policy.h"
#include "observe/follow.h"
#include "policy/profile.h"

namespace sandgauge {

struct LearnOptions {
  std::vector<std::string> command;
  std::string from;  // a log instead of a command
  FollowBy by = FollowBy::ptrace;
  Delivery delivery = Delivery::direct;  // direct or preload: from when on calls count
  std::string table = "-";
  std::string output;  // the profile; empty: none
  ProfileFormat to = ProfileFormat::oci;
};

/// Returns the process's exit code (app/command_line.h); messages go to stderr.
int learn(const LearnOptions& options);

/// The policy that allows what was seen, what is named besides, and kUncountedEnds where nobody could see them, and kills
/// the process for all else.
Policy policy_of(const Observation& seen, const std::vector<std::string_view>& besides = {});

}  // namespace sandgauge
