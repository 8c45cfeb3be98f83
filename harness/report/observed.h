// A profile held against an observation, as text and as JSON.
//
//   seen and not allowed:
//       mkdir, x86_64: ERRNO(EPERM); 3 times, first at strace.log:12
//   allowed and never seen:
//       x86_64: read write
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/action.h"
#include "model/observation.h"

namespace sandgauge {

struct Unallowed {
  ObservedCall call;
  Action answer;
};
struct Unseen {
  Abi abi = native_abi();
  std::vector<std::string> names;
  bool everything = false;  // the default is open: all that was not seen
};

std::string observed_text(const std::vector<Unallowed>& unallowed, const std::vector<Unseen>& unseen);
std::string observed_json(std::string_view profile, std::string_view observation, const std::vector<Unallowed>& unallowed,
                          const std::vector<Unseen>& unseen);

}  // namespace sandgauge
