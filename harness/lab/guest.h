// Boots a kernel in a virtual machine, runs one command in it, and says how that ended.
//
//   GuestOptions options{.kernel = "/boot/vmlinuz", .initramfs = bytes};
//   GuestRun run = run_guest(options, {.out = print, .err = complain}, interrupts);
//   if (run.end == GuestEnd::finished) return WEXITSTATUS(run.status);
//   // otherwise run.trouble is one sentence, and run.console what the kernel printed
//
// Needs qemu-system-x86_64 in PATH. The kernel needs its serial ports built in (CONFIG_SERIAL_8250), for the console and for
// the results; no modules are loaded. When run_guest returns, nothing that it started is left.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/interrupts.h"

namespace sandgauge {

struct GuestOptions {
  std::string kernel;     // path of a bzImage
  std::string initramfs;  // bytes (lab/image.h)
  std::string append;     // more kernel parameters, after ours
  int memory_mib = 1024;
  int cpus = 2;         // one with icount
  bool kvm = false;     // tried first; a machine that does not get to its init with it is emulated instead
  bool icount = false;  // guest time counts instructions; its random numbers and its date are the same each time
  std::chrono::milliseconds timeout{900'000};
  std::chrono::milliseconds boot_timeout{120'000};     // until init says that it runs
  std::chrono::milliseconds silence_timeout{120'000};  // without a sign of life after that; not with icount
};

/// Called as the command writes.
struct GuestOutput {
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
};

enum class GuestEnd {
  finished,       // the command ended: `status`
  panicked,       // the kernel said so
  stopped,        // the machine stopped before the command had ended, and did not say why
  hung,           // no sign of life
  timed_out,      // ran longer than it may
  interrupted,    // by a signal to us
  could_not_run,  // no qemu, or qemu refused; or init could not do its work
};

struct GuestRun {
  GuestEnd end = GuestEnd::could_not_run;
  int status = 0;                  // the command's wait status
  std::string release;             // uname -r of the guest; empty if its init was not reached
  std::string trouble;             // one sentence; empty if it finished
  std::string console;             // all that the kernel printed, up to 4 MiB: the last of it
  std::vector<std::string> files;  // contents of GuestPlan::files, as far as they were there
  std::vector<bool> has_file;
};

/// The words of qemu's command line; its descriptors 3 and 4 are the console and the results.
std::vector<std::string> qemu_words(const GuestOptions& options, const std::string& initramfs_path);

/// Files beyond 256 MiB, or a result that is no frame, make it could_not_run.
GuestRun run_guest(const GuestOptions& options, const GuestOutput& output, const Interrupts& interrupts);

/// True if this process may use /dev/kvm. Whether that works shows only when a guest boots.
bool may_use_kvm();

/// The last lines of a console log, without the time stamps' colour codes and control characters.
std::string last_lines(std::string_view console, int lines);

}  // namespace sandgauge
