#include "report/learned.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "model/syscalls.h"

namespace sandgauge {
namespace {

constexpr std::string_view kRuler = "--------- --------- ----------------\n";

/// strace's name for a call that has none.
std::string table_name(const ObservedCall& call) {
  const std::string_view name = syscall_name(call.abi, call.number);
  return name.empty() ? fmt::format("syscall_{:#x}", static_cast<std::uint32_t>(call.number)) : std::string(name);
}

std::string_view mode_of(Abi abi) {
  if (abi == Abi::i386) return "32 bit";
  return abi == Abi::x32 ? "x32" : "64 bit";
}

std::string learned_row(std::uint64_t calls, std::uint64_t errors, bool known, std::string_view name) {
  const std::string failed = known ? errors == 0 ? "" : std::to_string(errors) : "-";
  return fmt::format("{:>9} {:>9} {}\n", calls, failed, name);
}

}  // namespace

std::string learned_table(const Observation& seen) {
  std::string text;
  for (const Abi abi : kEveryAbi) {
    std::vector<ObservedCall> calls;
    std::ranges::copy_if(seen.calls, std::back_inserter(calls), [abi](const ObservedCall& call) { return call.abi == abi; });
    if (calls.empty()) continue;
    std::ranges::sort(calls, [](const ObservedCall& a, const ObservedCall& b) {
      return std::tuple(b.count, table_name(a)) < std::tuple(a.count, table_name(b));
    });
    if (calls.size() < seen.calls.size() || abi != native_abi())
      text += fmt::format("System call usage summary for {} mode:\n", mode_of(abi));
    text += "    calls    errors syscall\n";
    text += kRuler;
    std::uint64_t sum = 0;
    std::uint64_t errors = 0;
    for (const ObservedCall& call : calls) {
      text += learned_row(call.count, call.errors, seen.errors_known, table_name(call));
      sum += call.count;
      errors += call.errors;
    }
    text += kRuler;
    text += learned_row(sum, errors, seen.errors_known, "total");
  }
  return text;
}

}  // namespace sandgauge
