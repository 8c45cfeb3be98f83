#include "model/syscalls.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

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

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  std::vector<std::size_t> before = row;
  std::vector<std::size_t> two_before = row;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    two_before = std::exchange(before, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], two_before[j - 2] + 1);
    }
  }
  return row[b.size()];
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
