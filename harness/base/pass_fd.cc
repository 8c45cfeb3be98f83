#include "base/pass_fd.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace sandgauge {
namespace {

/// A message of one byte, with room for one descriptor.
struct Message {
  Message() {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr header{};
};

}  // namespace

int send_fd(int socket, int fd) {
  Message message;
  cmsghdr* const part = CMSG_FIRSTHDR(&message.header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
  return ::sendmsg(socket, &message.header, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

int receive_fd(int socket, int flags) {
  Message message;
  const auto length = ::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC | flags);
  if (length <= 0) return length < 0 ? -errno : -EPIPE;
  const cmsghdr* const part = CMSG_FIRSTHDR(&message.header);
  if (part == nullptr || part->cmsg_type != SCM_RIGHTS) return -EACCES;
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(part), sizeof fd);
  return fd;
}

}  // namespace sandgauge
