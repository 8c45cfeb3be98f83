// The text form of a comparison: the matrix, then a paragraph for each intent and sandbox.
#include <algorithm>
#include <string_view>
#include <vector>

#include "report/comparison.h"
#include "report/escape.h"

namespace sandgauge {
namespace {

Status colour_of_fit(Fit fit) {
  switch (fit) {
    case Fit::yes: return Status::pass;
    case Fit::partly: return Status::skip;
    case Fit::no: return Status::fail;
    default: return Status::skip;
  }
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string matrix_of(const Comparison& comparison, Style style) {
  std::vector<std::size_t> widths{6};
  for (const Sandbox sandbox : kEverySandbox) widths.push_back(sandbox_name(sandbox).size());
  for (const IntentSeen& intent : comparison.intents) {
    widths[0] = std::max(widths[0], intent.id.size());
    for (std::size_t i = 0; i < intent.pairings.size(); ++i)
      widths[i + 1] = std::max(widths[i + 1], cell_of_pairing(intent, intent.pairings[i]).size());
  }
  std::string text = padded("intent", widths[0]);
  for (std::size_t i = 0; i < kSandboxes; ++i)
    text += "  " + padded(std::string(sandbox_name(kEverySandbox[i])), widths[i + 1]);
  while (text.ends_with(' ')) text.pop_back();
  text += '\n';
  for (const IntentSeen& intent : comparison.intents) {
    std::string line = padded(intent.id, widths[0]);
    for (std::size_t i = 0; i < intent.pairings.size(); ++i) {
      const Pairing& pairing = intent.pairings[i];
      const std::string cell = cell_of_pairing(intent, pairing);
      const bool plain = pairing.sandbox == Sandbox::none;
      line += "  " + (plain ? cell : style.paint(colour_of_fit(pairing.fit), cell));
      if (i + 1 < intent.pairings.size()) line += std::string(widths[i + 1] - cell.size(), ' ');
    }
    text += line + "\n";
  }
  return text;
}

std::string details_of(const IntentSeen& intent) {
  std::string text = fmt::format("\n{}: {}\n", intent.id, intent.sentence);
  for (const Pairing& pairing : intent.pairings) {
    text += fmt::format("  {}: {}\n", sandbox_name(pairing.sandbox), cell_of_pairing(intent, pairing));
    if (!pairing.why.empty()) text += fmt::format("    why: {}\n", visible(pairing.why));
    if (!pairing.trouble.empty()) text += fmt::format("    not here: {}\n", visible(pairing.trouble));
    for (const ActSeen& act : pairing.acts) {
      const char* const role = act.role == ActRole::control   ? "control"
                               : act.role == ActRole::variant ? "variant"
                                                              : "the act";
      text += fmt::format("    {}{}{}: {}{}", role, act.name.empty() ? "" : " ", act.name, word_of_act(act),
                          act.left && act.end != ActEnd::done ? ", but its effect is there" : "");
      if (!act.trouble.empty()) text += ": " + visible(act.trouble);
      text += '\n';
      if (!act.record.empty())
        text += fmt::format("      record{}: {}\n", act.named ? "" : ", which does not name it", visible(act.record));
    }
  }
  return text;
}

std::string traits_text(const SandboxTraits& traits) {
  std::string text = fmt::format("{}\n", sandbox_name(traits.sandbox));
  if (!traits.here) return text + fmt::format("  not here: {}\n", visible(traits.trouble));
  return text + fmt::format("  applied by nobody: {}\n  lifted by the process itself: {}\n  lifted from outside: {}\n",
                            visible(traits.unprivileged), visible(traits.lifted_inside), visible(traits.lifted_outside));
}

std::string costs_text(const Comparison& comparison) {
  if (comparison.costs.empty()) return {};
  const char* const unit = comparison.counted ? "instructions" : "ns";
  std::string text = fmt::format("\nCost in {}: of the call without a sandbox, and how much more with it\n", unit);
  for (const SandboxCost& row : comparison.costs) {
    text += fmt::format("  {:<9} {:<30} {:<22} ", sandbox_name(row.sandbox), row.setting, row.call);
    text += row.trouble.empty() ? fmt::format("{:>7.0f} {:>+8.0f}   to make ready {:.0f}, to enter {:.0f}\n", row.base,
                                              row.extra, row.install, row.enter)
                                : visible(row.trouble) + "\n";
  }
  return text;
}

}  // namespace

std::string comparison_text(const Comparison& comparison, Style style) {
  std::string text = fmt::format("Linux {}, as {}\n", comparison.kernel, comparison.user);
  for (const std::string& note : comparison.notes) text += visible(note) + "\n";
  text += "\n" + matrix_of(comparison, style);
  text +=
      "\nyes: the act and all its variants are stopped (or recorded, by name), and nothing else. -N: N variants get "
      "through. +N: N "
      "other\n"
      "things are stopped too. no: it cannot be said, or does not help. none: what happens without.\n";
  text += costs_text(comparison) + (comparison.traits.empty() ? "" : "\n");
  for (const SandboxTraits& traits : comparison.traits) text += traits_text(traits);
  for (const IntentSeen& intent : comparison.intents) text += details_of(intent);
  return text;
}

}  // namespace sandgauge
