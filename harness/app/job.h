// Job: one thing for a worker to do: a case, in one iteration, as it is or with a mutant's filter.
#pragma once

#include <optional>
#include <string>

#include "app/mutate.h"
#include "model/case.h"

namespace sandgauge {

struct Job {
  const Case* test = nullptr;
  int iteration = 1;
  const Mutant* mutant = nullptr;  // null: the case itself
};

}  // namespace sandgauge
