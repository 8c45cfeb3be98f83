// One case's map, its matrix already put in. Errors begin "line:column: ".
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/case.h"
#include "policy/yaml_reader.h"

namespace sandgauge {

/// A word of `attach`.
struct AttachWay {
  Attach attach = Attach::exec;
  Delivery delivery = Delivery::direct;
  bool operator==(const AttachWay&) const = default;
};

/// A case for each of several ways to attach and backends; `row` has everything but id, suite, attach, delivery, backend
/// and place.
struct CaseRow {
  Case row;
  std::vector<AttachWay> ways;
  std::vector<Backend> backends;
};

/// Reads the keys of a case and checks that they fit together. `name` and `matrix` are passed over. `file` is the case file:
/// the paths in it are relative to its folder.
Result<CaseRow> case_row_of(const Yaml& node, const std::string& file);

}  // namespace sandgauge
