// What a process may do and has promised, changed in a scenario's child.
//
//   stage.exited("an ordinary process", 0, stage.child([&stage] {
//     drop_capabilities(stage);
//     require_no_new_privs_unset(stage);
//     stage.fails_with("the load", EACCES, stage.try_load(filter));
//   }));
//
// Plain system calls of the calling thread; async-signal-safe.
#pragma once

#include <cstdint>

#include "probe/stage.h"

namespace sandgauge {

/// A set of capabilities: bit n is capability n of linux/capability.h.
using CapabilitySet = std::uint64_t;
constexpr CapabilitySet capability(unsigned number) { return CapabilitySet{1} << number; }

/// The effective set of the calling thread.
CapabilitySet effective_capabilities(Stage& stage);
/// Keeps what is in the sets out of what is permitted; `effective` must be part of `permitted`.
void set_capabilities(Stage& stage, CapabilitySet effective, CapabilitySet permitted);
inline void drop_capabilities(Stage& stage) { set_capabilities(stage, 0, 0); }

/// prctl(PR_GET_NO_NEW_PRIVS) of the calling thread.
std::int64_t no_new_privs();
/// Skips the scenario where the run itself is under NO_NEW_PRIVS, which nothing takes back.
void require_no_new_privs_unset(Stage& stage);

/// Skips the scenario where the run itself is under a filter, as in most containers: strict mode cannot be entered then.
void require_strict_mode(Stage& stage);

}  // namespace sandgauge
