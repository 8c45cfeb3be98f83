#include "app/guest_words.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/duration.h"

namespace sandgauge {

void add_guest_words(CLI::App& command, GuestWords& words) {
  command.add_option("-k,--kernel", words.kernels, "the kernel to boot; may be given more than once")
      ->type_name("KERNEL")
      ->allow_extra_args(false);
  command.add_option("--timeout", words.timeout, "how long a guest may run, such as 30s or 20m (default: 15m)")
      ->type_name("TIME");
  command.add_option("--file", words.lab.files, "take this file or folder along too; may be given more than once")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command.add_option("--memory", words.lab.memory_mib, "the guest's memory in MiB (default: 1024)")
      ->type_name("MIB")
      ->check(CLI::Range(128, 1 << 20));
  command.add_option("--cpus", words.lab.cpus, "the guest's processors (default: 2)")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  command.add_flag("--icount", words.lab.icount,
                   "one processor, and a clock that counts instructions from the start of 2026: costs repeat exactly");
  command.add_option("--append", words.lab.append, "more kernel parameters, such as loglevel=7")->type_name("TEXT");
}

void add_guest_jobs(CLI::App& command, GuestWords& words) {
  command.add_option("--jobs", words.lab.jobs, "how many guests run at a time (default: the processors of this machine)")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
}

Result<std::vector<KernelName>> parse_kernel_names(const std::vector<std::string>& texts) {
  std::vector<KernelName> names;
  for (const std::string& text : texts) {
    auto name = parse_kernel_name(text);
    if (!name) return fail(name.error());
    names.push_back(*name);
  }
  return names;
}

Result<void> understand_guest_words(const std::string& command, GuestWords& words) {
  auto names = parse_kernel_names(words.kernels);
  if (!names) return fail("{}: --kernel: {}", command, names.error().message);
  words.lab.kernels = *names;
  if (words.timeout.empty()) return {};
  const auto timeout = parse_duration(words.timeout);
  if (!timeout) return fail("{}: --timeout: {}", command, timeout.error().message);
  words.lab.timeout = *timeout;
  return {};
}

std::optional<Answer> refused_in_guest(const std::string& command, const std::vector<std::string>& words) {
  if (words.empty())
    return usage_error(fmt::format("{}: expected a sandgauge command after --, such as: -- run conformance", command));
  for (const char* nested : {"lab", "matrix"})
    if (words[0] == nested) return usage_error(fmt::format("{}: {} does not run in a guest", command, nested));
  std::vector<const char*> argv{"sandgauge"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  CommandLine there;
  parse_command_line(static_cast<int>(argv.size()), argv.data(), there);
  return there.answer;
}

}  // namespace sandgauge
