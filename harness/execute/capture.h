// Capture: the reading end of a child's output pipe. Keeps the first bytes and drops the rest, so that the child never
// blocks.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandgauge {

class Capture {
 public:
  /// Fails where pipe2(2) does. `limit` bytes are kept.
  static Result<Capture> open(std::size_t limit);

  [[nodiscard]] int read_fd() const { return reader_.get(); }  // -1 after the end of the output
  [[nodiscard]] int write_fd() const { return writer_.get(); }
  void close_writer() { writer_.reset(); }
  /// Takes what is there without waiting.
  void read_available();

  [[nodiscard]] bool cut() const { return cut_; }
  std::string take() { return std::move(text_); }

 private:
  Capture(UniqueFd reader, UniqueFd writer, std::size_t limit)
      : reader_(std::move(reader)), writer_(std::move(writer)), limit_(limit) {}

  UniqueFd reader_;
  UniqueFd writer_;
  std::size_t limit_;
  std::string text_;
  bool cut_ = false;
};

}  // namespace sandgauge
