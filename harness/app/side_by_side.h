// Several pieces of work at once, and what they print one after another.
//
//   Turns turns(guests.size());
//   side_by_side(guests.size(), jobs,
//                [&](std::size_t i) { boot(guests[i], [&](std::string_view text) { turns.print(i, stdout, text); }); },
//                [&](std::size_t i) { turns.end(i); });
//
// The first that has not ended prints as it goes; what the others print is kept until it is their turn. Nothing here fails:
// without threads the work is done in one.
#pragma once

#include <cstddef>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sandgauge {

/// Calls work(0) to work(count - 1), at most `jobs` at a time, in threads that live until they have no more to do; and in
/// the calling thread, in order, after(i) once work(i) has returned.
void side_by_side(std::size_t count, std::size_t jobs, const std::function<void(std::size_t)>& work,
                  const std::function<void(std::size_t)>& after);

class Turns {
 public:
  explicit Turns(std::size_t count) : kept_(count) {}

  /// From any thread. Text beyond 256 MiB that has to be kept is dropped, which end() tells. A reader that has gone is a
  /// SIGPIPE for the whole process: that of write(2) is the calling thread's alone.
  void print(std::size_t who, FILE* stream, std::string_view text);
  /// The next one's turn, in order. False if some of the text of the one that ends was dropped.
  bool end(std::size_t who);

 private:
  struct Piece {
    FILE* stream;
    std::string text;
  };
  struct Kept {
    std::vector<Piece> pieces;
    std::size_t bytes = 0;
    bool dropped = false;
  };
  std::mutex mutex_;
  std::size_t turn_ = 0;
  std::vector<Kept> kept_;
};

}  // namespace sandgauge
