// A sandgauge command for a guest: what it needs there, and where its report is to go.
//
//   Result<GuestCommand> command = prepare_guest_command({"run", "my-cases.yaml", "-o", "out.xml"}, {}, interrupts);
//   GuestRun run = run_guest({.kernel = path, .initramfs = command->initramfs}, output, interrupts);
//   write_report(command->outputs[0], run.files[0]);
//
// Files and folders that the command's words name are taken along, to the same paths; so are the binary with its libraries,
// the cases and the test programs. A guest is slow: a run without a --timeout of its own gets two minutes for each case.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "lab/interrupts.h"

namespace sandgauge {

struct GuestCommand {
  std::string initramfs;
  std::vector<std::string> outputs;  // the files that it writes, as its words name them
};

struct GuestCommandOptions {
  std::vector<std::string> files;  // to take along, beside those that the words name
  std::string config;              // file of the kernel's build configuration, for /boot; empty: none
  bool quiet = false;              // no signs of life (lab/image.h)
};

/// `words` are a sandgauge command line without "sandgauge". Fails where the files cannot be read.
Result<GuestCommand> prepare_guest_command(const std::vector<std::string>& words, const GuestCommandOptions& options,
                                           const Interrupts& interrupts);

/// The same words, with --timeout if they are a run's and have none.
std::vector<std::string> with_patience(std::vector<std::string> words);

/// The file after -o or --output, before any "--"; nothing for standard output.
std::optional<std::string> output_file_of(const std::vector<std::string>& words);

}  // namespace sandgauge
