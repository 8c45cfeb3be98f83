// Confinement by a preloaded library: the filter is loaded by libsandgauge-preload.so, in the program itself.
//
//   Result<Preload> preload = Preload::make();
//   preload->hand_over(program, flags);                     // or not: then SECCOMP_SYSCALL_... in the environment say what
//   request.handed_fd = preload->fd();
//   request.environment = preload->environment(words, library);
//   ... the program runs ...
//   if (auto failure = preload->failure()) ... no filter was in force, and why ...
//
// Whether the library ran is seen, not guessed: it leaves a mark in a shared page (model/preload_sheet.h).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/outcome.h"
#include "model/policy.h"
#include "model/preload_sheet.h"
#include "model/program.h"

namespace sandgauge {

class Preload {
 public:
  /// Fails where memfd_create(2), ftruncate(2) or mmap(2) do.
  static Result<Preload> make();
  Preload(Preload&& other) noexcept : fd_(std::move(other.fd_)), sheet_(std::exchange(other.sheet_, nullptr)) {}
  Preload& operator=(Preload&&) = delete;
  ~Preload();

  /// Gives the library a compiled filter. Fails for one of more than BPF_MAXINSNS instructions.
  Result<void> hand_over(const Program& program);
  /// How it loads its filter, also one that variables ask for: seccomp_flags() (confine/seccomp.h).
  void set_flags(unsigned flags) { sheet_->flags = flags; }

  /// The program must inherit it, under the same number.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// `words` with the sheet's variable, and with `library` in front of what LD_PRELOAD had, unless it is empty: then
  /// something else makes the loader load it.
  [[nodiscard]] std::vector<std::string> environment(std::vector<std::string> words, const std::string& library) const;

  [[nodiscard]] const PreloadSheet& sheet() const { return *sheet_; }
  /// Why no filter was in force; nothing if one was.
  [[nodiscard]] std::optional<SetupFailure> failure() const;

 private:
  Preload(UniqueFd fd, PreloadSheet* sheet) : fd_(std::move(fd)), sheet_(sheet) {}

  UniqueFd fd_;
  PreloadSheet* sheet_;
};

}  // namespace sandgauge
