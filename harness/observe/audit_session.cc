#include "observe/audit_session.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/errno_text.h"
#include "base/unique_fd.h"

namespace sandgauge {
namespace {

constexpr char kLoginFile[] = "/proc/self/loginuid";
constexpr std::uint32_t kNobodyLoggedIn = UINT32_MAX;

std::optional<std::uint32_t> number_in(const char* path) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  std::array<char, 16> text{};
  const ssize_t length = fd ? ::read(fd.get(), text.data(), text.size()) : -1;
  std::uint32_t number = 0;
  if (length <= 0 || std::from_chars(text.data(), text.data() + length, number).ec != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

Result<std::uint32_t> begin_audit_session() {
  const auto login = number_in(kLoginFile);
  if (!login) return fail("{} cannot be read", kLoginFile);
  const std::string user = std::to_string(*login == kNobodyLoggedIn ? ::getuid() : *login);
  const UniqueFd fd(::open(kLoginFile, O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), user.data(), user.size()) < 0) return fail("{}: {}", kLoginFile, errno_text(errno));
  const auto session = number_in("/proc/self/sessionid");
  if (!session) return fail("/proc/self/sessionid cannot be read");
  return *session;
}

bool can_begin_audit_session(bool privileged) {
  const auto login = number_in(kLoginFile);
  return login && (privileged || *login == kNobodyLoggedIn);
}

}  // namespace sandgauge
