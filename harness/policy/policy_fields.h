// The nouns of a policy, each read from a YAML node. Errors begin "line:column: ".
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "model/abi.h"
#include "model/action.h"
#include "model/policy.h"
#include "policy/yaml_reader.h"

namespace sandgauge {

/// A policy as a map; one that is returned also passes resolve().
Result<Policy> policy_of(const Yaml& node);
/// Any spelling of parse_action().
Result<Action> action_of(const Yaml& node);
/// Any spelling of parse_abi().
Result<Abi> abi_of(const Yaml& node);
/// One or a list, each once.
Result<std::vector<Abi>> abis_of(const Yaml& node);
/// A name such as EPERM, or a number from 1 to 4095.
Result<std::uint16_t> errno_of(const Yaml& node);

}  // namespace sandgauge
