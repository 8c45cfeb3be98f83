// RunOptions: what `sandgauge run` was asked to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/case.h"
#include "model/expectation.h"
#include "report/format.h"

namespace sandgauge {

struct RunOptions {
  std::vector<std::string> targets;  // files, folders and built-in suites; none: all built-in suites
  std::vector<std::string> command;  // after "--"

  std::vector<std::string> filters;  // globs on ids; any of them
  int shard_index = 0;               // from 0
  int shard_count = 1;
  std::string shard_status_file;  // touched, to say that sharding is understood
  bool list = false;

  int jobs = 1;
  std::chrono::milliseconds timeout{10'000};
  int repeat = 1;
  bool shuffle = false;
  std::uint64_t seed = 0;
  bool fail_fast = false;
  bool mutate = false;
  std::vector<std::string> required;  // globs: a skip of these is a failure

  Format format = Format::text;
  std::string output = "-";

  // With a command and no case file.
  std::string policy_file;
  Delivery delivery = Delivery::direct;
  std::vector<std::string> backends{"bpf"};
  std::string call;
  Expectation expect;
};

}  // namespace sandgauge
