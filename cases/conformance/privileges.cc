#include "conformance/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace sandgauge {
namespace {

std::int64_t address_of(const void* object) { return reinterpret_cast<std::intptr_t>(object); }

}  // namespace

CapabilitySet effective_capabilities(Stage& stage) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  stage.must("capget", raw_syscall(SYS_capget, address_of(&header), address_of(data)));
  return CapabilitySet{data[1].effective} << 32 | data[0].effective;
}

void set_capabilities(Stage& stage, CapabilitySet effective, CapabilitySet permitted) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  for (unsigned word = 0; word < _LINUX_CAPABILITY_U32S_3; ++word) {
    data[word].effective = static_cast<std::uint32_t>(effective >> (32 * word));
    data[word].permitted = static_cast<std::uint32_t>(permitted >> (32 * word));
  }
  stage.must("capset", raw_syscall(SYS_capset, address_of(&header), address_of(data)));
}

std::int64_t no_new_privs() { return raw_syscall(SYS_prctl, PR_GET_NO_NEW_PRIVS); }

void require_no_new_privs_unset(Stage& stage) {
  if (stage.must("prctl(PR_GET_NO_NEW_PRIVS)", no_new_privs()) != 0)
    stage.skip("this run is under NO_NEW_PRIVS itself, so that its absence cannot be tried");
}

void require_strict_mode(Stage& stage) {
  if (stage.host().outer_filters != 0) stage.skip("this run is under a filter itself, so that it cannot enter strict mode");
}

}  // namespace sandgauge
