#include "lab/tool.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/deadline.h"
#include "base/errno_text.h"
#include "lab/child_process.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostOutput = 16 * 1024 * 1024;

/// False at the end of the stream.
bool take_output(int fd, std::string& text) {
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    text.append(buffer.data(), std::min(static_cast<std::size_t>(got), kMostOutput - std::min(kMostOutput, text.size())));
  }
}

}  // namespace

Result<ToolRun> run_tool(const std::vector<std::string>& words, const ToolOptions& options, const Interrupts& interrupts) {
  auto out = make_pipe();
  if (!out) return fail(out.error());
  auto err = make_pipe();
  if (!err) return fail(err.error());
  const InheritedFd inherited[] = {{.child = 1, .ours = out->write.get()}, {.child = 2, .ours = err->write.get()}};
  auto child = ChildProcess::start(words, inherited, options.folder, options.environment);
  if (!child) return fail(child.error());
  out->write.reset();
  err->write.reset();

  const Deadline deadline(options.timeout);
  ToolRun run;
  std::array<pollfd, 4> fds{{{out->read.get(), POLLIN, 0},
                             {err->read.get(), POLLIN, 0},
                             {interrupts.fd(), POLLIN, 0},
                             {child->pidfd(), POLLIN, 0}}};
  while (true) {
    const int ready = ::poll(fds.data(), fds.size(), deadline.poll_timeout());
    if (ready < 0 && errno != EINTR) return fail("poll: {}", errno_text(errno));
    if (interrupts.pending() != 0) return fail("interrupted by {}", signal_name(interrupts.pending()));
    if (fds[0].fd >= 0 && !take_output(fds[0].fd, run.out)) fds[0].fd = -1;
    if (fds[1].fd >= 0 && !take_output(fds[1].fd, run.err)) fds[1].fd = -1;
    if (ready > 0 && fds[3].revents != 0) break;
    if (deadline.passed()) return fail("{} did not end within {} s", words[0], options.timeout.count() / 1000);
  }
  const int status = child->wait();
  for (const auto& [fd, text] : {std::pair{fds[0].fd, &run.out}, {fds[1].fd, &run.err}})
    if (fd >= 0) take_output(fd, *text);  // what it wrote last
  run.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

std::string complaint_of(const ToolRun& run) {
  constexpr std::size_t kMost = 600;
  std::string text = run.err;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.size() > kMost) text = "..." + text.substr(text.size() - kMost);
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n')) text.replace(at, 1, "; ");
  return text.empty() ? fmt::format("exit code {}", run.exit) : text;
}

}  // namespace sandgauge
