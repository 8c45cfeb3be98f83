#include "conformance/worker.h"

#include <pthread.h>

namespace sandgauge {
namespace {

struct WorkerCall {
  long number;
  std::int64_t first;
  bool came_back = false;
};

void* make_call(void* argument) {
  WorkerCall& call = *static_cast<WorkerCall*>(argument);
  raw_syscall(call.number, call.first);
  call.came_back = true;
  return nullptr;
}

}  // namespace

bool returns_in_worker(Stage& stage, long number, std::int64_t first) {
  WorkerCall call{number, first};
  pthread_t worker{};
  stage.must("pthread_create", -pthread_create(&worker, nullptr, make_call, &call));
  stage.must("pthread_join", -pthread_join(worker, nullptr));
  return call.came_back;
}

int end_after_call_in_worker(Stage& stage, int exit_code, long number, std::int64_t first) {
  return stage.child([&] {
    returns_in_worker(stage, number, first);
    stage.end(exit_code);
  });
}

}  // namespace sandgauge
