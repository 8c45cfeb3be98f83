#include "app/lab_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/duration.h"
#include "app/guest_command.h"
#include "app/lab.h"

namespace sandgauge {
namespace {

constexpr char kLabFooter[] = R"(
A kernel is
  debian:6.1          the newest 6.1 that Debian has for clouds; fetched through apt once, then kept in the cache
  debian:newest       the newest of all
  FILE.deb            a kernel package
  PATH                a kernel image, such as /boot/vmlinuz or arch/x86/boot/bzImage; its serial ports must be built in

The guest gets this binary, its cases and test programs, and what the command's words name. Its working directory has the name
of this one. -o writes here.

Exit codes
  those of the command; with several kernels the worst of them
  2  wrong usage; nothing was run
  3  no qemu, no kernel, or the guest did not get to its end: it panicked, hung or took too long

Environment
  XDG_CACHE_HOME   the cache is below it, or else in ~/.cache/sandgauge

Examples
  sandgauge lab --kernel debian:6.1 -- run conformance
  sandgauge lab --kernel debian:5.10 --kernel debian:newest -- run --format tap
  sandgauge lab --kernel ./bzImage --console boot.log -- run my-cases.yaml -o results.xml --format junit
  sandgauge lab fetch debian:6.1 debian:6.12)";

struct RawLabOptions {
  std::vector<std::string> kernels;
  std::vector<std::string> fetch;
  std::string timeout;
  LabOptions lab;
  bool json = false;
};

/// The command line of the guest, understood here, so that a mistake costs no boot.
std::optional<Answer> refused_there(const std::vector<std::string>& words) {
  if (words.empty()) return usage_error("lab: expected a sandgauge command after --, such as: -- run conformance");
  if (words[0] == "lab") return usage_error("lab: a lab does not run in a lab");
  std::vector<const char*> argv{"sandgauge"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  CommandLine there;
  parse_command_line(static_cast<int>(argv.size()), argv.data(), there);
  return there.answer;
}

Result<std::vector<KernelName>> understand_names(const std::vector<std::string>& texts) {
  std::vector<KernelName> names;
  for (const std::string& text : texts) {
    auto name = parse_kernel_name(text);
    if (!name) return fail(name.error());
    names.push_back(*name);
  }
  return names;
}

Result<void> understand(RawLabOptions& raw) {
  auto names = understand_names(raw.kernels);
  if (!names) return fail("--kernel: {}", names.error().message);
  raw.lab.kernels = *names;
  if (names->empty()) return fail("lab: expected --kernel, such as --kernel debian:6.1");
  if (!raw.timeout.empty()) {
    const auto timeout = parse_duration(raw.timeout);
    if (!timeout) return fail("--timeout: {}", timeout.error().message);
    raw.lab.timeout = *timeout;
  }
  const bool writes_file = output_file_of(raw.lab.words) || !raw.lab.console.empty();
  if (names->size() > 1 && writes_file) return fail("lab: several kernels would write one file; leave out -o and --console");
  return {};
}

void add_options(CLI::App& command, RawLabOptions& raw) {
  command.add_option("-k,--kernel", raw.kernels, "the kernel to boot; may be given more than once")
      ->type_name("KERNEL")
      ->allow_extra_args(false);
  command.add_option("--timeout", raw.timeout, "how long the guest may run, such as 30s or 20m (default: 15m)")
      ->type_name("TIME");
  command.add_option("--file", raw.lab.files, "take this file or folder along too; may be given more than once")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command.add_option("--memory", raw.lab.memory_mib, "the guest's memory in MiB (default: 1024)")
      ->type_name("MIB")
      ->check(CLI::Range(128, 1 << 20));
  command.add_option("--cpus", raw.lab.cpus, "the guest's processors (default: 2)")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  command.add_flag("--icount", raw.lab.icount, "one processor, and a clock that counts instructions: costs repeat exactly");
  command.add_option("--append", raw.lab.append, "more kernel parameters, such as loglevel=7")->type_name("TEXT");
  command.add_option("--console", raw.lab.console, "write what the kernel prints to this file")->type_name("FILE");
}

}  // namespace

void add_lab_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("lab", "run a sandgauge command on another kernel, in a virtual machine");
  command->footer(kLabFooter);
  const auto raw = std::make_shared<RawLabOptions>();
  add_options(*command, *raw);
  CLI::App* fetch = command->add_subcommand("fetch", "download kernels from Debian, or their newest versions");
  fetch->add_option("KERNEL", raw->fetch, "such as debian:6.1")->required();
  CLI::App* list = command->add_subcommand("list", "what is in the cache, and what can be fetched");
  list->add_flag("--json", raw->json, "as JSON");
  command->callback([&line, raw, fetch, list] {
    raw->lab.words = line.words_after_dashes;
    if (fetch->parsed()) {
      const auto names = understand_names(raw->fetch);
      if (!names) return line.answer = usage_error("lab fetch: " + names.error().message), void();
      for (const KernelName& name : *names)
        if (name.kind != KernelName::Kind::debian)
          return line.answer = usage_error(fmt::format("lab fetch: expected debian:VERSION, found '{}'", name.text)), void();
      line.action = [names = *names] { return lab_fetch(names); };
    } else if (list->parsed()) {
      line.action = [raw] { return lab_list(raw->json); };
    } else if (const auto understood = understand(*raw); !understood) {
      line.answer = usage_error(understood.error().message);
    } else if (const auto refused = refused_there(raw->lab.words)) {
      line.answer = refused;
    } else {
      line.action = [raw] { return lab(raw->lab); };
    }
  });
}

}  // namespace sandgauge
