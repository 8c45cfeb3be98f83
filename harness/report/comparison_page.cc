// A comparison as Markdown, and as one HTML page.
#include <string_view>

#include "report/comparison.h"
#include "report/escape.h"
#include "report/page.h"

namespace sandgauge {
namespace {

/// Text in a cell of a Markdown table.
std::string table_text(std::string_view text) {
  std::string result;
  for (const char c : visible(text)) {
    if (c == '|' || c == '<' || c == '*' || c == '_' || c == '`') result += '\\';
    result += c;
  }
  return result;
}

/// Names of acts that did not end as the intent wants it, for people: what gets through, and what else is stopped.
std::string exceptions_of(const IntentSeen& intent, const Pairing& pairing) {
  std::string through;
  std::string stopped;
  std::string unnamed;
  const auto add = [](std::string& list, const std::string& name) { list += (list.empty() ? "" : ", ") + name; };
  for (const ActSeen& act : pairing.acts) {
    const bool done = act.end == ActEnd::done;
    if (act.role == ActRole::variant && done && (!intent.record || act.record.empty())) add(through, act.name);
    if (act.role != ActRole::control && done && !act.record.empty() && !act.named)
      add(unnamed, act.role == ActRole::act ? "the act" : act.name);
    if (act.role == ActRole::control && act.end != ActEnd::not_here && (intent.record ? !act.record.empty() : !done))
      add(stopped, act.name);
  }
  std::string text;
  if (!through.empty()) text += (intent.record ? "unseen: " : "gets through: ") + through;
  if (!unnamed.empty()) text += (text.empty() ? "" : "; ") + ("not named: " + unnamed);
  if (!stopped.empty())
    text += (text.empty() ? "" : "; ") + std::string(intent.record ? "recorded too: " : "stopped too: ") + stopped;
  return text;
}

std::string cost_cell(const SandboxCost& row) {
  return row.trouble.empty() ? fmt::format("{:+.0f}", row.extra) : table_text(row.trouble);
}

std::string markdown_costs(const Comparison& comparison) {
  if (comparison.costs.empty()) return {};
  const char* const unit = comparison.counted ? "instructions" : "nanoseconds";
  std::string text = fmt::format(
      "\n### What they cost, in {0}\n\nMore than without a sandbox, for each call; what it takes to make the sandbox ready "
      "(compile, load), and what each process spends to enter it (seccomp(2) and the like).\n\n"
      "| sandbox | setting | call | without | more | to make ready | to enter |\n|---|---|---|---:|---:|---:|---:|\n",
      unit);
  for (const SandboxCost& row : comparison.costs)
    text += fmt::format("| {} | {} | {} | {:.0f} | {} | {:.0f} | {:.0f} |\n", sandbox_name(row.sandbox), row.setting,
                        row.call, row.base, cost_cell(row), row.install, row.enter);
  return text;
}

std::string markdown_details(const IntentSeen& intent) {
  std::string text =
      fmt::format("\n#### {}\n\n{}\n\n| sandbox | | the act | exceptions | record | why |\n|---|---|---|---|---|---|\n",
                  intent.id, table_text(intent.sentence));
  for (const Pairing& pairing : intent.pairings) {
    if (pairing.sandbox == Sandbox::none) continue;
    const ActSeen* const act = pairing.acts.empty() ? nullptr : &pairing.acts.front();
    text +=
        fmt::format("| {} | {} | {} | {} | {} | {} |\n", sandbox_name(pairing.sandbox),
                    pairing.fit == Fit::absent ? "not here" : fit_name(pairing.fit), act == nullptr ? "" : word_of_act(*act),
                    table_text(exceptions_of(intent, pairing)), act == nullptr ? "" : table_text(act->record),
                    table_text(pairing.trouble.empty() ? pairing.why : pairing.trouble));
  }
  return text;
}

constexpr std::string_view class_of(const Pairing& pairing) {
  constexpr std::string_view kClasses[] = {"none", "poor", "fair", "good"};
  return pairing.sandbox == Sandbox::none ? "" : kClasses[static_cast<std::size_t>(pairing.fit)];
}

std::string html_details(const IntentSeen& intent) {
  std::string text = fmt::format("<h3 id=\"{0}\">{0}</h3>\n<p>{1}</p>\n", xml_text(intent.id), xml_text(intent.sentence));
  for (const Pairing& pairing : intent.pairings) {
    text += fmt::format("<details><summary class=\"{}\">{}: {}</summary>\n<p>{}</p>\n", class_of(pairing),
                        sandbox_name(pairing.sandbox), xml_text(cell_of_pairing(intent, pairing)),
                        xml_text(pairing.trouble.empty() ? pairing.why : pairing.trouble));
    if (!pairing.acts.empty())
      text += "<div class=\"wide\"><table><tr><th></th><th>act</th><th>ended</th><th>effect</th><th>record</th></tr>\n";
    constexpr const char* kRoleWords[] = {"act", "variant", "control"};
    for (const ActSeen& act : pairing.acts)
      text += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                          kRoleWords[static_cast<std::size_t>(act.role)], xml_text(act.name), xml_text(word_of_act(act)),
                          act.left ? "there" : "", xml_text(act.record));
    text += pairing.acts.empty() ? "</details>\n" : "</table></div></details>\n";
  }
  return text;
}

}  // namespace

std::string comparison_markdown(const Comparison& comparison) {
  std::string text = fmt::format("## Linux {}\n\n", comparison.kernel);
  for (const std::string& note : comparison.notes) text += table_text(note) + "\n\n";
  text += "| intent |";
  for (const Sandbox sandbox : kEverySandbox) text += fmt::format(" {} |", sandbox_name(sandbox));
  text += "\n|---|---|---|---|---|---|---|\n";
  for (const IntentSeen& intent : comparison.intents) {
    text += fmt::format("| {} |", intent.id);
    for (const Pairing& pairing : intent.pairings) text += fmt::format(" {} |", cell_of_pairing(intent, pairing));
    text += "\n";
  }
  if (!comparison.traits.empty()) {
    text +=
        "\n### Who may apply them, and who is rid of them\n\n| sandbox | by nobody | by the process itself | from outside "
        "|\n"
        "|---|---|---|---|\n";
    for (const SandboxTraits& one : comparison.traits)
      text += one.here ? fmt::format("| {} | {} | {} | {} |\n", sandbox_name(one.sandbox), table_text(one.unprivileged),
                                     table_text(one.lifted_inside), table_text(one.lifted_outside))
                       : fmt::format("| {} | not here: {} | | |\n", sandbox_name(one.sandbox), table_text(one.trouble));
  }
  text += markdown_costs(comparison);
  if (!comparison.intents.empty()) text += "\n### Intent by intent\n";
  for (const IntentSeen& intent : comparison.intents) text += markdown_details(intent);
  return text;
}

std::string comparison_html(const Comparison& comparison) {
  std::string text = "<div class=\"wide\"><table><tr><th>intent</th>";
  for (const Sandbox sandbox : kEverySandbox) text += fmt::format("<th>{}</th>", sandbox_name(sandbox));
  text += "</tr>\n";
  for (const IntentSeen& intent : comparison.intents) {
    text += fmt::format("<tr><td><a href=\"#{0}\">{0}</a></td>", xml_text(intent.id));
    for (const Pairing& pairing : intent.pairings)
      text += fmt::format("<td class=\"{}\">{}</td>", class_of(pairing), xml_text(cell_of_pairing(intent, pairing)));
    text += "</tr>\n";
  }
  text += "</table></div>\n<p>-N: N variants get through. +N: N other things are stopped too.</p>\n";
  for (const std::string& note : comparison.notes) text += "<p>" + xml_text(note) + "</p>\n";
  if (!comparison.costs.empty()) {
    text += fmt::format(
        "<h2>Cost in {}</h2>\n<div class=\"wide\"><table><tr><th>sandbox</th><th>setting</th><th>call</th><th>without</th>"
        "<th>more</th><th>to make ready</th><th>to enter</th></tr>\n",
        comparison.counted ? "instructions" : "nanoseconds");
    for (const SandboxCost& row : comparison.costs)
      text += fmt::format(
          "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.0f}</td><td>{}</td><td>{:.0f}</td><td>{:.0f}</td></tr>\n",
          sandbox_name(row.sandbox), row.setting, row.call, row.base,
          row.trouble.empty() ? fmt::format("{:+.0f}", row.extra) : xml_text(row.trouble), row.install, row.enter);
    text += "</table></div>\n";
  }
  text += "<h2>Who may apply them, and who is rid of them</h2>\n<div class=\"wide\"><table>\n";
  for (const SandboxTraits& one : comparison.traits) {
    text += fmt::format("<tr><th>{}</th>", sandbox_name(one.sandbox));
    text += one.here
                ? fmt::format("<td>by nobody: {}</td><td>by the process itself: {}</td><td>from outside: {}</td></tr>\n",
                              xml_text(one.unprivileged), xml_text(one.lifted_inside), xml_text(one.lifted_outside))
                : fmt::format("<td colspan=\"3\" class=\"none\">not here: {}</td></tr>\n", xml_text(one.trouble));
  }
  text += "</table></div>\n<h2>Intent by intent</h2>\n";
  for (const IntentSeen& intent : comparison.intents) text += html_details(intent);
  return html_page("Sandboxes on Linux " + comparison.kernel, "summary{padding:.1rem .4rem;margin:.15rem 0;cursor:pointer}",
                   text);
}

}  // namespace sandgauge
