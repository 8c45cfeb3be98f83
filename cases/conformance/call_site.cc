#include "conformance/call_site.h"

#include <cerrno>

// A function that the compiler neither inlines nor copies for certain arguments, so that a place in it is one place.
#if __has_attribute(noclone)
#define SANDGAUGE_ONE_PLACE __attribute__((noinline, noclone))
#else
#define SANDGAUGE_ONE_PLACE __attribute__((noinline))
#endif

namespace sandgauge {
namespace {

struct Place {
  std::int64_t result;
  std::uint64_t after;
};

SANDGAUGE_ONE_PLACE Place native_place(std::int64_t number) {
  Place place{number, 0};
#if defined(__x86_64__)
  __asm__ volatile(
      "lea 1f(%%rip), %1\n\t"
      "syscall\n"
      "1:"
      : "+a"(place.result), "=&r"(place.after)
      : "D"(0), "S"(0), "d"(0)
      : "rcx", "r11", "memory", "cc");
#else
  register std::int64_t x8 __asm__("x8") = number;
  register std::int64_t x0 __asm__("x0") = 0;
  __asm__ volatile(
      "adr %1, 1f\n\t"
      "svc #0\n"
      "1:"
      : "+r"(x0), "=&r"(place.after)
      : "r"(x8)
      : "memory", "cc");
  place.result = x0;
#endif
  return place;
}

SANDGAUGE_ONE_PLACE Place int80_place([[maybe_unused]] std::int64_t number) {
  Place place{-ENOSYS, 0};
#if defined(__x86_64__)
  place.result = number;
  __asm__ volatile(
      "lea 1f(%%rip), %1\n\t"
      "int $0x80\n"
      "1:"
      : "+a"(place.result), "=&r"(place.after)
      : "b"(0), "c"(0), "d"(0), "S"(0), "D"(0)
      : "r8", "r9", "r10", "r11", "memory", "cc");
  place.result = static_cast<std::int32_t>(place.result);
#endif
  return place;
}

Place call_at(Entry entry, std::int64_t number) {
  return entry == Entry::native ? native_place(number) : int80_place(number);
}

}  // namespace

std::int64_t call_at_known_place(Entry entry, std::int64_t number) { return call_at(entry, number).result; }

std::uint64_t address_after_call(Entry entry) {
  constexpr std::int64_t kNoCall = 0xFFFF;  // a number that no kernel has
  return call_at(entry, kNoCall).after;
}

std::int64_t call_with_wide_number([[maybe_unused]] std::uint64_t number) {
#if defined(__x86_64__)
  std::uint64_t result = number;
  __asm__ volatile("syscall" : "+a"(result) : "D"(0), "S"(0), "d"(0) : "rcx", "r11", "memory", "cc");
  return static_cast<std::int64_t>(result);
#else
  return -ENOSYS;
#endif
}

std::int64_t call_int80_wide([[maybe_unused]] std::int32_t number, [[maybe_unused]] const std::uint64_t (&args)[6]) {
#if defined(__x86_64__)
  std::uint64_t result = static_cast<std::uint32_t>(number);
  // The compiler owns RBP, so it trades places with another register around the one instruction.
  register std::uint64_t sixth __asm__("r12") = args[5];
  __asm__ volatile(
      "xchg %%r12, %%rbp\n\t"
      "int $0x80\n\t"
      "xchg %%r12, %%rbp"
      : "+a"(result), "+r"(sixth)
      : "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]), "D"(args[4])
      : "r8", "r9", "r10", "r11", "memory", "cc");
  return static_cast<std::int32_t>(result);
#else
  return -ENOSYS;
#endif
}

}  // namespace sandgauge
