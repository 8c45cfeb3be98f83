// Mutants: a case's filter with another answer. A suite is worth what it notices, so every mutant must turn its case red.
//
//   for (const Mutant& mutant : mutants(test)) ... run the mutant's filter, judge by the case's own expectation ...
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/case.h"
#include "model/stage_report.h"
#include "model/verdict.h"

namespace sandgauge {

struct Mutant {
  Case test;                // the case with its policy or mechanism changed, and nothing else
  std::string description;  // "ERRNO(EPERM) -> ALLOW"
  StageMutation stage;      // of a scenario, whose Case stays as it is
};

/// With a call: only that call's answer is changed, to every other action and, for ERRNO, TRAP and TRACE, to other data.
/// Without one: each rule's action in turn, and the default's. Strict mode becomes no confinement at all. A control without
/// confinement has no mutants. A scenario (probe/stage.h) has each of its checks turned round, and each of its filters that
/// is not loaded as it is given three other answers; how many there are is known from `passed`, its unchanged run.
Result<std::vector<Mutant>> mutants(const Case& test, const CaseResult& passed);

}  // namespace sandgauge
