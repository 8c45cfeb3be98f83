// A file descriptor over a Unix socket (unix(7), SCM_RIGHTS): the way that works where pidfd_getfd(2) is denied.
//
//   if (const int error = send_fd(socket, listener); error != 0) ...  // in one process
//   UniqueFd listener(receive_fd(socket));                            // in the other; negative: -errno
//
// Both are async-signal-safe.
#pragma once

namespace sandgauge {

/// Sends the descriptor with one byte of data; no SIGPIPE. Returns 0 or -errno of sendmsg(2).
int send_fd(int socket, int fd);

/// Waits for a descriptor, unless `flags` (of recvmsg(2)) says MSG_DONTWAIT; it is close-on-exec. Returns it, or -errno:
/// -EPIPE if the other end is closed, -EACCES if the message came without it, as a security module can take it out
/// (security_file_receive() in the kernel's net/core/scm.c).
int receive_fd(int socket, int flags = 0);

}  // namespace sandgauge
