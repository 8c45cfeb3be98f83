#include "conformance/sibling.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace sandgauge {

Sibling::Sibling(Stage& stage) : stage_(stage), orders_(stage), done_(stage) {
  stage.must("pthread_create", -pthread_create(&thread_, nullptr, obey, this));
  run([this] { tid_ = static_cast<pid_t>(raw_syscall(SYS_gettid)); });
}

void* Sibling::obey(void* self) {
  // Its own copies: when the pipe breaks, the object is gone.
  const int orders = static_cast<Sibling*>(self)->orders_.out.get();
  const int done = static_cast<Sibling*>(self)->done_.in.get();
  Order order{};
  while (raw_syscall(SYS_read, orders, reinterpret_cast<std::intptr_t>(&order), sizeof order) == sizeof order) {
    if (order.invoke == nullptr) break;
    order.invoke(order.what);
    const char byte = 0;
    raw_syscall(SYS_write, done, reinterpret_cast<std::intptr_t>(&byte), 1);
  }
  // Not by return: the C library would make calls that strict mode kills.
  raw_syscall(SYS_exit, 0);
  return nullptr;
}

void Sibling::order(void (*invoke)(void*), void* what) {
  const Order order{invoke, what};
  stage_.must("write of an order",
              raw_syscall(SYS_write, orders_.in.get(), reinterpret_cast<std::intptr_t>(&order), sizeof order));
}

std::int64_t Sibling::call(long number, std::int64_t first, std::int64_t second) {
  std::int64_t result = 0;
  run([&] { result = raw_syscall(number, first, second); });
  return result;
}

void Sibling::end() {
  order(nullptr, nullptr);
  stage_.must("pthread_join", -pthread_join(thread_, nullptr));
  // pthread_join(3) waits for a word that the kernel clears a moment before the thread leaves its process.
  while (raw_syscall(SYS_tgkill, ::getpid(), tid_, 0) != -ESRCH) ::sched_yield();
}

}  // namespace sandgauge
