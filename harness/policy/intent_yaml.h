// Intents as people write them; cases/intents has some, docs/comparison.md what they are for.
//
//   Result<Intent> intent = read_intent("cases/intents/deny-mkdir.yaml");
//
//   id: deny-mkdir
//   sentence: No new directories
//   act: {do: 'mkdir("{in}/new", 0o755)', leaves: "{in}/new"}
//   variants:
//     - {name: mkdirat, do: 'mkdirat(-100, "{in}/new", 0o755)', leaves: "{in}/new"}
//   seccomp: {why: two calls make folders, policy: {rules: [{syscalls: [mkdir, mkdirat], action: ERRNO(EPERM)}]}}
//   apparmor: {why: a rule that ends in / is for folders, profile: "audit deny /**/ w,"}
//   landlock: {why: it is one right, deny: [make_dir]}
//   bpf_lsm: {why: one hook, programs: [deny_mkdir]}
//
// Each of the four says `why`, also where the rest is left out because it cannot be said. Errors are
// "file:line:column: what is wrong, what was expected".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/intent.h"

namespace sandgauge {

Result<Intent> parse_intent(std::string_view text, const std::string& file);
/// "-" is standard input.
Result<Intent> read_intent(const std::string& path);

/// A step's word before its call: "exec", "uring", or nothing.
struct StepWords {
  std::string_view prefix;
  std::string_view call;  // or "fork", "receive"
};
StepWords split_step(std::string_view step);

/// The text with each {name} replaced by what `value_of` gives; nothing means that there is no such name, and it stays.
template <class ValueOf>
std::string with_parts(std::string_view text, ValueOf value_of) {
  std::string result;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    result += text.substr(0, open);
    if (close == std::string_view::npos) return result + std::string(open == close ? "" : text.substr(open));
    const std::string_view name = text.substr(open + 1, close - open - 1);
    if (const auto value = value_of(name)) {
      result += *value;
      text.remove_prefix(close + 1);
    } else {
      result += '{';
      text.remove_prefix(open + 1);
    }
  }
  return result;
}

}  // namespace sandgauge
