// Confinement by Landlock: rights that are denied everywhere, or below one path only.
//
//   Result<LandlockDenial> denial = LandlockDenial::make({.deny = {"make_dir"}, .below = "/srv/data"}, landlock_abi());
//   // in the child: ConfineResult result = denial->apply();
//
// Landlock knows no denial but that of a whole hierarchy, from which paths are excepted. So "below /srv/data" becomes:
// denied everywhere, granted on each neighbour of /srv/data and of the folders above it. What is made later beside them, and
// those folders themselves, stay denied: that is what such a ruleset is like. A relative or missing path is an error.
// Fails where the kernel's ABI lacks a right, naming it, and where a descriptor cannot be had.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/confinement.h"
#include "model/landlock.h"

namespace sandgauge {

/// landlock_create_ruleset(LANDLOCK_CREATE_RULESET_VERSION); 0: the kernel has none, or it is disabled.
int landlock_abi();

class LandlockDenial : public Confinement {
 public:
  static Result<LandlockDenial> make(const LandlockRules& rules, int abi);
  /// Sets NO_NEW_PRIVS too.
  ConfineResult apply() const noexcept override;

 private:
  explicit LandlockDenial(UniqueFd ruleset) : ruleset_(std::move(ruleset)) {}
  UniqueFd ruleset_;
};

}  // namespace sandgauge
