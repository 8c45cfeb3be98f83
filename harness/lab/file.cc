#include "lab/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/errno_text.h"
#include "base/unique_fd.h"

namespace sandgauge {

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail("cannot read {}: {}", path, errno_text(errno));
  std::string content;
  std::array<char, 65536> buffer{};
  while (content.size() < most) {
    const ssize_t got = ::read(fd.get(), buffer.data(), std::min(buffer.size(), most - content.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("cannot read {}: {}", path, errno_text(errno));
    if (got == 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return content;
}

}  // namespace sandgauge
