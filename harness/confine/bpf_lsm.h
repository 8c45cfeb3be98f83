// Confinement by BPF LSM: real programs on the kernel's security hooks, loaded by libbpf, for one process and its
// descendants.
//
//   Result<BpfLsm> lsm = BpfLsm::load("programs/sandbox.bpf.o", {});
//   lsm->attach({"deny_mkdir_below"});
//   lsm->set({.denied_inode = inode_of(folder)});
//   // in the child: ConfineResult result = lsm->apply();    // from now on it is the confined one
//   std::vector<BpfEvent> events = lsm->take_events();
//
// Nobody else on the machine is denied anything, and the programs are detached when the owner goes, or dies. Loading needs
// CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN; BTF in the kernel (CONFIG_DEBUG_INFO_BTF); and "bpf" in the list of LSMs, which
// load() checks, since the programs would seem to work without it. Fails where libbpf does, in its words; always in a build
// that had no clang or libbpf.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/confinement.h"

namespace sandgauge {

struct BpfSettings {
  std::uint64_t denied_inode = 0;
  unsigned denied_port = 0;
  int denied_capability = -1;
};

struct BpfEvent {
  unsigned pid = 0;  // in the initial pid namespace
  bool denied = false;
  std::string hook;  // "inode_mkdir"
  std::string text;  // a file's name, or empty
};

class BpfLsm : public Confinement {
 public:
  /// `object` is the compiled confine/bpf/sandbox.bpf.c. Only the named programs of it are loaded, or all if none is named:
  /// most of the time goes into reading the kernel's types, once for all.
  static Result<BpfLsm> load(const std::string& object, const std::vector<std::string>& programs);
  BpfLsm(BpfLsm&&) noexcept;
  BpfLsm& operator=(BpfLsm&&) noexcept;
  ~BpfLsm() override;

  /// Puts loaded programs on their hooks.
  Result<void> attach(const std::vector<std::string>& programs);
  /// For the next process that applies it; nobody is confined from here until then.
  Result<void> set(const BpfSettings& settings);
  /// Makes the calling process the confined one, instead of the one before. It needs the same capabilities as loading.
  ConfineResult apply() const noexcept override;
  /// What was recorded since the last call.
  std::vector<BpfEvent> take_events();
  /// Asks the kernel to take the first program off its hook while its link stays open: 0 or an errno.
  int try_to_detach() const;
  /// Takes the programs off their hooks.
  void detach();

 private:
  struct Loaded;
  explicit BpfLsm(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace sandgauge
