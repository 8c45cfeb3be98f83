#include "lab/elf.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <sstream>

#include "base/shown.h"
#include "lab/file.h"
#include "lab/tool.h"

namespace sandgauge {
namespace {

template <class T>
bool copy_from(std::string_view bytes, std::size_t at, T& to) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return false;
  std::memcpy(&to, bytes.data() + at, sizeof(T));
  return true;
}

template <class Header, class Segment>
std::optional<std::string> interpreter(std::string_view elf) {
  Header header;
  if (!copy_from(elf, 0, header)) return {};
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Segment segment;
    if (!copy_from(elf, header.e_phoff + std::size_t{i} * sizeof(Segment), segment)) return {};
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_offset > elf.size()) return {};
    const std::string_view text = elf.substr(segment.p_offset, segment.p_filesz);
    const std::string path(text.substr(0, text.find('\0')));
    return path.starts_with('/') ? std::optional(path) : std::nullopt;
  }
  return {};
}

}  // namespace

std::optional<std::string> loader_of(std::string_view elf) {
  if (!elf.starts_with(ELFMAG) || elf.size() <= EI_CLASS) return {};
  return elf[EI_CLASS] == ELFCLASS64 ? interpreter<Elf64_Ehdr, Elf64_Phdr>(elf) : interpreter<Elf32_Ehdr, Elf32_Phdr>(elf);
}

Result<std::vector<std::string>> parse_loader_list(std::string_view text) {
  // "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)", "\t/lib64/ld-linux-x86-64.so.2 (0x...)", "\tlinux-vdso.so.1
  // (0x...)"
  std::vector<std::string> paths;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const auto arrow = line.find(" => ");
    const auto begin = arrow != std::string::npos ? arrow + 4 : line.find_first_not_of(" \t");
    if (begin == std::string::npos) continue;
    const std::string rest = line.substr(begin);
    if (rest == "not found") {
      const std::string name = line.substr(0, arrow);
      return fail("library not found: {}", shown(name.substr(std::min(name.size(), name.find_first_not_of(" \t")))));
    }
    if (rest.starts_with('/')) paths.push_back(rest.substr(0, rest.rfind(" (")));
  }
  return paths;
}

Result<std::vector<std::string>> libraries_of(const std::string& path, const Interrupts& interrupts) {
  constexpr std::size_t kHeadBytes = 4096;  // the program headers and the loader's name come first
  const auto head = read_file(path, kHeadBytes);
  if (!head) return fail(head.error());
  const auto loader = loader_of(*head);
  if (!loader) return std::vector<std::string>{};
  const auto listed = run_tool({*loader, "--list", path}, {}, interrupts);
  if (!listed) return fail("{}: {}", path, listed.error().message);
  if (listed->exit != 0) return fail("{}: {}", path, complaint_of(*listed));
  auto paths = parse_loader_list(listed->out);
  if (!paths) return fail("{}: {}", path, paths.error().message);
  paths->push_back(*loader);
  return paths;
}

}  // namespace sandgauge
