#include "app/lab_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/guest_command.h"
#include "app/guest_words.h"
#include "app/lab.h"

namespace sandgauge {
namespace {

constexpr char kLabFooter[] = R"(
A kernel is
  debian:6.1          the newest 6.1 that Debian has for clouds; fetched through apt once, then kept in the cache
  debian:newest       the newest of all
  FILE.deb            a kernel package
  PATH                a kernel image, such as /boot/vmlinuz or arch/x86/boot/bzImage; its serial ports must be built in

Several kernels run side by side; what they print comes whole, in the order in which they are given.

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
  std::vector<std::string> fetch;
  GuestWords guest;
  bool json = false;
};

Result<void> understand(RawLabOptions& raw) {
  LabOptions& lab = raw.guest.lab;
  if (auto understood = understand_guest_words("lab", raw.guest); !understood) return understood;
  if (lab.kernels.empty()) return fail("lab: expected --kernel, such as --kernel debian:6.1");
  const bool writes_file = output_file_of(lab.words) || !lab.console.empty();
  if (lab.kernels.size() > 1 && writes_file)
    return fail("lab: several kernels would write one file; leave out -o and --console");
  return {};
}

}  // namespace

void add_lab_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("lab", "run a sandgauge command on another kernel, in a virtual machine");
  command->footer(kLabFooter);
  const auto raw = std::make_shared<RawLabOptions>();
  add_guest_words(*command, raw->guest);
  add_guest_jobs(*command, raw->guest);
  command->add_option("--console", raw->guest.lab.console, "write what the kernel prints to this file")->type_name("FILE");
  CLI::App* fetch = command->add_subcommand("fetch", "download kernels from Debian, or their newest versions");
  fetch->add_option("KERNEL", raw->fetch, "such as debian:6.1")->required();
  CLI::App* list = command->add_subcommand("list", "what is in the cache, and what can be fetched");
  list->add_flag("--json", raw->json, "as JSON");
  command->callback([&line, raw, fetch, list] {
    raw->guest.lab.words = line.words_after_dashes;
    if (fetch->parsed()) {
      const auto names = parse_kernel_names(raw->fetch);
      if (!names) return line.answer = usage_error("lab fetch: " + names.error().message), void();
      for (const KernelName& name : *names)
        if (name.kind != KernelName::Kind::debian)
          return line.answer = usage_error(fmt::format("lab fetch: expected debian:VERSION, found '{}'", name.text)), void();
      line.action = [names = *names] { return lab_fetch(names); };
    } else if (list->parsed()) {
      line.action = [raw] { return lab_list(raw->json); };
    } else if (const auto understood = understand(*raw); !understood) {
      line.answer = usage_error(understood.error().message);
    } else if (const auto refused = refused_in_guest("lab", raw->guest.lab.words)) {
      line.answer = refused;
    } else {
      line.action = [raw] { return lab(raw->guest.lab); };
    }
  });
}

}  // namespace sandgauge
