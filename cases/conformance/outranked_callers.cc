#include "conformance/outranked_callers.h"

#include <sched.h>

#include <cerrno>

namespace sandgauge {

void outrank_callers(Stage& stage) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) stage.broken("sched_getaffinity", errno);
  int processor = 0;
  while (processor < CPU_SETSIZE - 1 && !CPU_ISSET(processor, &allowed)) ++processor;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0) stage.broken("sched_setaffinity", errno);
  sched_param parameters{};
  parameters.sched_priority = 1;
  if (::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) == 0) return;
  if (errno == EPERM) stage.skip("no real-time scheduling for this process (sched(7), control groups)");
  stage.broken("sched_setscheduler", errno);
}

void let_equals_run() { ::sched_yield(); }

}  // namespace sandgauge
