#include "app/diff.h"

#include <cstdio>

#include "app/command_line.h"
#include "app/profile_input.h"
#include "report/changes.h"
#include "report/escape.h"
#include "report/output.h"

namespace sandgauge {
namespace {

void complain(const std::string& message) { fmt::print(stderr, "sandgauge: {}\n", message); }

}  // namespace

int diff(const DiffOptions& options) {
  const auto a = read_profile_aloud(options.a, options.read);
  if (!a) return complain(a.error().message), kExitUsage;
  const auto b = read_profile_aloud(options.b, options.read);
  if (!b) return complain(b.error().message), kExitUsage;
  const auto changed = changes_between(*a, *b);
  if (!changed) return complain(changed.error().message), kExitUsage;
  std::string text;
  if (options.json) {
    text = changes_json(*changed, a->file, b->file);
  } else if (!changed->empty()) {
    text = fmt::format("--- {}\n+++ {}\n{}", visible(a->file), visible(b->file), changes_text(*changed));
  }
  if (auto done = write_report(options.output, text); !done) return complain(done.error().message), kExitCouldNotRun;
  return changed->empty() ? kExitAsExpected : kExitMismatch;
}

}  // namespace sandgauge
