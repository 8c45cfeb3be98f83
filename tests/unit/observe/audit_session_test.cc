#include "observe/audit_session.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>

namespace sandgauge::audit_session_test {
namespace {

std::uint32_t session_of_this() {
  std::uint32_t session = 0;
  std::ifstream("/proc/self/sessionid") >> session;
  return session;
}

/// What a child says, so that this process keeps its own session.
std::array<std::uint32_t, 2> in_a_child(const std::function<std::array<std::uint32_t, 2>()>& body) {
  std::array<std::uint32_t, 2> said{};
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    said = body();
    ::_exit(::write(ends[1], said.data(), sizeof said) == sizeof said ? 0 : 1);
  }
  ::close(ends[1]);
  EXPECT_EQ(::read(ends[0], said.data(), sizeof said), static_cast<ssize_t>(sizeof said));
  ::close(ends[0]);
  ::waitpid(pid, nullptr, 0);
  return said;
}

TEST(AuditSessionTest, ANewSessionIsAnotherThanBeforeAndWhatTheChildrenHave) {
  if (!can_begin_audit_session(::geteuid() == 0)) GTEST_SKIP() << "needs CAP_AUDIT_CONTROL, for somebody has logged in";
  const auto [begun, inherited] = in_a_child([] {
    const auto session = begin_audit_session();
    const auto of_child = in_a_child([] { return std::array<std::uint32_t, 2>{session_of_this(), 0}; });
    return std::array<std::uint32_t, 2>{session ? *session : 0, of_child[0]};
  });
  EXPECT_NE(begun, 0U);
  EXPECT_NE(begun, session_of_this());
  EXPECT_EQ(inherited, begun);
}

TEST(AuditSessionTest, EachIsOfItsOwn) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs CAP_AUDIT_CONTROL";
  const auto [first, second] = in_a_child([] {
    const auto one = begin_audit_session();
    const auto two = begin_audit_session();
    return std::array<std::uint32_t, 2>{one ? *one : 0, two ? *two : 0};
  });
  EXPECT_NE(first, 0U);
  EXPECT_NE(second, 0U);
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace sandgauge::audit_session_test
