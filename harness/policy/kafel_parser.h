// The grammar of Kafel's language: words to matches in their order. policy/kafel.h says what they mean.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/abi.h"
#include "policy/conditions.h"
#include "policy/kafel_words.h"

namespace sandgauge {

/// One call in an action block.
struct KafelMatch {
  std::string syscall;
  Condition condition;
  Action action;
  TextPlace place;
};

struct KafelPolicy {
  std::vector<KafelMatch> matches;
  Action otherwise;
};

/// Errors begin "line:column: ".
Result<KafelPolicy> parse_kafel_words(std::vector<KafelWord> words, Abi machine);

}  // namespace sandgauge
