#include "app/delivery.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "app/bundle.h"
#include "app/installation.h"
#include "execute/runtime.h"
#include "kernel/command.h"
#include "lab/elf.h"
#include "policy/env_list.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

/// The variables that the library reads: a user's own must not reach a case.
bool is_filter_variable(const std::string& word) {
  return word.starts_with("SECCOMP_SYSCALL_ALLOW=") || word.starts_with("SECCOMP_SYSCALL_DENY=") ||
         word.starts_with("SECCOMP_DEFAULT_ACTION=");
}

/// What can be read off the file about why the library did not run in it.
std::string hint_for(const std::string& program) {
  struct stat facts {};
  if (::stat(program.c_str(), &facts) == 0 && (facts.st_mode & (S_ISUID | S_ISGID)) != 0)
    return "it is set-user-ID or set-group-ID, and the loader ignores LD_PRELOAD for such programs";
  std::ifstream file(program, std::ios::binary);
  constexpr std::size_t kHeaders = 64 * 1024;
  std::string elf(kHeaders, '\0');
  file.read(elf.data(), kHeaders);
  elf.resize(static_cast<std::size_t>(file.gcount()));
  if (elf.starts_with("\x7f"
                      "ELF") &&
      !loader_of(elf))
    return "it is linked statically";
  return "it is static, of another architecture, or privileged, or the loader could not open the library";
}

/// As a shell of root's finds it: in PATH, or where only root's PATH leads.
Result<std::string> find_runtime(Delivery delivery) {
  const std::string name(delivery_name(delivery));
  auto found = find_command(name);
  return found ? found : find_command("/usr/sbin/" + name);
}

Result<Outcome> run_bundle(const std::string& runtime, const Case& filtered, const ExecuteRequest& request,
                           const std::string& seccomp) {
  static int count = 0;
  const auto folder = TempDir::make();
  if (!folder) return fail(folder.error());
  if (auto made = make_bundle(folder->path(), request, seccomp); !made) return fail(made.error());
  RuntimeRequest run{.runtime = {runtime, "--root", folder->path() + "/state"},
                     .bundle = folder->path(),
                     .id = fmt::format("sandgauge-{}-{}", ::getpid(), ++count),
                     .scratch = folder->path(),
                     .timeout = request.timeout,
                     .output_limit = request.output_limit,
                     .interrupt_fd = request.interrupt_fd};
  // It needs none of its own, and must not need the right to make one.
  if (filtered.delivery == Delivery::crun) {
    run.runtime.emplace_back("--cgroup-manager=disabled");
    run.hide_second_cgroups = true;
  }
  Outcome outcome = execute_in_runtime(run);
  note_existing(request, outcome);
  return outcome;
}

/// A copy that lists the library as needed.
Result<std::string> make_copy(const std::string& program, const std::string& library, const TempDir& folder) {
  const auto patchelf = find_command("patchelf");
  if (!patchelf) return fail(patchelf.error());
  const fs::path copy = fs::path(folder.path()) / fs::path(program).filename();
  std::error_code error;
  fs::copy_file(program, copy, error);
  if (error) return fail("copy of {}: {}", program, error.message());
  const CommandResult ended = run_command({*patchelf, "--add-needed", library, copy.string()});
  if (ended.exit_code != 0) return fail("patchelf --add-needed on a copy of {}: {}", program, ended.last_line());
  return copy.string();
}

}  // namespace

std::string lacking_for(Delivery delivery) {
  if (delivery == Delivery::needed && !find_command("patchelf")) return "patchelf is not installed";
  if (!is_runtime(delivery)) return {};
  if (!find_runtime(delivery)) return fmt::format("{} is not installed", delivery_name(delivery));
  return ::geteuid() == 0 ? "" : fmt::format("{} needs root here", delivery_name(delivery));
}

Result<Delivered> deliver(const Case& filtered, const Program& program, unsigned flags, ExecuteRequest& request) {
  const auto library = find_preload_library();
  if (!library) return fail(library.error());
  auto preload = Preload::make();
  if (!preload) return fail(preload.error());
  std::vector<std::string> words = std::move(request.environment);
  std::erase_if(words, is_filter_variable);
  const WrittenProfile list = filtered.by_variables ? to_env_list(filtered.policy) : WrittenProfile{};
  if (filtered.by_variables && list.lost.empty()) {
    std::istringstream lines(list.text);
    for (std::string line; std::getline(lines, line);) words.push_back(line);
  } else if (auto handed = preload->hand_over(program); !handed) {
    return fail(handed.error());
  }
  preload->set_flags(flags);
  const std::string file = request.path.empty() ? request.program[0] : request.path;
  const std::string hint = hint_for(file);
  std::optional<TempDir> folder;
  if (filtered.delivery == Delivery::needed) {
    auto made = TempDir::make();
    if (!made) return fail(made.error());
    folder = std::move(*made);
    auto copy = make_copy(file, *library, *folder);
    if (!copy) return fail(copy.error());
    request.path = *copy;
  }
  request.environment = preload->environment(std::move(words), filtered.delivery == Delivery::preload ? *library : "");
  request.handed_fd = preload->fd();
  return Delivered(std::move(*preload), std::move(folder), hint);
}

void Delivered::complete(Outcome& outcome) const {
  if (outcome.setup || outcome.end.kind == End::Kind::interrupted) return;
  outcome.setup = preload_.failure();
  const auto stage = static_cast<PreloadStage>(preload_.sheet().stage.load());
  if (outcome.setup && stage == PreloadStage::untouched) outcome.setup->step += ": " + hint_;
}

bool is_runtime(Delivery delivery) { return delivery == Delivery::runc || delivery == Delivery::crun; }

Result<ContainerRun> run_in_container(const Case& filtered, const ExecuteRequest& request) {
  const auto runtime = find_runtime(filtered.delivery);
  if (!runtime) return fail(runtime.error());
  const auto seccomp = seccomp_of(filtered);
  if (!seccomp) return fail(seccomp.error());
  auto outcome = run_bundle(*runtime, filtered, request, *seccomp);
  if (!outcome) return fail(outcome.error());
  ContainerRun run{*std::move(outcome), {}};
  if (!run.outcome.setup || run.outcome.end.kind == End::Kind::interrupted) return run;
  // Is it the profile that the runtime does not take, or does it run nothing here?
  const auto control = run_bundle(*runtime, filtered, request, "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}");
  if (control && control->setup) run.lacking = "it runs no container here: " + control->setup->step;
  return run;
}

}  // namespace sandgauge
