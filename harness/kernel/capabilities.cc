#include "kernel/capabilities.h"

#include <fmt/format.h>

#include <iterator>

#include "kernel/rows.h"

namespace sandgauge {
namespace {

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (const auto& group : {seccomp_mode_rows, seccomp_action_rows, seccomp_flag_rows, seccomp_notify_rows,
                            seccomp_ptrace_rows, seccomp_limit_rows, way_around_rows, apparmor_rows, landlock_rows,
                            bpf_lsm_rows, lsm_rows, observation_rows, host_rows}) {
    std::vector<Row> more = group();
    rows.insert(rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return rows;
}

Capability described(const Row& row) {
  Capability capability;
  capability.id = row.id;
  capability.group = capability.id.substr(0, capability.id.find('.'));
  capability.title = row.title;
  capability.meaning = row.meaning;
  capability.since = row.since;
  capability.source = row.source;
  return capability;
}

bool is_built(const std::optional<std::string>& value) { return value && (*value == "y" || *value == "m"); }

/// One "NEW|OLD": the first name that is built in, or else the first name.
Finding option_claim(const KernelConfig& config, std::string_view names) {
  Finding finding;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find('|'));
    const auto value = config.value(name);
    if (is_built(value)) return {Standing::yes, fmt::format("CONFIG_{}={} in {}", name, *value, config.path)};
    if (finding.evidence.empty()) finding = {Standing::no, fmt::format("CONFIG_{} is not set in {}", name, config.path)};
    names.remove_prefix(std::min(name.size() + 1, names.size()));
  }
  return finding;
}

std::string column_text(const char* name, const Finding& finding) {
  return fmt::format("{} {} ({})", name, standing_name(finding.standing), finding.evidence);
}

}  // namespace

Finding claim(const Machine& machine, const std::vector<const char*>& options, KernelVersion since) {
  const bool by_version = since != KernelVersion{};
  if (by_version && machine.host.kernel < since)
    return {Standing::no, fmt::format("Linux {} is older than {}", to_string(machine.host.kernel), to_string(since))};
  if (options.empty()) {
    if (!by_version) return {};
    return {Standing::yes, fmt::format("Linux {} has it since {}", to_string(machine.host.kernel), to_string(since))};
  }
  if (!machine.config) return {Standing::unknown, machine.config_problem};
  Finding claimed{Standing::yes, ""};
  for (const char* names : options) {
    const Finding option = option_claim(*machine.config, names);
    if (option.standing == Standing::no) return option;
    claimed.evidence += (claimed.evidence.empty() ? "" : ", ") + option.evidence;
  }
  return claimed;
}

std::string explain_difference(const Capability& capability) {
  if (!differs(capability))
    return capability.works.standing == Standing::untested ? "not tried: " + capability.works.evidence : "";
  std::string text;
  const auto add = [&text](const char* name, const Finding& finding) {
    if (finding.standing != Standing::none) text += (text.empty() ? "" : "; ") + column_text(name, finding);
  };
  add("claimed", capability.claimed);
  add("advertised", capability.advertised);
  add("works", capability.works);
  return text;
}

std::vector<Capability> capability_catalogue() {
  std::vector<Capability> catalogue;
  for (const Row& row : all_rows()) catalogue.push_back(described(row));
  return catalogue;
}

std::vector<Capability> inspect_capabilities(const Machine& machine) {
  std::vector<Capability> found;
  for (const Row& row : all_rows()) {
    Capability capability = described(row);
    capability.claimed = claim(machine, row.options, row.since);
    row.find(machine, capability);
    if (capability.reason.empty()) capability.reason = explain_difference(capability);
    found.push_back(std::move(capability));
  }
  return found;
}

}  // namespace sandgauge
