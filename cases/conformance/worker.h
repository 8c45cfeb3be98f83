// A second thread for scenarios that ask who dies: the calling thread or the whole process.
//
//   stage.load(Filter::answer(SYS_getppid, SECCOMP_RET_KILL_THREAD));
//   stage.holds("the worker is gone", !returns_in_worker(stage, SYS_getppid));
//
// Only for a process with one thread: it uses pthread_create(3), which allocates. A worker that cannot be started ends the
// scenario as broken.
#pragma once

#include <cstdint>

#include "probe/stage.h"

namespace sandgauge {

/// Makes the call in a new thread and waits for the thread's end. Whether the call came back; the thread was killed if not.
/// The value that pthread_join(3) gives tells less: of a killed thread it is what its predecessor on that stack returned.
bool returns_in_worker(Stage& stage, long number, std::int64_t first = 0);

/// The end of a process whose worker made the call: a child of its own, which exits with `exit_code` if it lives on.
int end_after_call_in_worker(Stage& stage, int exit_code, long number, std::int64_t first = 0);

}  // namespace sandgauge
