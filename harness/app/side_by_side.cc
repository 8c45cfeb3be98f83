#include "app/side_by_side.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <system_error>
#include <thread>

namespace sandgauge {
namespace {

constexpr std::size_t kMostKept = std::size_t{256} * 1024 * 1024;

void print_now(FILE* stream, std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  if (std::fflush(stream) == 0 && written) return;
  if (errno == EPIPE) ::kill(::getpid(), SIGPIPE);
}

}  // namespace

void side_by_side(std::size_t count, std::size_t jobs, const std::function<void(std::size_t)>& work,
                  const std::function<void(std::size_t)>& after) {
  std::mutex mutex;
  std::condition_variable some_ended;
  std::size_t next = 0;
  std::vector<bool> ended(count);
  const auto keep_working = [&] {
    std::unique_lock lock(mutex);
    while (next < count) {
      const std::size_t mine = next++;
      lock.unlock();
      work(mine);
      lock.lock();
      ended[mine] = true;
      some_ended.notify_all();
    }
  };
  std::vector<std::jthread> threads;
  try {
    while (threads.size() < std::min(jobs, count)) threads.emplace_back(keep_working);
  } catch (const std::system_error&) {  // EAGAIN: no more threads
    if (threads.empty()) keep_working();
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::unique_lock lock(mutex);
    some_ended.wait(lock, [&] { return ended[i]; });
    lock.unlock();
    after(i);
  }
}

void Turns::print(std::size_t who, FILE* stream, std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (who == turn_) return print_now(stream, text);
  Kept& kept = kept_[who];
  kept.dropped = kept.dropped || kept.bytes + text.size() > kMostKept;
  if (kept.dropped) return;
  kept.bytes += text.size();
  if (kept.pieces.empty() || kept.pieces.back().stream != stream) kept.pieces.push_back({stream, {}});
  kept.pieces.back().text += text;
}

bool Turns::end(std::size_t who) {
  const std::lock_guard lock(mutex_);
  turn_ = who + 1;
  if (turn_ < kept_.size()) {
    for (const Piece& piece : kept_[turn_].pieces) print_now(piece.stream, piece.text);
    kept_[turn_].pieces.clear();
  }
  return !kept_[who].dropped;
}

}  // namespace sandgauge
