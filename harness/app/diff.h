// `sandgauge diff`: what two profiles answer differently, or what a profile allows and an observation shows.
#pragma once

#include <string>

#include "policy/format.h"

namespace sandgauge {

struct DiffOptions {
  std::string a;
  std::string b;
  ReadOptions read;
  bool json = false;
  std::string output = "-";
};

/// Returns the process's exit code.
int diff(const DiffOptions& options);

}  // namespace sandgauge
