#include "kernel/log_trial.h"

#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <chrono>
#include <cstring>
#include <string>

#include "base/deadline.h"
#include "base/errno_text.h"
#include "base/unique_fd.h"
#include "kernel/filter_call.h"
#include "kernel/tools.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

constexpr std::chrono::milliseconds kRecordPatience{500};

/// A child of this name makes one call under a filter. The name finds its record: a pid may be that of another namespace.
/// Returns false if the filter could not be loaded.
bool logged_call(const std::string& name, std::uint32_t value, unsigned long flags) {
  const int status = wait_for(fork_helper([&] {
    ::prctl(PR_SET_NAME, name.c_str());
    if (load_filter(answer(kTrialCall, value), flags) < 0) ::_exit(1);
    trial_call();
    ::_exit(0);
  }));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct Seen {
  bool control = false;
  bool action = false;
  bool flag = false;
};

/// Reads records until the last one that was asked for is there, or the deadline.
Seen read_records(int socket, const std::string& tag) {
  const Deadline deadline(kRecordPatience);
  Seen seen;
  while (!(seen.action && seen.flag) && !deadline.passed()) {
    pollfd readable{.fd = socket, .events = POLLIN, .revents = 0};
    ::poll(&readable, 1, deadline.poll_timeout());
    char buffer[16384];
    for (ssize_t length = 0; (length = ::recv(socket, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;) {
      const std::string_view record(buffer, static_cast<std::size_t>(length));
      const auto named = [&](const char* letter) { return record.find("comm=\"" + tag + letter + "\"") != record.npos; };
      seen.control |= named("c");
      seen.action |= named("a");
      seen.flag |= named("f");
    }
  }
  return seen;
}

LogTrial run_trial() {
  LogTrial trial;
  const auto nothing_seen = [&trial](const std::string& why) {
    trial.action = trial.flag = {Standing::untested, "without audit records it cannot be seen: " + why};
    return trial;
  };
  if (!broken_tool().empty()) {
    trial.readable = {Standing::untested, broken_tool()};
    return nothing_seen(broken_tool());
  }
  if (ask([] { return ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT) >= 0 ? 0L : -1L; }) == -kKilled) {
    trial.readable = {Standing::untested, fmt::format("socket(NETLINK_AUDIT): {}", error_name(kKilled))};
    return nothing_seen(trial.readable.evidence);
  }
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
  if (!socket) {
    trial.readable = {Standing::no, "socket(NETLINK_AUDIT): " + errno_text(errno)};
    return nothing_seen(trial.readable.evidence);
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1);
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    trial.readable = {Standing::no, "bind to AUDIT_NLGRP_READLOG: " + errno_text(errno)};
    return nothing_seen(trial.readable.evidence);
  }
  const std::string tag = fmt::format("sg{}", ::getpid());
  const bool loaded = logged_call(tag + "c", SECCOMP_RET_ERRNO | EACCES, 0) && logged_call(tag + "a", SECCOMP_RET_LOG, 0);
  const bool flag_loaded = logged_call(tag + "f", SECCOMP_RET_ERRNO | EACCES, SECCOMP_FILTER_FLAG_LOG);
  if (!loaded && !flag_loaded) {
    trial.readable = {Standing::untested, "no filter could be loaded to have something recorded"};
    return nothing_seen(trial.readable.evidence);
  }
  const Seen seen = read_records(socket.get(), tag);
  if (!seen.action && !seen.flag) {
    trial.readable = {Standing::untested,
                      fmt::format("no record of a logged call arrived within {} ms", kRecordPatience.count())};
    return nothing_seen(trial.readable.evidence);
  }
  trial.readable = {Standing::yes, "a record of type 1326 was read"};
  trial.action = seen.action ? Finding{Standing::yes, "the call runs and there is a record of it"}
                             : Finding{Standing::no, "there is no record of the call, but of another one"};
  trial.flag = seen.flag && !seen.control
                   ? Finding{Standing::yes, "a denial has a record with the flag, and none without it"}
                   : Finding{seen.control ? Standing::untested : Standing::no,
                             seen.control ? "a denial has a record even without the flag" : "a denial has no record"};
  return trial;
}

}  // namespace

const LogTrial& try_logging() {
  static const LogTrial trial = run_trial();
  return trial;
}

}  // namespace sandgauge
