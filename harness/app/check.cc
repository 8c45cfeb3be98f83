#include "app/check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>

#include "app/command_line.h"
#include "app/complain.h"
#include "app/selection.h"
#include "compile/libseccomp_support.h"
#include "kernel/apparmor.h"
#include "kernel/capabilities.h"
#include "kernel/filter_call.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"
#include "report/capabilities_json.h"
#include "report/capabilities_nfd.h"
#include "report/capabilities_results.h"
#include "report/capabilities_text.h"
#include "report/escape.h"
#include "report/junit.h"
#include "report/output.h"
#include "report/tap.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostBytes = 16 << 20;

std::vector<Capability> catalogue() {
  std::vector<Capability> all = capability_catalogue();
  for (const LibseccompOperation& operation : libseccomp_operations()) all.push_back(operation.about);
  return all;
}

/// In a trial's child: the one confines its caller, and the other makes calls that a filter around this process may kill
/// for.
Finding found_in_child(const std::function<Finding(std::string&)>& find, std::string* value) {
  return attempt(
      [&](Witness& witness) {
        std::string seen;
        const Finding found = find(seen);
        witness.value("%s", seen.c_str());
        switch (found.standing) {
          case Standing::yes: return witness.yes("%s", found.evidence.c_str());
          case Standing::no: return witness.no("%s", found.evidence.c_str());
          default: return witness.untested("%s", found.evidence.c_str());
        }
      },
      value);
}

std::vector<Capability> inspect_libseccomp() {
  std::vector<Capability> found;
  const long denied = std::abs(ask([] { return static_cast<long>(-seccomp_denied(0)); }));
  for (const LibseccompOperation& operation : libseccomp_operations()) {
    Capability one = operation.about;
    one.advertised = found_in_child(operation.ask, &one.value);
    if (one.advertised.standing == Standing::untested) one.advertised.standing = Standing::unknown;
    if (operation.act != nullptr)
      one.works = found_in_child([&operation](std::string&) { return operation.act(); }, nullptr);
    if (denied > 0 && one.works.standing == Standing::no)
      one.works = {Standing::untested, fmt::format("seccomp(2) is denied: {}; what was seen: {}",
                                                   error_name(static_cast<int>(denied)), one.works.evidence)};
    one.reason = explain_difference(one);
    found.push_back(std::move(one));
  }
  return found;
}

Result<void> check_required(const std::vector<Capability>& known, const std::vector<std::string>& required) {
  for (const std::string& glob : required)
    if (std::ranges::none_of(known, [&](const Capability& one) { return matches_glob(glob, one.id); }))
      return fail("--require: no capability is called '{}'; sandgauge check --list names them all", visible(glob));
  return {};
}

Result<CapabilityReport> read_earlier(const std::string& path) {
  struct stat status {};
  const char* const file = path == "-" ? "/dev/stdin" : path.c_str();
  if (::stat(file, &status) == 0 && S_ISDIR(status.st_mode)) return fail("--against: {} is a folder", path);
  const auto text = read_text_file(file, kMostBytes);
  if (!text) return fail("--against: {}", text.error().message);
  auto report = read_capabilities(*text, path);
  if (!report) return fail("--against: {}", visible(report.error().message));
  return report;
}

/// Ctrl-C waits until what the trials have made is gone; then it ends this process in its usual way.
class EndingSignalsHeld {
 public:
  EndingSignalsHeld() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&held, signal);
    ::sigprocmask(SIG_BLOCK, &held, &before_);
  }
  EndingSignalsHeld(const EndingSignalsHeld&) = delete;
  EndingSignalsHeld& operator=(const EndingSignalsHeld&) = delete;
  ~EndingSignalsHeld() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

Result<CapabilityReport> inspect() {
  const EndingSignalsHeld held;
  const bool mounted = mount_securityfs_privately();
  auto inspected = inspect_machine();
  if (!inspected) return fail(inspected.error());
  Machine& machine = *inspected;
  machine.self_exec = {"/proc/self/exe", "check", "--confined-step"};
  CapabilityReport report;
  report.version = SANDGAUGE_VERSION;
  report.kernel = machine.host.release;
  report.machine = std::string(abi_name(native_abi()));
  report.user = machine.host.uid == 0 ? "root" : fmt::format("uid {}", machine.host.uid);
  if (machine.host.outer_filters != 0)
    report.notes.emplace_back("sandgauge itself runs under seccomp filters: what they deny does not work here");
  if (mounted) report.notes.emplace_back("securityfs is not mounted here; it was looked at in a mount namespace of our own");
  if (!machine.config) report.notes.push_back(machine.config_problem + "; what it claims is unknown");
  report.capabilities = inspect_capabilities(machine);
  for (Capability& one : inspect_libseccomp()) report.capabilities.push_back(std::move(one));
  if (machine.scratch) {
    const std::string folder = machine.scratch->path();
    machine.scratch.reset();
    if (::access(folder.c_str(), F_OK) == 0) complain(fmt::format("the folder {} cannot be removed", folder));
  }
  return report;
}

/// Required, and not seen to be there.
std::vector<std::string> unmet(const CapabilityReport& report, const std::vector<std::string>& required) {
  std::vector<std::string> ids;
  for (const Capability& one : report.capabilities) {
    const bool wanted = std::ranges::any_of(required, [&](const std::string& glob) { return matches_glob(glob, one.id); });
    const Finding& found = conclusion(one);
    if (!wanted || found.standing == Standing::yes) continue;
    ids.push_back(one.id);
    const std::string why = differs(one) ? one.reason : found.evidence;
    complain(visible(fmt::format("required, but {}: {}: {}", standing_name(found.standing), one.id, why)));
  }
  return ids;
}

std::vector<Drift> drifts(const std::optional<CapabilityReport>& earlier, const CapabilityReport& now) {
  if (!earlier) return {};
  if (earlier->kernel != now.kernel)
    complain(visible(fmt::format("the earlier report is of Linux {}, this is {}", earlier->kernel, now.kernel)));
  if (earlier->user != now.user)
    complain(visible(fmt::format("the earlier report was made by {}, this one by {}", earlier->user, now.user)));
  std::vector<Drift> found = drift_between(earlier->capabilities, now.capabilities);
  for (const Drift& drift : found) complain(visible("drift: " + drift.text));
  return found;
}

std::string render(const CapabilityReport& report, const CheckOptions& options, const std::vector<std::string>& missing,
                   const std::vector<Drift>& drifted) {
  switch (options.format) {
    case CheckFormat::json: return to_json(report);
    case CheckFormat::nfd: return to_nfd(report);
    case CheckFormat::tap: return to_tap(as_run(report, missing, drifted));
    case CheckFormat::junit: return to_junit(as_run(report, missing, drifted));
    case CheckFormat::text: break;
  }
  const bool terminal = options.output == "-" && ::isatty(STDOUT_FILENO) != 0;
  return to_text(report, {.colour = terminal && std::getenv("NO_COLOR") == nullptr}, options.verbose);
}

int write(const CheckOptions& options, const std::string& text, int exit_code) {
  const auto written = write_report(options.output, text);
  if (!written) complain(written.error().message);
  return written ? exit_code : kExitCouldNotRun;
}

}  // namespace

int check(const CheckOptions& options) {
  if (!options.confined_step.empty()) return confined_step(options.confined_step);
  const std::vector<Capability> known = catalogue();
  if (auto good = check_required(known, options.required); !good) return complain(good.error().message, kExitUsage);
  if (options.list)
    return write(options, options.format == CheckFormat::json ? list_json(known) : list_text(known), kExitAsExpected);

  std::optional<CapabilityReport> earlier;
  if (!options.against.empty()) {
    auto read = read_earlier(options.against);
    if (!read) return complain(read.error().message, kExitUsage);
    earlier = std::move(*read);
  }
  ::signal(SIGXFSZ, SIG_IGN);  // below a limit of file sizes a write fails with EFBIG instead
  auto inspected = inspect();
  if (!inspected) return complain(inspected.error().message, kExitCouldNotRun);
  const CapabilityReport& report = *inspected;

  const std::vector<std::string> missing = unmet(report, options.required);
  const std::vector<Drift> drifted = drifts(earlier, report);
  return write(options, render(report, options, missing, drifted),
               missing.empty() && drifted.empty() ? kExitAsExpected : kExitMismatch);
}

}  // namespace sandgauge
