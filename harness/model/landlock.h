// The rights of Landlock by name, for rulesets that are written as data.
//
//   const LandlockRightName* right = find_landlock_right("make_dir");   // bit 7 of the file rights, since ABI 1
//
// Debian 12's headers know ABI 2; the numbers of later rights come from Linux include/uapi/linux/landlock.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sandgauge {

struct LandlockRightName {
  std::string_view name;
  std::uint64_t fs = 0;   // handled_access_fs
  std::uint64_t net = 0;  // handled_access_net
  int abi = 1;            // the first that has it
  bool of_files = false;  // makes sense for what is no directory
};

inline constexpr LandlockRightName kLandlockRightNames[] = {
    {.name = "execute", .fs = 1U << 0, .of_files = true},
    {.name = "write_file", .fs = 1U << 1, .of_files = true},
    {.name = "read_file", .fs = 1U << 2, .of_files = true},
    {.name = "read_dir", .fs = 1U << 3},
    {.name = "remove_dir", .fs = 1U << 4},
    {.name = "remove_file", .fs = 1U << 5},
    {.name = "make_char", .fs = 1U << 6},
    {.name = "make_dir", .fs = 1U << 7},
    {.name = "make_reg", .fs = 1U << 8},
    {.name = "make_sock", .fs = 1U << 9},
    {.name = "make_fifo", .fs = 1U << 10},
    {.name = "make_block", .fs = 1U << 11},
    {.name = "make_sym", .fs = 1U << 12},
    {.name = "refer", .fs = 1U << 13, .abi = 2},
    {.name = "truncate", .fs = 1U << 14, .abi = 3, .of_files = true},
    {.name = "bind_tcp", .net = 1U << 0, .abi = 4},
    {.name = "connect_tcp", .net = 1U << 1, .abi = 4},
};

constexpr const LandlockRightName* find_landlock_right(std::string_view name) {
  for (const LandlockRightName& right : kLandlockRightNames)
    if (right.name == name) return &right;
  return nullptr;
}

/// What is denied, and where. Landlock itself can only grant: a right that is denied below one path has to be granted on
/// everything else (confine/landlock_rules.h).
struct LandlockRules {
  std::vector<std::string> deny;   // names of rights
  std::string below;               // a path; empty: everywhere. For rights of files and folders
  std::vector<std::string> ports;  // granted for rights of the network; decimal numbers, or names that stand for one
  bool operator==(const LandlockRules&) const = default;
};

}  // namespace sandgauge
