#include "app/diff.h"

#include <cstdio>

#include "app/command_line.h"
#include "app/complain.h"
#include "app/diff_observation.h"
#include "app/profile_input.h"
#include "observe/observation_text.h"
#include "policy/yaml_reader.h"
#include "report/changes.h"
#include "report/escape.h"
#include "report/output.h"

namespace sandgauge {
int diff(const DiffOptions& options) {
  const auto a = read_profile_aloud(options.a, options.read);
  if (!a) return complain(a.error().message, kExitUsage);
  const auto text_of_b = read_text(options.b, kLargestObservation);
  if (!text_of_b) return complain(text_of_b.error().message, kExitUsage);
  const std::string name_of_b = shown_name(options.b);
  if (looks_like_observation(*text_of_b)) {
    const auto seen = parse_observation(*text_of_b, name_of_b);
    if (!seen) return complain(seen.error().message, kExitUsage);
    return diff_observation(*a, *seen, name_of_b, options);
  }
  const auto b = parse_profile_aloud(*text_of_b, name_of_b, reading(options.read, options.b));
  if (!b) return complain(b.error().message, kExitUsage);
  const auto changed = changes_between(*a, *b);
  if (!changed) return complain(changed.error().message, kExitUsage);
  std::string text;
  if (options.json) {
    text = changes_json(*changed, a->file, b->file);
  } else if (!changed->empty()) {
    text = fmt::format("--- {}\n+++ {}\n{}", visible(a->file), visible(b->file), changes_text(*changed));
  }
  if (auto done = write_report(options.output, text); !done) return complain(done.error().message, kExitCouldNotRun);
  return changed->empty() ? kExitAsExpected : kExitMismatch;
}

}  // namespace sandgauge
