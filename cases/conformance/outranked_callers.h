// Keeping callers from running while a supervisor makes several requests, without a sleep.
//
//   outrank_callers(stage);            // before the callers are made
//   ...
//   listener.reply(...);               // makes the caller runnable
//   listener.reply(...);               // it has not run yet: the first reply is still there
//
// The calling thread stays on one processor and runs ahead of all ordinary processes there (SCHED_FIFO); processes that it
// starts stay on the same processor and are ordinary ones. So they run only while it sleeps. Needs CAP_SYS_NICE.
#pragma once

#include "probe/stage.h"

namespace sandgauge {

/// Skips the scenario where the machine has no real-time scheduling for this process (sched(7), control groups).
void outrank_callers(Stage& stage);

/// Lets others of the same rank run, on the same processor, until they sleep.
void let_equals_run();

}  // namespace sandgauge
