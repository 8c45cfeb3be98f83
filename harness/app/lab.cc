#include "app/lab.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>

#include "app/command_line.h"
#include "app/complain.h"
#include "app/guest_command.h"
#include "app/side_by_side.h"
#include "base/errno_text.h"
#include "lab/debian.h"
#include "lab/guest.h"
#include "report/output.h"

namespace sandgauge {
namespace {

/// One of the guests that run side by side.
struct LabGuest {
  KernelName name;
  std::optional<TempDir> scratch;  // an unpacked package
  Result<Kernel> kernel = fail("not looked for");
  Result<GuestCommand> command = fail("not made");
  GuestRun run;
};

/// What a user needs to find out why: the last the kernel said, and where all of it is.
void report_failure(const Kernel& kernel, const GuestRun& run) {
  constexpr int kLines = 15;
  complain(fmt::format("{}: BROKEN: {}", kernel.name, run.trouble));
  if (run.console.empty() || run.end == GuestEnd::interrupted) return;
  say(fmt::format("The last lines of its console:\n{}\n", last_lines(run.console, kLines)));
  const auto cache = KernelCache::open();
  const auto kept = cache ? cache->keep_console(kernel.name, run.console) : Result<std::string>(fail(cache.error()));
  if (kept)
    say(fmt::format("All of it: {}\n", *kept));
  else
    complain(kept.error().message);
}

/// The command's own exit code, if there is one.
int take_end(const Kernel& kernel, const GuestCommand& command, const GuestRun& run) {
  if (run.end != GuestEnd::finished) {
    report_failure(kernel, run);
    return kExitCouldNotRun;
  }
  for (std::size_t i = 0; i < command.outputs.size() && i < run.files.size(); ++i) {
    if (!run.has_file[i]) continue;
    if (auto written = write_report(command.outputs[i], run.files[i]); !written)
      return complain(written.error().message, kExitCouldNotRun);
  }
  if (WIFEXITED(run.status)) return WEXITSTATUS(run.status);
  return complain(fmt::format("{}: the command was killed by {}", kernel.name, signal_name(WTERMSIG(run.status))),
                  kExitCouldNotRun);
}

}  // namespace

GuestOptions guest_options(const LabOptions& options, const Kernel& kernel, std::string initramfs) {
  return {.kernel = kernel.image,
          .initramfs = std::move(initramfs),
          .append = options.append,
          .memory_mib = options.memory_mib,
          .cpus = options.cpus,
          .kvm = may_use_kvm(),
          .icount = options.icount,
          .timeout = options.timeout,
          // One thread counts: on a busy machine that is slow.
          .boot_timeout = std::chrono::seconds(options.icount ? 300 : 120)};
}

int worse_exit(int one, int other) {
  const auto rank = [](int code) {
    switch (code) {
      case kExitAsExpected: return 0;
      case kExitAllSkipped: return 1;
      case kExitMismatch: return 2;
      default: return 3;
    }
  };
  return rank(other) > rank(one) ? other : one;
}

std::size_t guest_jobs(const LabOptions& options) {
  if (options.jobs > 0) return static_cast<std::size_t>(options.jobs);
  return std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
}

namespace {

/// In a thread of its own.
void run_lab_guest(LabGuest& guest, const LabOptions& options, const GuestOutput& output, const Interrupts& interrupts) {
  guest.command = prepare_guest_command(
      options.words, {.files = options.files, .config = guest.kernel->config, .quiet = options.icount}, interrupts);
  if (guest.command)
    guest.run = run_guest(guest_options(options, *guest.kernel, std::move(guest.command->initramfs)), output, interrupts);
}

int end_lab_guest(const LabGuest& guest, const LabOptions& options) {
  if (!guest.kernel) return complain(guest.kernel.error().message, kExitCouldNotRun);
  if (!guest.command) return complain(guest.command.error().message, kExitCouldNotRun);
  if (!options.console.empty())
    if (auto written = write_report(options.console, guest.run.console); !written)
      return complain(written.error().message, kExitCouldNotRun);
  return take_end(*guest.kernel, *guest.command, guest.run);
}

}  // namespace

int lab(const LabOptions& options) {
  const auto interrupts = Interrupts::hold();
  if (!interrupts) return complain(interrupts.error().message, kExitCouldNotRun);
  // One after another: two that fetch would be in each other's way.
  std::vector<LabGuest> guests;
  for (const KernelName& name : options.kernels) {
    auto scratch = TempDir::make();
    if (!scratch) return complain(scratch.error().message, kExitCouldNotRun);
    LabGuest& guest = guests.emplace_back();
    guest.name = name;
    guest.kernel = find_kernel(name, *scratch, *interrupts, [](const std::string& message) { complain(message); });
    guest.scratch = std::move(*scratch);
    if (interrupts->pending() != 0)
      return complain("interrupted by " + signal_name(interrupts->pending()), kExitCouldNotRun);
  }
  int code = kExitAsExpected;
  Turns turns(guests.size());
  const auto work = [&](std::size_t i) {
    if (guests.size() > 1) turns.print(i, stdout, fmt::format("== {}\n", guests[i].name.text));
    const auto print_to = [&turns, i](FILE* stream) {
      return [&turns, i, stream](std::string_view text) { turns.print(i, stream, text); };
    };
    if (guests[i].kernel) run_lab_guest(guests[i], options, {.out = print_to(stdout), .err = print_to(stderr)}, *interrupts);
  };
  side_by_side(guests.size(), guest_jobs(options), work, [&](std::size_t i) {
    code = worse_exit(code, end_lab_guest(guests[i], options));
    guests[i].run = {};
    if (!turns.end(i))
      code = complain(guests[i].name.text + ": it printed more than can be kept until its turn", kExitCouldNotRun);
  });
  return interrupts->pending() != 0 ? kExitCouldNotRun : code;
}

int lab_fetch(const std::vector<KernelName>& kernels) {
  const auto interrupts = Interrupts::hold();
  if (!interrupts) return complain(interrupts.error().message, kExitCouldNotRun);
  const auto cache = KernelCache::open();
  if (!cache) return complain(cache.error().message, kExitCouldNotRun);
  if (auto updated = update_debian(*cache, *interrupts); !updated)
    return complain(updated.error().message, kExitCouldNotRun);
  for (const KernelName& name : kernels) {
    const auto kernel = fetch_debian(*cache, name.version, *interrupts);
    if (!kernel) return complain(kernel.error().message, kExitCouldNotRun);
    const std::string line = fmt::format("{}  {} {}  {}\n", kernel->name, kernel->package, kernel->version, kernel->image);
    std::fputs(line.c_str(), stdout);
  }
  return kExitAsExpected;
}

int lab_list(bool json) {
  const auto interrupts = Interrupts::hold();
  if (!interrupts) return complain(interrupts.error().message, kExitCouldNotRun);
  const auto cache = KernelCache::open();
  if (!cache) return complain(cache.error().message, kExitCouldNotRun);
  const std::vector<Kernel> cached = cache->list();
  const auto debian = list_debian(*cache, *interrupts);
  if (!debian) complain(debian.error().message);
  nlohmann::json document{{"cached", nlohmann::json::array()}, {"debian", nlohmann::json::array()}};
  std::string text;
  for (const Kernel& kernel : cached) {
    document["cached"].push_back(
        {{"name", kernel.name}, {"package", kernel.package}, {"version", kernel.version}, {"image", kernel.image}});
    text += fmt::format("{:<16} {:<14} cached as {}\n", kernel.name, kernel.version, kernel.image);
  }
  std::set<std::string> names;
  for (const Kernel& kernel : cached) names.insert(kernel.name);
  for (const DebianKernel& kernel : debian ? *debian : std::vector<DebianKernel>{}) {
    const std::string name =
        "debian:" + kernel.version.substr(0, kernel.version.find_first_of(".~-", kernel.version.find('.') + 1));
    document["debian"].push_back({{"name", name}, {"version", kernel.version}});
    if (names.insert(name).second) text += fmt::format("{:<16} {:<14} can be fetched\n", name, kernel.version);
  }
  if (auto written = write_report("-", json ? document.dump(2) + "\n" : text); !written)
    return complain(written.error().message, kExitCouldNotRun);
  return debian || !cached.empty() ? kExitAsExpected : kExitCouldNotRun;
}

}  // namespace sandgauge
