// Runs every input of a corpus through its target, whole and cut short, without making any up.
//
//   fuzz_replay tests/fuzz/corpus  // each folder in it is named after a target
//
// Prints each input before it is run: the last line names the one that ended the process. Exit code 2 for a folder without
// a target and a target without an input.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "target.h"

namespace {

using sandgauge::fuzz::every_target;
using sandgauge::fuzz::find_target;
using sandgauge::fuzz::Target;

void run(const Target& target, const std::filesystem::path& file) {
  fmt::print("{}\n", file.string());
  std::fflush(stdout);
  std::ifstream stream(file, std::ios::binary);
  const std::string input((std::istreambuf_iterator<char>(stream)), {});
  constexpr std::size_t kCuts = 50;
  const std::size_t step = input.size() / kCuts + 1;
  for (std::size_t size = 0; size < input.size(); size += step) target(input.substr(0, size));
  target(input);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !std::filesystem::is_directory(argv[1])) return fmt::print(stderr, "usage: fuzz_replay FOLDER\n"), 2;
  std::set<std::string_view> without;
  for (const Target* target : every_target()) without.insert(target->name());
  std::set<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) folders.insert(entry.path());
  for (const std::filesystem::path& folder : folders) {
    const Target* target = find_target(folder.filename().string());
    if (target == nullptr) return fmt::print(stderr, "{}: no target of this name\n", folder.string()), 2;
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.insert(entry.path());
    for (const std::filesystem::path& file : files) run(*target, file);
    if (!files.empty()) without.erase(target->name());
  }
  for (const std::string_view name : without) fmt::print(stderr, "{}: no input for the target {}\n", argv[1], name);
  return without.empty() ? 0 : 2;
}
