// `sandgauge compare`: intents against mechanisms, each tried in children.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/lab.h"
#include "model/comparison.h"
#include "model/intent.h"

namespace sandgauge {

enum class CompareFormat { text, json, markdown, html };

struct CompareOptions {
  std::vector<std::string> intents;  // ids, or files; empty: all that come with it
  CompareFormat format = CompareFormat::text;
  std::string output = "-";
  bool counted = false;  // this is a guest whose clock counts instructions
  bool cost = true;      // measure what they cost too
  LabOptions lab;        // kernels: empty means this one
};

/// 0; kExitUsage if an intent cannot be read, kExitCouldNotRun if an act is not even done without a sandbox.
int compare(const CompareOptions& options);

}  // namespace sandgauge
