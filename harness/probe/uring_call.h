// uring_call: one system call's work through io_uring(7), past whatever looks at system calls by their numbers.
//
//   Call call{.number = SYS_mkdirat, .args = {AT_FDCWD, path, 0755}};
//   std::int64_t result = uring_call(call);      // 0, or -errno
//
// A ring is made for it and closed again. -errno of io_uring_setup(2) where there is none; -EOPNOTSUPP for a call that has
// no operation here (openat, mkdirat, unlinkat, connect, socket have). Operations that the kernel does not know end in
// -EINVAL. For a child: it maps memory, and allocates none.
#pragma once

#include <cstdint>

#include "model/call.h"

namespace sandgauge {

std::int64_t uring_call(const Call& call);

}  // namespace sandgauge
