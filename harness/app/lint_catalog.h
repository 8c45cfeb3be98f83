// Every kind of finding of `sandgauge lint`, in words.
#pragma once

#include <span>

#include "model/finding.h"

namespace sandgauge {

/// Sorted by id.
std::span<const LintCheck> lint_catalog();

}  // namespace sandgauge
