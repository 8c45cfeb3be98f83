// Confinement by Landlock: rulesets that forbid nothing, to see what the checks themselves cost.
//
//   LandlockLayers layers(4);        // open(2) then walks four rulesets
//
// Each layer handles all file rights of Landlock's first ABI (Linux 5.13) and allows them below "/". A thread can have 16
// (landlock(7)); a kernel without Landlock fails with ENOSYS or EOPNOTSUPP.
#pragma once

#include "model/confinement.h"

namespace sandgauge {

class LandlockLayers : public Confinement {
 public:
  explicit LandlockLayers(int layers) : layers_(layers) {}
  ConfineResult apply() const noexcept override;

 private:
  int layers_;
};

}  // namespace sandgauge
