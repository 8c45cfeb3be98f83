#include "execute/capture.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/errno_text.h"

namespace sandgauge {

Result<Capture> Capture::open(std::size_t limit) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail("pipe2: {}", errno_text(errno));
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  if (::fcntl(reader.get(), F_SETFL, O_NONBLOCK) != 0) return fail("fcntl(O_NONBLOCK): {}", errno_text(errno));
  return Capture(std::move(reader), std::move(writer), limit);
}

void Capture::read_available() {
  constexpr std::size_t kMostAtOnce = 1024 * 1024;  // a writer that never stops must not keep the reader here
  char buffer[16 * 1024];
  for (std::size_t total = 0; reader_ && total < kMostAtOnce;) {
    const ssize_t got = ::read(reader_.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      reader_.reset();
      return;
    }
    const auto size = static_cast<std::size_t>(got);
    const std::size_t kept = std::min(size, limit_ - text_.size());
    text_.append(buffer, kept);
    cut_ = cut_ || kept < size;
    total += size;
  }
}

}  // namespace sandgauge
