#include "report/capabilities_nfd.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/escape.h"

namespace sandgauge {
namespace {

/// A subdomain that node-feature-discovery accepts without being configured.
constexpr char kNamespace[] = "sandgauge.feature.node.kubernetes.io";
constexpr std::size_t kLongestLabel = 63;

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Kubernetes' rule for a label's name and value: letters, digits, '-', '_' and '.', beginning and ending with one of the
/// first two. Other characters become '_'.
std::string label_text(std::string_view text) {
  std::string label(text.substr(0, kLongestLabel));
  std::ranges::replace_if(
      label, [](char c) { return !is_alphanumeric(c) && c != '-' && c != '_' && c != '.'; }, '_');
  while (!label.empty() && !is_alphanumeric(label.back())) label.pop_back();
  const auto first = std::ranges::find_if(label, is_alphanumeric);
  return {first, label.end()};
}

std::string_view label_value(Standing standing) {
  if (standing == Standing::yes) return "true";
  if (standing == Standing::no) return "false";
  return standing == Standing::untested ? "untested" : "unknown";
}

}  // namespace

std::string to_nfd(const CapabilityReport& report) {
  std::string text =
      "# " +
      visible(fmt::format("sandgauge {}, Linux {} {}, {}", report.version, report.kernel, report.machine, report.user)) +
      "\n";
  for (const Capability& one : report.capabilities) {
    const std::string name = label_text(one.id);
    text += fmt::format("{}/{}={}\n", kNamespace, name, label_value(conclusion(one).standing));
    if (const std::string value = label_text(one.value); !value.empty())
      text += fmt::format("{}/{}={}\n", kNamespace, label_text(one.id + ".value"), value);
  }
  return text;
}

}  // namespace sandgauge
