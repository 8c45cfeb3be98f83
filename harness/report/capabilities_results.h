// What `sandgauge check` found, as a run's Report, so that the reporters of runs (tap.h, junit.h) can write it.
//
//   std::string tap = to_tap(as_run(report, unmet, drifts));
//
// A capability that is there is PASS. One that is not, or that is untested, is SKIP with its evidence: by itself that is no
// failure. It is FAIL if it was required, or if it differs from an earlier report. Nothing here fails.
#pragma once

#include <vector>

#include "model/capability.h"
#include "model/verdict.h"

namespace sandgauge {

/// `unmet`: ids that were required and are not there. A drift of an id that the report does not have gets a result of its
/// own.
Report as_run(const CapabilityReport& report, const std::vector<std::string>& unmet, const std::vector<Drift>& drifts);

}  // namespace sandgauge
