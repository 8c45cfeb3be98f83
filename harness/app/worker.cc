#include "app/worker.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/errno_text.h"
#include "report/json.h"

namespace sandgauge {
namespace {

bool write_all(int fd, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::send(fd, at, size, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int fd, void* data, std::size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = ::read(fd, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

CaseResult run_job(Result<CaseRunner>& runner, const Job& job, const Host& host) {
  CaseResult result;
  if (!runner) {
    result = blank_result(*job.test);
    result.verdict = {Status::broken, Cause::harness, runner.error().message, {}};
    if (host.outer_filters != 0)
      result.verdict = {Status::skip,
                        Cause::outer_filter,
                        "sandgauge itself runs under seccomp filters, under which it cannot work: " + runner.error().message,
                        {}};
  } else {
    result = job.mutant != nullptr ? runner->run_mutant(*job.test, *job.mutant) : runner->run(*job.test);
  }
  result.iteration = job.iteration;
  return result;
}

/// Returns when the supervisor closes its end.
void work(int socket, std::span<const Job> jobs, const RunContext& context) {
  Result<CaseRunner> runner = CaseRunner::make(context);
  std::uint32_t number = 0;
  while (read_all(socket, &number, sizeof number) && number < jobs.size()) {
    const std::string line = encode_result(run_job(runner, jobs[number], context.host));
    const auto size = static_cast<std::uint32_t>(line.size());
    if (!write_all(socket, &size, sizeof size) || !write_all(socket, line.data(), line.size())) return;
  }
}

}  // namespace

Result<Worker> start_worker(std::span<const Job> jobs, const RunContext& context, int interrupt_writer) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail("socketpair: {}", errno_text(errno));
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return fail("fork: {}", errno_text(errno));
  if (pid == 0) {
    // A program that kills its parent's group must not reach the supervisor.
    ::setpgid(0, 0);
    ours.reset();
    ::close(interrupt_writer);
    work(theirs.get(), jobs, context);
    ::_exit(0);
  }
  return Worker{pid, std::move(ours)};
}

bool send_job(const Worker& worker, std::uint32_t job) { return write_all(worker.socket.get(), &job, sizeof job); }

std::optional<CaseResult> receive_result(const Worker& worker) {
  std::uint32_t size = 0;
  if (!read_all(worker.socket.get(), &size, sizeof size)) return std::nullopt;
  std::string line(size, '\0');
  if (!read_all(worker.socket.get(), line.data(), line.size())) return std::nullopt;
  auto result = decode_result(line);
  if (!result) return std::nullopt;
  return std::move(*result);
}

}  // namespace sandgauge
