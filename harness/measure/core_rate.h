// How fast the core runs right now: a fixed piece of arithmetic, timed.
//
//   double full = time_core();                       // the least of many readings
//   if (at_full_rate(time_core(), full)) ...         // nothing else uses the core's execution units
//
// What a hypervisor runs on the other hardware thread of a core slows everything on this one, by half and more, for
// milliseconds to seconds; no counter of a guest tells of it. The arithmetic does: it keeps all execution units busy, so it
// takes 1.4 to 2 times as long then, and nothing between. Measured on an EPYC guest: where two readings around 20 us of
// getppid were at the full rate, the call took 130.5 to 132.8 ns (10th to 90th percentile), else 145 to 213 ns.
#pragma once

namespace sandgauge {

/// CLOCK_MONOTONIC, nanoseconds. Async-signal-safe.
double clock_nanoseconds();

/// What two readings of the clock add to what lies between them, nanoseconds. Async-signal-safe.
double clock_cost();

/// Nanoseconds that the arithmetic took, about 3000. Async-signal-safe.
double time_core();

/// `least` is the least reading so far; 0: there is none yet.
constexpr bool at_full_rate(double reading, double least) {
  constexpr double kTolerance = 1.04;  // the clock's steps, an interrupt's return; less than one step of a core's frequency
  return least == 0 || reading <= least * kTolerance;
}

}  // namespace sandgauge
