// Case files and intents.

#include <set>

#include "policy/case_yaml.h"
#include "policy/intent_yaml.h"
#include "target.h"

namespace sandgauge::fuzz {
namespace {

const Target case_yaml("case_yaml", [](std::string_view text) {
  const auto cases = parse_cases(text, "input.yaml");
  if (!accepted(cases)) return expect(cases.error().message.starts_with("input.yaml:"), "an error names its file");
  expect(!cases->empty() && cases->size() <= 10'000, "a file has from 1 to 10,000 cases");
  std::set<std::string_view> ids;
  for (const Case& each : *cases) {
    expect(ids.insert(each.id).second, "no two cases have one id");
    expect_message(each.id);
    expect(accepted(resolve(each.policy)), "a policy that was read passes resolve()");
  }
  const auto again = parse_cases(text, "input.yaml");
  expect(again && *again == *cases, "reading twice gives the same");
});

const Target intent_yaml("intent_yaml", [](std::string_view text) {
  const auto intent = parse_intent(text, "input.yaml");
  if (!accepted(intent)) return expect(intent.error().message.starts_with("input.yaml:"), "an error names its file");
  expect(!intent->id.empty(), "an intent has an id");
});

}  // namespace
}  // namespace sandgauge::fuzz
