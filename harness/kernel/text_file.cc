#include "kernel/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/errno_text.h"
#include "base/shown.h"
#include "base/unique_fd.h"

namespace sandgauge {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_name(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

Result<std::set<std::string>> parse_names(std::string_view text, char divider, const char* what) {
  std::set<std::string> names;
  std::string_view rest = trimmed(text);
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find(divider));
    if (!is_name(name)) return fail("{}: {} is no name of lower-case letters, digits and _", what, shown(name));
    names.emplace(name);
    if (name.size() == rest.size()) break;
    rest.remove_prefix(name.size() + 1);
    if (rest.empty()) return fail("{}: expected a name after the last '{}'", what, divider);
  }
  return names;
}

}  // namespace

Result<std::string> read_text_file(const char* path, std::size_t most) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return fail("{}: {}", path, errno_text(errno));
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t length = ::read(fd.get(), buffer, sizeof buffer);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail("{}: {}", path, errno_text(errno));
    if (length == 0) return text;
    text.append(buffer, static_cast<std::size_t>(length));
    if (text.size() > most) return fail("{}: larger than {} bytes", path, most);
  }
}

Result<std::string> read_setting(const char* path) {
  auto text = read_text_file(path);
  if (!text) return text;
  return std::string(trimmed(*text));
}

std::string text_or_nothing(const char* path) {
  auto text = read_text_file(path);
  return text ? *std::move(text) : std::string();
}

Result<std::set<std::string>> parse_lsm_list(std::string_view text) { return parse_names(text, ',', "list of LSMs"); }

Result<std::set<std::string>> parse_action_list(std::string_view text) {
  return parse_names(text, ' ', "list of seccomp actions");
}

Result<std::string> parse_status_line(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    const std::string_view line = status.substr(0, status.find('\n'));
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':'))
      return std::string(trimmed(line.substr(name.size() + 1)));
    status.remove_prefix(std::min(line.size() + 1, status.size()));
  }
  return fail("no line \"{}:\"", name);
}

}  // namespace sandgauge
