#include "model/syscalls.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/edit_distance.h"

namespace sandgauge {
namespace {

constexpr SyscallEntry kTable[] = {
#define SYSCALL(name, x86_64, i386, x32, aarch64) {#name, {x86_64, i386, x32, aarch64}},
#include "model/syscall_table.inc"
#undef SYSCALL
};

constexpr int kHighestNumber = 1024;

using NamesByNumber = std::array<std::string_view, kHighestNumber>;

NamesByNumber names_by_number(Abi abi) {
  NamesByNumber names;
  for (const SyscallEntry& entry : kTable) {
    const std::int32_t number = entry.number[static_cast<int>(abi)];
    if (number >= 0 && number < kHighestNumber) names[static_cast<std::size_t>(number)] = entry.name;
  }
  return names;
}

const SyscallEntry* find(std::string_view name) {
  const auto* entry = std::ranges::lower_bound(kTable, name, {}, &SyscallEntry::name);
  return entry != std::end(kTable) && entry->name == name ? entry : nullptr;
}

}  // namespace

std::span<const SyscallEntry> every_syscall() { return kTable; }

std::optional<std::int32_t> syscall_number(Abi abi, std::string_view name) {
  const SyscallEntry* entry = find(name);
  if (entry == nullptr || entry->number[static_cast<int>(abi)] < 0) return std::nullopt;
  return entry->number[static_cast<int>(abi)];
}

std::string_view syscall_name(Abi abi, std::int32_t number) {
  static const std::array<NamesByNumber, 4> names = {names_by_number(Abi::x86_64), names_by_number(Abi::i386),
                                                     names_by_number(Abi::x32), names_by_number(Abi::aarch64)};
  if (number < 0 || number >= kHighestNumber) return {};
  return names[static_cast<std::size_t>(abi)][static_cast<std::size_t>(number)];
}

std::string describe_syscall(Abi abi, std::int32_t number) {
  const std::string_view name = syscall_name(abi, number);
  return name.empty() ? fmt::format("syscall {}", number) : fmt::format("{} ({})", name, number);
}

bool is_syscall_name(std::string_view name) { return find(name) != nullptr; }

std::string_view closest_syscall(std::string_view name) {
  constexpr std::size_t kNear = 2;
  constexpr std::size_t kLongestName = 64;
  std::string_view closest;
  std::size_t least = kNear + 1;
  if (name.size() > kLongestName) return closest;
  for (const SyscallEntry& entry : kTable) {
    const std::size_t distance = edit_distance(name, entry.name);
    if (distance < least) {
      least = distance;
      closest = entry.name;
    }
  }
  return closest;
}

}  // namespace sandgauge
