// The words that every command with a guest takes: --kernel, --timeout, --memory and so on, and the command for the guest.
//
//   GuestWords words;
//   add_guest_words(*command, words);
//   // in the command's callback, once words.lab.words is set:
//   if (auto understood = understand_guest_words("lab", words); !understood) return usage_error(understood.error().message);
//   if (auto refused = refused_in_guest("lab", words.lab.words)) return *refused;
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/lab.h"

namespace sandgauge {

struct GuestWords {
  std::vector<std::string> kernels;
  std::string timeout;
  LabOptions lab;
};

void add_guest_words(CLI::App& command, GuestWords& words);

/// --jobs, for commands that take several kernels.
void add_guest_jobs(CLI::App& command, GuestWords& words);

/// Sets words.lab.kernels and .timeout. Fails at a kernel or a time that is none.
Result<void> understand_guest_words(const std::string& command, GuestWords& words);

/// What would be said of these words in the guest, if not "go on": a mistake costs no boot.
std::optional<Answer> refused_in_guest(const std::string& command, const std::vector<std::string>& words);

Result<std::vector<KernelName>> parse_kernel_names(const std::vector<std::string>& texts);

}  // namespace sandgauge
