// Two threads in a trial's child: what one of them does to itself, and whether the other one is still there.
//
//   on_thread([&] { load_filter(...); trial_call(); });   // returns when that thread is gone, however it went
//
// Only for a child that will not need its threads afterwards. Fails where pthread_create(3) does.
#pragma once

#include <pthread.h>

#include <functional>

namespace sandgauge {

/// Runs `work` on a second thread and waits until that has ended: the kernel wakes the waiter also for a thread that a
/// filter has killed (kernel/fork.c, mm_release). False if no thread could be made.
inline bool on_thread(const std::function<void()>& work) {
  pthread_t thread{};
  const auto run = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  if (pthread_create(&thread, nullptr, run, const_cast<std::function<void()>*>(&work)) != 0) return false;
  return pthread_join(thread, nullptr) == 0;
}

}  // namespace sandgauge
