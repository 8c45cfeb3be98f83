// Reads a CaseResult back from the JSON that json.cc writes for it.
//
// Internal to report/: it shows nlohmann's type, which users of json.h need not know. The first field that is missing, of
// another type or out of range is the error: "field 'checks.met' of a result: expected true or false, found 1".
#pragma once

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "model/verdict.h"

namespace sandgauge {

Result<CaseResult> read_result(const nlohmann::ordered_json& json);

}  // namespace sandgauge
