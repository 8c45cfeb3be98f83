#include "conformance/proc_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "base/unique_fd.h"

namespace sandgauge {

std::string text_of_file(const char* path) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  char buffer[4096];
  const ssize_t length = fd ? ::read(fd.get(), buffer, sizeof buffer) : 0;
  std::string text(buffer, length > 0 ? static_cast<std::size_t>(length) : 0);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::int64_t status_field(const char* path, std::string_view name) {
  const std::string text = text_of_file(path);
  const std::string key = fmt::format("\n{}:\t", name);
  const std::size_t at = text.find(key);
  std::int64_t value = -1;
  if (at != std::string::npos) std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
  return value;
}

}  // namespace sandgauge
