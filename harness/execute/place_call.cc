#include <sys/mman.h>

#include <array>
#include <charconv>
#include <cstring>

#include "base/errno_text.h"
#include "execute/execute.h"
#include "model/syscalls.h"

namespace sandgauge {
namespace {

constexpr std::size_t kArgumentSpace = 4096;
constexpr std::size_t kMostArguments = 6;

/// One page for each argument, the same for every call: a child gets its copy when it is forked.
Result<std::byte*> argument_space() {
  static std::byte* space = nullptr;
  if (space != nullptr) return space;
  constexpr std::size_t kSize = kArgumentSpace * kMostArguments;
#if defined(MAP_32BIT)
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT;
#else
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
#endif
  void* const low = reinterpret_cast<void*>(std::uintptr_t{0x20000000});  // a hint for machines without MAP_32BIT
  void* memory = ::mmap(low, kSize, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (memory == MAP_FAILED) return fail("mmap for a call's arguments: {}", errno_text(errno));
  space = static_cast<std::byte*>(memory);
  return space;
}

Result<std::int32_t> call_number(const CallRequest& request) {
  std::int32_t number = 0;
  const char* const end = request.syscall.data() + request.syscall.size();
  const auto [parsed, error] = std::from_chars(request.syscall.data(), end, number);
  if (error == std::errc() && parsed == end) return number;
  if (const auto known = syscall_number(request.abi, request.syscall)) return *known;
  return fail("unknown syscall '{}' of {}", request.syscall, abi_name(request.abi));
}

}  // namespace

Result<Call> place_call(const CallRequest& request) {
  if (request.args.size() > kMostArguments)
    return fail("{} has {} arguments, at most 6 exist", request.syscall, request.args.size());
  auto number = call_number(request);
  if (!number) return fail(number.error());
  auto space = argument_space();
  if (!space) return fail(space.error());
  Call call{.abi = request.abi, .number = *number};
  for (std::size_t i = 0; i < request.args.size(); ++i) {
    const CallArgument& argument = request.args[i];
    if (argument.kind == CallArgument::Kind::number) {
      call.args[i] = argument.number;
      continue;
    }
    std::byte* const place = *space + i * kArgumentSpace;
    if (argument.text.size() >= kArgumentSpace) return fail("a text argument of {} is over 4095 bytes", request.syscall);
    std::memset(place, 0, kArgumentSpace);
    std::memcpy(place, argument.text.data(), argument.text.size());
    call.args[i] = reinterpret_cast<std::uintptr_t>(place);
  }
  return call;
}

}  // namespace sandgauge
