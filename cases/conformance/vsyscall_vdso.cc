// Ways into the kernel that no program asks for by a call instruction of its own, and ways around it.
#include "conformance/vsyscall_vdso.h"

#include <algorithm>
#include <iterator>

#include "conformance/topics.h"

namespace sandgauge {

std::vector<Case> vsyscall_vdso_cases() {
  std::vector<Scenario> scenarios = vsyscall_scenarios();
  for (auto part : {vdso_scenarios(), restart_scenarios(), uprobe_scenarios()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("vsyscall-vdso", std::move(scenarios));
}

}  // namespace sandgauge
