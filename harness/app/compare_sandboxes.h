// A sandbox made ready for one intent: profiles loaded, programs attached, filters compiled.
//
//   PreparedSandbox sandbox = prepare_sandbox(Sandbox::apparmor, intent, scene, tools);
//   if (!sandbox.trouble.empty()) ...                      // this machine lacks it
//   try_act(act, scene, sandbox.confinements, {.audit = audit, .bpf = sandbox.bpf.get()});
//
// What was loaded is taken away again when it goes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/compare_scene.h"
#include "confine/apparmor.h"
#include "confine/bpf_lsm.h"
#include "confine/landlock_rules.h"
#include "confine/seccomp.h"
#include "model/intent.h"
#include "model/sandbox.h"

namespace sandgauge {

struct SandboxTools {
  std::string parser;      // path of apparmor_parser; empty: there is none
  std::string bpf_object;  // path of sandbox.bpf.o
  // Kept, for a guest takes seconds to make them.
  std::shared_ptr<BpfLsm> bpf;                // with all programs; null: each intent's are loaded for it
  std::shared_ptr<AppArmorProfile> apparmor;  // the last profile
  std::string apparmor_rules;                 // its text
};

struct PreparedSandbox {
  bool expressible = false;
  std::string trouble;  // why it could not be made ready
  double install_microseconds = 0;
  std::vector<const Confinement*> confinements;  // in the order in which they are applied
  std::unique_ptr<SeccompFilter> seccomp;
  std::shared_ptr<AppArmorProfile> apparmor;
  std::unique_ptr<LandlockDenial> landlock;
  std::shared_ptr<BpfLsm> bpf;  // detached when this goes
};

PreparedSandbox prepare_sandbox(Sandbox sandbox, const Intent& intent, const Scene& scene, SandboxTools& tools);

/// For a scene that was made anew at the same path: what holds inodes or descriptors of the old one is made anew too.
Result<void> refresh_sandbox(PreparedSandbox& sandbox, const Intent& intent, const Scene& scene);

/// What every profile allows, so that an intent's lines only have to deny.
extern const char* const kAppArmorAllowance;

}  // namespace sandgauge
