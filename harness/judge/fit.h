// How well a sandbox fits an intent, from what was seen.
//
//   mark_what_is_not_here(pairing.acts, without_sandbox.acts);
//   pairing.fit = fit_of(intent.record, pairing.acts);
//
// An act that fails without any sandbox says nothing of one. Nothing here fails.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "model/comparison.h"

namespace sandgauge {

/// Acts that were not done without a sandbox become `not_here`. Both are in the same order.
void mark_what_is_not_here(std::vector<ActSeen>& acts, const std::vector<ActSeen>& control);

/// To stop: the act and all variants were stopped and left nothing, all controls were done. To record: the act and all
/// variants were done and left a record that names what it has to, and no control did. Partly: that is true of the act
/// alone, or its record does not name it.
Fit fit_of(bool record, std::span<const ActSeen> acts);

/// True if a record has the name as a word, or as the last part of a path: `name="/bin/other"` has `other`, and
/// `/usr/bin/other`.
bool record_names(std::string_view record, std::string_view name);

/// True if the act came to its end as the intent wants it for its role.
bool as_intended(bool record, const ActSeen& act);

}  // namespace sandgauge
