// Whether a program makes the call that its case is about, where the outcome alone does not show it.
//
//   if (needs_witness(test, outcome, verdict)) run again under with_listener_for(test.policy, *test.call, *subject(test))
//
// Nothing here fails.
#pragma once

#include "model/case.h"
#include "model/outcome.h"
#include "model/verdict.h"

namespace sandgauge {

/// Nothing that was seen shows that the program made the case's call: a program that does not make it looks as if it was
/// allowed, or as if it took the refusal in silence.
bool needs_witness(const Case& test, const Outcome& outcome, const Verdict& verdict);

/// The same policy, but a listener is asked about this call.
Policy with_listener_for(const Policy& policy, const CallRequest& request, const Call& call);

}  // namespace sandgauge
