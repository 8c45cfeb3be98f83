#include "app/compare_sandboxes.h"

#include <linux/capability.h>
#include <sys/stat.h>

#include <chrono>

#include "compile/bpf.h"

namespace sandgauge {

const char* const kAppArmorAllowance = "file, capability, signal, ptrace, mount, umount,";

namespace {

/// A scene that was made anew has other inodes.
std::uint64_t inode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

Result<void> add_seccomp(PreparedSandbox& made, const Intent& intent) {
  const auto program = compile_bpf(*intent.seccomp);
  if (!program) return fail(program.error());
  made.seccomp = std::make_unique<SeccompFilter>(*program, intent.seccomp->flags, false);
  made.confinements.push_back(made.seccomp.get());
  return {};
}

Result<void> add_apparmor(PreparedSandbox& made, const Intent& intent, const Scene& scene, SandboxTools& tools) {
  if (const std::string obstacle = apparmor_obstacle(); !obstacle.empty()) return fail("{}", obstacle);
  if (tools.parser.empty()) return fail("there is no apparmor_parser");
  const std::string rules = fmt::format("{}\n{}", kAppArmorAllowance, scene.fill(intent.apparmor));
  if (tools.apparmor == nullptr || !tools.apparmor->is_loaded() || tools.apparmor_rules != rules) {
    auto profile = AppArmorProfile::load(tools.parser, rules);
    if (!profile) return fail(profile.error());
    tools.apparmor = std::make_shared<AppArmorProfile>(std::move(*profile));
    tools.apparmor_rules = rules;
  }
  made.apparmor = tools.apparmor;
  made.confinements.push_back(made.apparmor.get());
  return {};
}

Result<void> add_landlock(PreparedSandbox& made, const Intent& intent, const Scene& scene) {
  LandlockRules rules = *intent.landlock;
  rules.below = scene.fill(rules.below);
  for (std::string& port : rules.ports) port = scene.fill(port);
  auto denial = LandlockDenial::make(rules, landlock_abi());
  if (!denial) return fail(denial.error());
  made.landlock = std::make_unique<LandlockDenial>(std::move(*denial));
  made.confinements.push_back(made.landlock.get());
  return {};
}

BpfSettings settings_for(const Intent& intent, const Scene& scene) {
  return {.denied_inode = inode_of(scene.fill(intent.bpf_inode)),
          .denied_port = scene.port(),
          .denied_capability = CAP_SYS_CHROOT};
}

Result<void> add_bpf(PreparedSandbox& made, const Intent& intent, const Scene& scene, SandboxTools& tools) {
  if (tools.bpf != nullptr) {
    made.bpf = std::shared_ptr<BpfLsm>(tools.bpf.get(), [](BpfLsm* lsm) { lsm->detach(); });
  } else {
    auto lsm = BpfLsm::load(tools.bpf_object, intent.bpf_lsm);
    if (!lsm) return fail(lsm.error());
    made.bpf = std::make_shared<BpfLsm>(std::move(*lsm));
  }
  if (auto set = made.bpf->set(settings_for(intent, scene)); !set) return set;
  if (auto attached = made.bpf->attach(intent.bpf_lsm); !attached) return attached;
  static_cast<void>(made.bpf->take_events());  // of whoever was there before
  made.confinements.push_back(made.bpf.get());
  return {};
}

Result<void> add_parts(PreparedSandbox& made, Sandbox sandbox, const Intent& intent, const Scene& scene,
                       SandboxTools& tools) {
  const bool both = sandbox == Sandbox::seccomp_apparmor;
  const auto wanted = [&](Sandbox one, bool expressible) {
    const bool add = expressible && (sandbox == one || (both && (one == Sandbox::seccomp || one == Sandbox::apparmor)));
    made.expressible = made.expressible || add;
    return add;
  };
  // The profile first: its transition may be refused after NO_NEW_PRIVS, which a filter needs.
  if (wanted(Sandbox::apparmor, !intent.apparmor.empty()))
    if (auto added = add_apparmor(made, intent, scene, tools); !added) return added;
  if (wanted(Sandbox::seccomp, intent.seccomp.has_value()))
    if (auto added = add_seccomp(made, intent); !added) return added;
  if (wanted(Sandbox::landlock, intent.landlock.has_value()))
    if (auto added = add_landlock(made, intent, scene); !added) return added;
  if (wanted(Sandbox::bpf_lsm, !intent.bpf_lsm.empty()))
    if (auto added = add_bpf(made, intent, scene, tools); !added) return added;
  return {};
}

}  // namespace

Result<void> refresh_sandbox(PreparedSandbox& sandbox, const Intent& intent, const Scene& scene) {
  if (sandbox.landlock != nullptr) {
    sandbox.confinements.clear();
    if (auto added = add_landlock(sandbox, intent, scene); !added) return added;
  }
  return sandbox.bpf != nullptr ? sandbox.bpf->set(settings_for(intent, scene)) : Result<void>{};
}

PreparedSandbox prepare_sandbox(Sandbox sandbox, const Intent& intent, const Scene& scene, SandboxTools& tools) {
  PreparedSandbox made;
  if (sandbox == Sandbox::none) {
    made.expressible = true;
    return made;
  }
  const auto start = std::chrono::steady_clock::now();
  if (auto added = add_parts(made, sandbox, intent, scene, tools); !added) made.trouble = added.error().message;
  const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - start;
  made.install_microseconds = made.expressible ? taken.count() : 0;
  return made;
}

}  // namespace sandgauge
