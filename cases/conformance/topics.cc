#include "conformance/topics.h"

#include <algorithm>
#include <iterator>

namespace sandgauge {

std::vector<Case> conformance_cases() {
  using Topic = std::vector<Case> (*)();
  constexpr Topic kTopics[] = {abi_cases,           addfd_cases,  arguments_bpf_cases, errno_cases,       inheritance_cases,
                               introspection_cases, kill_cases,   limits_cases,        load_errors_cases, log_audit_cases,
                               nnp_cases,           notify_cases, precedence_cases,    strict_mode_cases, trace_cases,
                               trap_cases,          tsync_cases,  vsyscall_vdso_cases};
  std::vector<Case> all;
  for (const Topic topic : kTopics) std::ranges::move(topic(), std::back_inserter(all));
  return all;
}

}  // namespace sandgauge
