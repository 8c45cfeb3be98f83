// What a policy includes: Kafel's `#include "base.policy"`, minijail's `@include base.policy`, each a line of its own.
//
//   Result<Included> whole = with_includes(text, "app.policy", "dir/app.policy", ProfileFormat::kafel);
//   whole->text                          // one text; its lines know where they come from
//   whole->origin(7)                     // dir/base.policy, line 2, and line 1 of app.policy, which includes it
//
// A name is relative to the file that has it. Fails, at the line that includes, for what is no regular file or cannot be
// read, for a file within itself, for more than 16 levels, 100 files or 1 MiB, and where there is no path: a name in what
// comes from standard input is relative to nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/profile.h"

namespace sandgauge {

struct Included {
  struct Origin {
    std::size_t file = 0;  // into files
    int line = 0;
    int root_line = 0;  // of the first file
  };
  std::string text;
  std::vector<std::string> files;  // as messages call them; the first is the one that was given
  std::vector<Origin> lines;       // of each line of the text

  /// Of a line of the text, from 1; one that is beyond it counts as the last.
  [[nodiscard]] const Origin& origin(int line) const;
};

/// Errors begin "file:line:column: ". `path` is empty where there is none.
Result<Included> with_includes(std::string_view text, const std::string& file, const std::string& path,
                               ProfileFormat format);

/// "file:line:column: ..." of an error about the text, where its line comes from.
std::string in_origin(const Included& whole, const std::string& file, std::string_view message);
/// The places of rules and notes become those of the first file.
void to_root(const Included& whole, Profile& profile);

}  // namespace sandgauge
