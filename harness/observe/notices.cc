#include "observe/notices.h"

#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/errno_text.h"
#include "model/call.h"

namespace sandgauge {
namespace {

/// A later kernel's structures may be longer than those that this was compiled with.
seccomp_notif_sizes notice_sizes() {
  seccomp_notif_sizes sizes{};
  ::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
  sizes.seccomp_notif = std::max<__u16>(sizes.seccomp_notif, sizeof(seccomp_notif));
  sizes.seccomp_notif_resp = std::max<__u16>(sizes.seccomp_notif_resp, sizeof(seccomp_notif_resp));
  return sizes;
}

}  // namespace

Result<Notices> Notices::take(int pidfd, int number) {
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, number, 0)));
  if (!fd) return fail("pidfd_getfd of the listener: {}", errno_text(errno));
  return Notices(std::move(fd));
}

void Notices::answer(Observation& seen) const {
  static const seccomp_notif_sizes sizes = notice_sizes();
  std::vector<std::uint64_t> request_memory(sizes.seccomp_notif / sizeof(std::uint64_t) + 1);
  std::vector<std::uint64_t> response_memory(sizes.seccomp_notif_resp / sizeof(std::uint64_t) + 1);
  auto* request = reinterpret_cast<seccomp_notif*>(request_memory.data());
  auto* response = reinterpret_cast<seccomp_notif_resp*>(response_memory.data());
  if (::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_RECV, request) != 0) return;
  Call call;
  if (from_seccomp_data(request->data, call)) add_call(seen, call.abi, call.number, {});
  response->id = request->id;
  response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_SEND, response);
}

}  // namespace sandgauge
