#include "app/compare_cost.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "compile/bpf.h"
#include "measure/sample.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

constexpr int kRuleCounts[] = {1, 10, 100, 1000};
constexpr int kDepths[] = {1, 4, 8};
constexpr int kSamples = 3;
constexpr Stretches kShort{.batch = 50, .stretches = 9};

/// The calls that are timed. A path must outlive its work.
struct CostWork {
  std::string name;
  std::vector<TimedCall> calls;
  std::optional<double> base;  // of a process without a sandbox, before there is any
  std::string why;             // there is none
};

CostWork unrelated_call() { return {.name = "getppid", .calls = {{.number = SYS_getppid}}}; }

/// What a filter looks at, and no file is: its instructions are the same in each run.
CostWork plain_call() { return {.name = "getpgid", .calls = {{.number = SYS_getpgid}}}; }

CostWork file_calls(const std::string& path, const std::string& name) {
  return {.name = name,
          .calls = {{.number = SYS_openat, .args = {AT_FDCWD, reinterpret_cast<long>(path.c_str()), O_RDONLY}},
                    {.number = SYS_close, .takes_result = true}}};
}

/// The least time of a round of the calls; nothing, with `why`, if there is none.
std::optional<double> least(Sampler& sampler, const CostWork& work, const std::vector<const Confinement*>& confinements,
                            std::string& why) {
  std::optional<double> best;
  const Specimen specimen{.calls = work.calls, .confinements = confinements};
  for (int i = 0; i < kSamples; ++i) {
    const auto sample = sampler.take(specimen, kShort, std::chrono::seconds(60));
    if (!sample) return why = sample.error().message, std::nullopt;
    if (!sample->problem.empty()) return why = sample->problem, std::nullopt;
    if (sample->returned[0] < 0) return why = fmt::format("{} failed: {}", work.name, sample->returned[0]), std::nullopt;
    for (const double one : sample->nanoseconds) best = std::min(best.value_or(one), one);
  }
  return best;
}

/// The least time to become confined; 0, with `why`, if there is none.
double least_to_enter(Sampler& sampler, const std::vector<const Confinement*>& confinements, std::string& why) {
  constexpr Stretches kFewProcesses{.batch = 1, .stretches = 9};
  const auto sample = sampler.take({.work = Work::install, .calls = {}, .confinements = confinements}, kFewProcesses,
                                   std::chrono::seconds(60));
  if (!sample) return why = sample.error().message, 0;
  if (!sample->problem.empty()) return why = sample->problem, 0;
  return sample->nanoseconds.empty() ? 0 : *std::ranges::min_element(sample->nanoseconds);
}

/// A sandbox with some number of rules for a file at some depth.
struct CostSetting {
  Sandbox sandbox;
  int rules;
  int depth;
};

Intent intent_with(const CostSetting& setting, const std::string& below) {
  Intent intent;
  if (setting.sandbox == Sandbox::seccomp) {
    Policy policy;
    for (int i = 0; i < setting.rules; ++i)
      policy.rules.push_back(
          {.syscalls = {"getpgid"},
           .action = errno_action(EPERM),
           .when = {{.index = 3, .compare = Compare::masked_equal, .value = 10'000U + i, .mask = 0xffffffff}}});
    intent.seccomp = std::move(policy);
  }
  if (setting.sandbox == Sandbox::apparmor)
    for (int i = 0; i < setting.rules; ++i) intent.apparmor += fmt::format("deny /srv/sandgauge/nowhere-{}/** rw,\n", i);
  if (setting.sandbox == Sandbox::landlock)
    intent.landlock = LandlockRules{.deny = {"read_file"}, .below = below, .ports = {}};
  if (setting.sandbox == Sandbox::bpf_lsm) {
    intent.bpf_lsm = {"deny_open"};
    intent.bpf_inode = below;
  }
  return intent;
}

class CostMeter {
 public:
  CostMeter(Sampler sampler, std::string folder, SandboxTools& tools)
      : sampler_(std::move(sampler)), folder_(std::move(folder)), tools_(tools) {}

  void add(const CostSetting& setting, std::vector<SandboxCost>& rows) {
    // As many neighbours as there are rules: Landlock needs one for each.
    const fs::path top =
        fs::path(folder_) / fmt::format("rules-{}", setting.sandbox == Sandbox::landlock ? setting.rules : 1);
    std::error_code ignored;
    fs::create_directories(top / "denied", ignored);
    for (int i = 1; i < setting.rules && setting.sandbox == Sandbox::landlock; ++i)
      fs::create_directory(top / fmt::format("neighbour-{}", i), ignored);
    fs::path at = top / "read";
    for (int i = 1; i < setting.depth; ++i) at /= "d";
    fs::create_directories(at, ignored);
    std::ofstream(at / "file") << "x";
    const std::string file = (at / "file").string();

    const char* const what = setting.sandbox == Sandbox::landlock ? "neighbour" : "rule";
    std::string words = fmt::format("{} {}{}", setting.rules, what, setting.rules == 1 ? "" : "s");
    if (setting.sandbox != Sandbox::seccomp)  // which sees no paths
      words += fmt::format(", {} folder{} deep", setting.depth, setting.depth == 1 ? "" : "s");
    const bool is_filter = setting.sandbox == Sandbox::seccomp;
    CostWork works[] = {unrelated_call(), is_filter ? plain_call() : file_calls(file, "openat+close")};
    for (CostWork& work : works) work.base = least(sampler_, work, {}, work.why);
    tools_.apparmor.reset();  // or they would be made ready already
    tools_.bpf.reset();
    const auto start = std::chrono::steady_clock::now();
    const PreparedSandbox made =
        prepare_sandbox(setting.sandbox, intent_with(setting, (top / "denied").string()), Scene::nowhere(), tools_);
    const std::chrono::duration<double, std::nano> install = std::chrono::steady_clock::now() - start;
    std::string trouble = made.trouble;
    const double enter = trouble.empty() ? least_to_enter(sampler_, made.confinements, trouble) : 0;
    const auto add_row = [&](const CostWork& work, const char* who, const std::vector<const Confinement*>& confinements) {
      SandboxCost row{.sandbox = setting.sandbox,
                      .setting = words,
                      .call = work.name + who,
                      .install = install.count(),
                      .enter = std::round(enter)};
      row.trouble = trouble.empty() ? work.why : trouble;
      if (row.trouble.empty()) measure(work, confinements, row);
      rows.push_back(std::move(row));
    };
    for (const CostWork& work : works) add_row(work, "", made.confinements);
    // The others are only there for who is confined by them; a program on a hook is asked by everybody.
    if (setting.sandbox == Sandbox::bpf_lsm) add_row(works[1], " of others", {});
  }

 private:
  void measure(const CostWork& work, const std::vector<const Confinement*>& confinements, SandboxCost& row) {
    const auto with = least(sampler_, work, confinements, row.trouble);
    if (!work.base || !with) return;
    row.base = std::round(*work.base);
    row.extra = std::round(*with) - row.base;
  }

  Sampler sampler_;
  std::string folder_;
  SandboxTools& tools_;
};

}  // namespace

std::vector<SandboxCost> measure_costs(const std::string& folder, SandboxTools& tools, const Interrupts& interrupts) {
  std::vector<SandboxCost> rows;
  auto sampler = Sampler::make();
  if (!sampler) return rows;
  CostMeter meter(std::move(*sampler), folder, tools);
  std::vector<CostSetting> settings;
  for (const Sandbox sandbox : {Sandbox::seccomp, Sandbox::apparmor, Sandbox::landlock, Sandbox::bpf_lsm}) {
    for (const int rules : kRuleCounts)
      if (rules == 1 || sandbox != Sandbox::bpf_lsm) settings.push_back({sandbox, rules, 1});
    for (const int depth : kDepths)
      if (depth > 1 && sandbox != Sandbox::seccomp) settings.push_back({sandbox, 1, depth});
  }
  for (const CostSetting& setting : settings) {
    if (interrupts.pending() != 0) break;
    meter.add(setting, rows);
  }
  return rows;
}

}  // namespace sandgauge
