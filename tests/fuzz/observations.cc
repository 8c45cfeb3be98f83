// Logs of what programs did.

#include <numeric>

#include "measure/strace_table.h"
#include "observe/audit.h"
#include "observe/observation_text.h"
#include "target.h"

namespace sandgauge::fuzz {
namespace {

const Target observation("observation", [](std::string_view text) {
  looks_like_observation(text);
  const auto seen = parse_observation(text, "input");
  if (!accepted(seen)) return expect(seen.error().message.starts_with("input:"), "an error names its file");
  expect(!seen->calls.empty(), "an observation has a call");
  for (const ObservedCall& call : seen->calls) {
    expect(call.first.line > 0, "a call has a place");
    for (const ObservedCall& other : seen->calls)
      expect(&call == &other || call.abi != other.abi || call.number != other.number, "each call is there once");
  }
});

const Target audit_record("audit_record", [](std::string_view text) { (void)accepted(parse_audit_record(text)); });

const Target strace_table("strace_table", [](std::string_view text) {
  const auto counts = parse_strace_table(text);
  if (!accepted(counts)) return;
  expect(!counts->empty(), "a table has a call");
  for (const CallCount& count : *counts) expect(!count.name.empty(), "a count has a name");
});

}  // namespace
}  // namespace sandgauge::fuzz
