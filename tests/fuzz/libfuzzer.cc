// The program that libFuzzer drives. It is called by a target's name: ci/fuzz makes a link for each.
//
//   ln -s fuzz kafel; ./kafel corpus/kafel

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "target.h"

namespace {

const sandgauge::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** argv) {
  std::string_view name = (*argv)[0];
  name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
  chosen = sandgauge::fuzz::find_target(name);
  if (chosen != nullptr) return 0;
  fmt::print(stderr, "{}: no target, expected to be called by the name of one:", name);
  for (const sandgauge::fuzz::Target* target : sandgauge::fuzz::every_target()) fmt::print(stderr, " {}", target->name());
  fmt::print(stderr, "\n");
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (*chosen)({reinterpret_cast<const char*>(data), size});
  return 0;
}
