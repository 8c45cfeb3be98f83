#include "probe/uring_call.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace sandgauge {
namespace {

/// IORING_OP_SOCKET, since Linux 5.19.
constexpr std::uint8_t kOpSocket = 45;

bool describe(const Call& call, io_uring_sqe& entry) {
  entry.fd = static_cast<std::int32_t>(call.args[0]);
  entry.addr = call.args[1];
  switch (call.number) {
    case SYS_mkdirat:
      entry.opcode = IORING_OP_MKDIRAT;
      entry.len = static_cast<std::uint32_t>(call.args[2]);
      return true;
    case SYS_unlinkat:
      entry.opcode = IORING_OP_UNLINKAT;
      entry.unlink_flags = static_cast<std::uint32_t>(call.args[2]);
      return true;
    case SYS_openat:
      entry.opcode = IORING_OP_OPENAT;
      entry.open_flags = static_cast<std::uint32_t>(call.args[2]);
      entry.len = static_cast<std::uint32_t>(call.args[3]);
      return true;
    case SYS_connect:
      entry.opcode = IORING_OP_CONNECT;
      entry.off = call.args[2];
      return true;
    case SYS_socket:
      entry.opcode = kOpSocket;
      entry.addr = 0;
      entry.off = call.args[1];
      entry.len = static_cast<std::uint32_t>(call.args[2]);
      return true;
    default: return false;
  }
}

std::uint32_t* word_at(void* ring, std::uint32_t offset) {
  return reinterpret_cast<std::uint32_t*>(static_cast<char*>(ring) + offset);
}

struct Mapping {
  void* memory = MAP_FAILED;
  std::size_t size = 0;
  Mapping(int fd, std::size_t bytes, off_t offset)
      : memory(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset)), size(bytes) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (memory != MAP_FAILED) ::munmap(memory, size);
  }
};

std::int64_t submit_and_wait(int ring, const io_uring_params& params, const io_uring_sqe& entry) {
  const Mapping submissions(ring, params.sq_off.array + params.sq_entries * sizeof(std::uint32_t), IORING_OFF_SQ_RING);
  const Mapping completions(ring, params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe), IORING_OFF_CQ_RING);
  const Mapping entries(ring, params.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES);
  if (submissions.memory == MAP_FAILED || completions.memory == MAP_FAILED || entries.memory == MAP_FAILED) return -errno;
  *static_cast<io_uring_sqe*>(entries.memory) = entry;
  *word_at(submissions.memory, params.sq_off.array) = 0;
  std::atomic_ref(*word_at(submissions.memory, params.sq_off.tail)).store(1, std::memory_order_release);
  if (::syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, nullptr, 0) < 0) return -errno;
  if (std::atomic_ref(*word_at(completions.memory, params.cq_off.tail)).load(std::memory_order_acquire) == 0) return -EAGAIN;
  return reinterpret_cast<const io_uring_cqe*>(static_cast<char*>(completions.memory) + params.cq_off.cqes)->res;
}

}  // namespace

std::int64_t uring_call(const Call& call) {
  io_uring_sqe entry;
  std::memset(&entry, 0, sizeof entry);
  if (!describe(call, entry)) return -EOPNOTSUPP;
  io_uring_params params;
  std::memset(&params, 0, sizeof params);
  const long ring = ::syscall(SYS_io_uring_setup, 1, &params);
  if (ring < 0) return -errno;
  const std::int64_t result = submit_and_wait(static_cast<int>(ring), params, entry);
  const int error = errno;
  ::close(static_cast<int>(ring));
  errno = error;
  return result;
}

}  // namespace sandgauge
