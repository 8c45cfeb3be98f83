// What `sandgauge check` was asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sandgauge {

enum class CheckFormat : std::uint8_t { text, json, nfd, tap, junit };

struct CheckOptions {
  CheckFormat format = CheckFormat::text;
  std::string output = "-";
  std::vector<std::string> required;  // ids or globs
  std::string against;                // an earlier report as JSON; - is standard input
  std::string confined_step;          // a folder: be the program that AppArmor confines, and nothing else
  bool list = false;
  bool verbose = false;
};

}  // namespace sandgauge
