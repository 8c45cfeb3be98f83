#include "report/capabilities_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/escape.h"

namespace sandgauge {
namespace {

constexpr std::size_t kColumn = 12;

Status colour_of(Standing standing) {
  if (standing == Standing::yes) return Status::pass;
  return standing == Standing::no ? Status::fail : Status::skip;
}

std::string cell(const Finding& finding, Style style) {
  const std::string text(finding.standing == Standing::none ? "-" : standing_name(finding.standing));
  const std::string padding(text.size() < kColumn ? kColumn - text.size() : 1, ' ');
  return (finding.standing == Standing::none ? text : style.paint(colour_of(finding.standing), text)) + padding;
}

std::size_t id_width(const std::vector<Capability>& capabilities) {
  std::size_t width = 0;
  for (const Capability& one : capabilities) width = std::max(width, one.id.size());
  return width;
}

std::string evidence(const char* column, const Finding& finding) {
  if (finding.standing == Standing::none) return "";
  return fmt::format("      {:<11} {}: {}\n", column, standing_name(finding.standing), visible(finding.evidence));
}

std::string details(const Capability& one) {
  std::string text = fmt::format("      {}. {}\n", visible(one.title), visible(one.meaning));
  if (one.since != KernelVersion{}) text += fmt::format("      since       Linux {}\n", to_string(one.since));
  text += evidence("claimed", one.claimed) + evidence("advertised", one.advertised) + evidence("works", one.works);
  return text + fmt::format("      source      {}\n", visible(one.source));
}

std::string differences(const std::vector<Capability>& capabilities, Style style) {
  std::string text;
  for (const Capability& one : capabilities)
    if (differs(one)) text += fmt::format("  {}: {}\n", style.paint(Status::fail, visible(one.id)), visible(one.reason));
  return text.empty() ? "" : "The columns differ:\n" + text;
}

std::string group_table(const std::vector<const Capability*>& group, std::size_t width, Style style, bool verbose) {
  std::string text = fmt::format("{:<{}}", visible(group.front()->group), width + 4);
  text += fmt::format("{:<{}}{:<{}}{:<{}}value", "claimed", kColumn, "advertised", kColumn, "works", kColumn);
  end_line(text);
  for (const Capability* one : group) {
    text += fmt::format("  {:<{}}", visible(one->id), width + 2);
    text += cell(one->claimed, style) + cell(one->advertised, style) + cell(one->works, style) + visible(one->value);
    end_line(text);
    if (verbose) text += details(*one);
  }
  return text;
}

std::string tables(const std::vector<Capability>& capabilities, Style style, bool verbose) {
  std::vector<std::pair<std::string, std::vector<const Capability*>>> groups;
  for (const Capability& one : capabilities) {
    auto group = std::ranges::find(groups, one.group, [](const auto& pair) { return pair.first; });
    if (group == groups.end()) group = groups.insert(groups.end(), {one.group, {}});
    group->second.push_back(&one);
  }
  std::string text;
  for (const auto& [name, members] : groups)
    text += (text.empty() ? "" : "\n") + group_table(members, id_width(capabilities), style, verbose);
  return text;
}

std::string not_tried(const std::vector<Capability>& capabilities) {
  std::vector<std::string> reasons;  // in the order of the report
  std::map<std::string, std::string> ids;
  for (const Capability& one : capabilities) {
    if (one.works.standing != Standing::untested) continue;
    std::string& list = ids[one.works.evidence];
    if (list.empty()) reasons.push_back(one.works.evidence);
    list += (list.empty() ? "" : ", ") + one.id;
  }
  std::string text;
  for (const std::string& reason : reasons) text += fmt::format("  {}\n    {}\n", visible(ids[reason]), visible(reason));
  return text.empty() ? "" : "Untested, which does not mean no:\n" + text;
}

std::string totals_line(const std::vector<Capability>& capabilities) {
  const auto count = [&](Standing standing) {
    return std::ranges::count(capabilities, standing, [](const Capability& one) { return conclusion(one).standing; });
  };
  return fmt::format("{} yes, {} no, {} untested, {} unknown\n", count(Standing::yes), count(Standing::no),
                     count(Standing::untested), count(Standing::unknown) + count(Standing::none));
}

}  // namespace

std::string to_text(const CapabilityReport& report, Style style, bool verbose) {
  std::string heading =
      visible(fmt::format("sandgauge {}, Linux {} {}, {}", report.version, report.kernel, report.machine, report.user)) +
      "\n";
  for (const std::string& note : report.notes) heading += fmt::format("note: {}\n", visible(note));
  std::vector<std::string> sections{std::move(heading), differences(report.capabilities, style),
                                    tables(report.capabilities, style, verbose), not_tried(report.capabilities),
                                    totals_line(report.capabilities)};
  std::erase(sections, "");
  return fmt::format("{}", fmt::join(sections, "\n"));
}

std::string list_text(const std::vector<Capability>& capabilities) {
  std::string text;
  for (const Capability& one : capabilities)
    text += fmt::format("{:<{}}  {}\n", visible(one.id), id_width(capabilities), visible(one.title));
  return text;
}

}  // namespace sandgauge
