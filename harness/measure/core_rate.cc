#include "measure/core_rate.h"

#include <algorithm>
#include <ctime>

namespace sandgauge {

double clock_nanoseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);  // by the vDSO: no system call (see clock_is_a_call())
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double clock_cost() {
  constexpr int kReadings = 50;
  double least = 1e9;
  for (int i = 0; i < kReadings; ++i) {
    const double start = clock_nanoseconds();
    least = std::min(least, clock_nanoseconds() - start);
  }
  return least;
}

double time_core() {
  constexpr int kTurns = 4000;
  // Four sums that do not wait for each other; the empty statement keeps the compiler from adding them up beforehand.
  unsigned long a = 1;
  unsigned long b = 2;
  unsigned long c = 3;
  unsigned long d = 4;
  const double start = clock_nanoseconds();
  for (int i = 0; i < kTurns; ++i) {
    a = (a + 1) ^ 5;
    b = (b + 1) ^ 5;
    c = (c + 1) ^ 5;
    d = (d + 1) ^ 5;
    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
  }
  return clock_nanoseconds() - start;
}

}  // namespace sandgauge
