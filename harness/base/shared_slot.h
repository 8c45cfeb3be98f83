// SharedSlot<T>: one T in memory that a process and the children it forks share.
//
//   auto slot = SharedSlot<CallFacts>::make();
//   if (fork() == 0) { (*slot)->result = call(); _exit(0); }
//
// A child under a filter can report through it without a system call: a store is not a syscall.
// T is trivially copyable and starts as zero bytes. Fails only where mmap(2) does.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <type_traits>
#include <utility>

#include "base/errno_text.h"
#include "base/result.h"

namespace sandgauge {

template <class T>
class SharedSlot {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static Result<SharedSlot> make() {
    void* memory = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return fail("mmap of {} shared bytes: {}", sizeof(T), errno_text(errno));
    return SharedSlot(static_cast<T*>(memory));
  }
  SharedSlot(SharedSlot&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}
  SharedSlot& operator=(SharedSlot&& other) noexcept {
    std::swap(memory_, other.memory_);
    return *this;
  }
  ~SharedSlot() {
    if (memory_ != nullptr) ::munmap(memory_, sizeof(T));
  }

  T* get() const { return memory_; }
  T* operator->() const { return memory_; }
  T& operator*() const { return *memory_; }

 private:
  explicit SharedSlot(T* memory) : memory_(memory) {}
  T* memory_ = nullptr;
};

}  // namespace sandgauge
