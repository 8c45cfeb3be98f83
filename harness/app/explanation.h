// Explains filters: every call's decision, its instructions and whether it runs the filter at all. Without any kernel.
//
//   Explanation explanation = explain({{"bpf", *compile_bpf(policy), ""}}, &policy, {});
//
// The calls are those of every ABI of the policy, and of all that this machine's kernels can run, with the numbers that the
// rules give beside those of the kernel's table. Nothing here fails: a backend that could not compile the policy says why.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/call.h"
#include "model/explanation.h"
#include "model/policy.h"
#include "model/program.h"

namespace sandgauge {

struct NamedProgram {
  std::string name;
  Program program;    // one that validate() accepts, if there is no error
  std::string error;  // why there is none
};

/// A call to explain instead of all.
struct AskedCall {
  Call call;
  bool with_arguments = false;  // false: whatever the arguments are
  std::string text;             // as it was asked for
};

/// `policy` is null for a filter without one: then no rules are named.
Explanation explain(std::span<const NamedProgram> programs, const Policy* policy, std::span<const AskedCall> asked);

/// The same of `count` filters that `program` gives, from index 0 on. Each is asked for when the one before it has been
/// explained: what makes them may go on meanwhile.
Explanation explain(std::size_t count, const std::function<NamedProgram(std::size_t)>& program, const Policy* policy,
                    std::span<const AskedCall> asked);

}  // namespace sandgauge
