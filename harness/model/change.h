// Change: a call that two policies answer differently.
#pragma once

#include "model/action.h"
#include "model/call.h"

namespace sandgauge {

struct Change {
  Call call;  // a witness
  Action before;
  Action after;
  bool some_arguments = false;  // other arguments of this call are answered alike, or change in another way
  bool unnamed = false;         // stands for every number that no table has
  bool operator==(const Change&) const = default;
};

}  // namespace sandgauge
