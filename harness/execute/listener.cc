#include "execute/listener.h"

#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/errno_text.h"
#include "base/pass_fd.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostRecords = 4096;

/// A later kernel's structures may be longer than those this was compiled with (SECCOMP_GET_NOTIF_SIZES).
struct Sizes {
  std::size_t request = sizeof(seccomp_notif);
  std::size_t response = sizeof(seccomp_notif_resp);
};

Sizes kernel_sizes() {
  seccomp_notif_sizes sizes{};
  Sizes result;
  if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) return result;
  result.request = std::max<std::size_t>(result.request, sizes.seccomp_notif);
  result.response = std::max<std::size_t>(result.response, sizes.seccomp_notif_resp);
  return result;
}

}  // namespace

Result<Listener> Listener::receive(int socket, ListenerPlan plan, std::optional<Call> call) {
  const int fd = receive_fd(socket);
  if (fd == -EACCES || fd == -EPIPE) return fail("the child sent no listener");
  if (fd < 0) return fail("recvmsg of the listener: {}", errno_text(-fd));
  return Listener(UniqueFd(fd), plan, call);
}

void Listener::answer(Outcome& outcome) const {
  static const Sizes sizes = kernel_sizes();
  std::vector<std::uint64_t> request_memory(sizes.request / sizeof(std::uint64_t) + 1);
  std::vector<std::uint64_t> response_memory(sizes.response / sizeof(std::uint64_t) + 1);
  auto* request = reinterpret_cast<seccomp_notif*>(request_memory.data());
  auto* response = reinterpret_cast<seccomp_notif_resp*>(response_memory.data());
  if (::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_RECV, request) != 0) return;

  Call call;
  const bool known = from_seccomp_data(request->data, call);
  if (outcome.notifications.size() < kMostRecords)
    outcome.notifications.push_back({static_cast<int>(request->pid), request->flags, call});
  const bool planned = !call_ || (known && call.abi == call_->abi && call.number == call_->number);
  response->id = request->id;
  if (planned && plan_.answer == ListenerPlan::Answer::reply) {
    response->error = plan_.error;
    response->val = plan_.value;
  } else {
    response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  }
  ::ioctl(fd_.get(), SECCOMP_IOCTL_NOTIF_SEND, response);
}

}  // namespace sandgauge
