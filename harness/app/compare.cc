#include "app/compare.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "app/command_line.h"
#include "app/compare_act.h"
#include "app/compare_cost.h"
#include "app/compare_sandboxes.h"
#include "app/compare_traits.h"
#include "app/complain.h"
#include "app/installation.h"
#include "base/errno_text.h"
#include "base/machine_lock.h"
#include "judge/fit.h"
#include "kernel/command.h"
#include "policy/intent_yaml.h"
#include "report/comparison.h"
#include "report/output.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

Result<std::vector<Intent>> read_intents(const std::vector<std::string>& wanted, const Installation& installation) {
  std::vector<std::string> files;
  const fs::path folder = fs::path(installation.cases) / "intents";
  std::error_code error;
  std::vector<std::string> built_in;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".yaml") built_in.push_back(entry.path().string());
  if (error) return fail("{}: {}", folder.string(), error.message());
  std::ranges::sort(built_in);
  for (const std::string& word : wanted) {
    const auto own =
        std::ranges::find(built_in, word, [](const std::string& file) { return fs::path(file).stem().string(); });
    if (own != built_in.end()) {
      files.push_back(*own);
    } else if (word == "-" || word.find('/') != std::string::npos || word.ends_with(".yaml")) {
      files.push_back(word);
    } else {
      std::string names;
      for (const std::string& file : built_in) names += (names.empty() ? "" : ", ") + fs::path(file).stem().string();
      return fail("there is no intent '{}', expected a file or one of {}", word, names);
    }
  }
  std::vector<Intent> intents;
  for (const std::string& file : wanted.empty() ? built_in : files) {
    auto intent = read_intent(file);
    if (!intent) return fail(intent.error());
    intents.push_back(std::move(*intent));
  }
  return intents;
}

/// All acts of an intent, the act first.
std::vector<std::pair<ActRole, const Act*>> acts_of_intent(const Intent& intent) {
  std::vector<std::pair<ActRole, const Act*>> acts{{ActRole::act, &intent.act}};
  for (const Act& act : intent.variants) acts.emplace_back(ActRole::variant, &act);
  for (const Act& act : intent.controls) acts.emplace_back(ActRole::control, &act);
  return acts;
}

class Comparer {
 public:
  Comparer(TempDir scratch, Installation installation, SandboxTools tools, const Interrupts& interrupts)
      : scratch_(std::move(scratch)),
        installation_(std::move(installation)),
        tools_(std::move(tools)),
        interrupts_(interrupts) {}

  Result<void> listen() {
    MachineLock lock;
    static_cast<void>(lock.take(MachineLock::Kind::shared, kLockPatience, -1));
    auto reader = AuditReader::open();
    if (!reader) return fail(reader.error());
    audit_ = std::make_unique<AuditReader>(std::move(*reader));
    return {};
  }

  Result<IntentSeen> compare(const Intent& intent) {
    IntentSeen seen{.id = intent.id, .sentence = intent.sentence, .record = intent.record};
    for (const Sandbox sandbox : kEverySandbox) {
      auto pairing = pair(intent, sandbox);
      if (!pairing) return fail(pairing.error());
      if (!seen.pairings.empty()) mark_what_is_not_here(pairing->acts, seen.pairings[0].acts);
      if (pairing->trouble.empty()) pairing->fit = fit_of(intent.record, pairing->acts);
      seen.pairings.push_back(std::move(*pairing));
    }
    return seen;
  }

  /// Tried on the one intent that comes with all sandboxes' words.
  void find_traits_of(Comparison& comparison) {
    const auto intent = read_intent(installation_.cases + "/intents/deny-mkdir.yaml");
    if (!intent) return comparison.notes.push_back(intent.error().message);
    for (const Sandbox sandbox : {Sandbox::seccomp, Sandbox::apparmor, Sandbox::landlock, Sandbox::bpf_lsm}) {
      scratch_.clear();
      const auto scene = Scene::make(scratch_.path(), installation_.programs);
      if (scene) comparison.traits.push_back(find_traits(sandbox, *intent, **scene, tools_));
    }
  }

  std::vector<SandboxCost> costs() {
    scratch_.clear();
    return measure_costs(scratch_.path(), tools_, interrupts_);
  }

 private:
  Result<Pairing> pair(const Intent& intent, Sandbox sandbox) {
    Pairing pairing{.sandbox = sandbox, .why = intent.why(sandbox)};
    const auto absent = [&pairing](const std::string& why) {
      pairing.fit = Fit::absent;
      pairing.trouble = why;
      return pairing;
    };
    std::optional<PreparedSandbox> made;
    for (const auto& [role, act] : acts_of_intent(intent)) {
      if (interrupts_.pending() != 0) return fail("interrupted by {}", signal_name(interrupts_.pending()));
      scratch_.clear();
      auto scene = Scene::make(scratch_.path(), installation_.programs);
      if (!scene) return fail(scene.error());
      if (made) {
        if (auto refreshed = refresh_sandbox(*made, intent, **scene); !refreshed) return fail(refreshed.error());
      } else {
        made = prepare_sandbox(sandbox, intent, **scene, tools_);
        if (!made->trouble.empty()) return absent(made->trouble);
        if (!made->expressible) return pairing;
        pairing.install_microseconds = made->install_microseconds;
      }
      MachineLock lock;  // another run may be changing what the machine logs, for one of its cases
      if (audit_) static_cast<void>(lock.take(MachineLock::Kind::shared, kLockPatience, -1));
      ActSeen seen = try_act(*act, **scene, made->confinements, {audit_.get(), made->bpf.get()});
      seen.role = role;
      if (seen.end == ActEnd::not_tried && role == ActRole::act) return absent(seen.trouble);
      pairing.acts.push_back(std::move(seen));
    }
    return pairing;
  }

  TempDir scratch_;
  Installation installation_;
  SandboxTools tools_;
  const Interrupts& interrupts_;
  std::unique_ptr<AuditReader> audit_;
};

std::string report_as(CompareFormat format, const Comparison& comparison, Style style) {
  switch (format) {
    case CompareFormat::json: return comparison_json(comparison);
    case CompareFormat::markdown: return comparison_markdown(comparison);
    case CompareFormat::html: return comparison_html(comparison);
    default: return comparison_text(comparison, style);
  }
}

int compare_here(const CompareOptions& options) {
  const auto interrupts = Interrupts::hold();
  if (!interrupts) return complain(interrupts.error().message, kExitCouldNotRun);
  auto installation = find_installation();
  if (!installation) return complain(installation.error().message, kExitCouldNotRun);
  const auto intents = read_intents(options.intents, *installation);
  if (!intents) return complain(intents.error().message, kExitUsage);

  Comparison comparison{.version = SANDGAUGE_VERSION, .counted = options.counted};
  utsname kernel{};
  ::uname(&kernel);
  comparison.kernel = kernel.release;
  comparison.user = ::geteuid() == 0 ? "root" : fmt::format("uid {}", ::geteuid());
  if (!leave_mount_namespace())
    comparison.notes.emplace_back("Without CAP_SYS_ADMIN there are no bind mounts: variants that need them are left out.");
  auto scratch = TempDir::make();
  if (!scratch) return complain(scratch.error().message, kExitCouldNotRun);
  SandboxTools tools{.parser = find_parser(), .bpf_object = installation->programs + "/sandbox.bpf.o"};
  if (auto bpf = BpfLsm::load(tools.bpf_object, {})) tools.bpf = std::make_shared<BpfLsm>(std::move(*bpf));
  Comparer comparer(std::move(*scratch), *installation, std::move(tools), *interrupts);
  if (auto heard = comparer.listen(); !heard)
    comparison.notes.push_back("Audit records are not seen: " + heard.error().message + ".");

  comparer.find_traits_of(comparison);
  for (const Intent& intent : *intents) {
    auto seen = comparer.compare(intent);
    if (!seen) return complain(seen.error().message, kExitCouldNotRun);
    comparison.intents.push_back(std::move(*seen));
  }
  if (options.cost) comparison.costs = comparer.costs();
  if (interrupts->pending() != 0) return complain("interrupted by " + signal_name(interrupts->pending()), kExitCouldNotRun);
  const bool colour = options.output == "-" && ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  const std::string text = report_as(options.format, comparison, {.colour = colour});
  if (auto written = write_report(options.output, text); !written)
    return complain(written.error().message, kExitCouldNotRun);
  return kExitAsExpected;
}

}  // namespace

int compare(const CompareOptions& options) {
  if (options.lab.kernels.empty()) return compare_here(options);
  return lab(options.lab);
}

}  // namespace sandgauge
