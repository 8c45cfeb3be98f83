#include "report/comparison.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/errno_text.h"
#include "report/escape.h"

namespace sandgauge {
namespace {

using nlohmann::ordered_json;

constexpr const char* kRoles[] = {"act", "variant", "control"};
constexpr const char* kEnds[] = {"done", "denied", "killed", "not here", "not tried"};

const char* role_name(ActRole role) { return kRoles[static_cast<std::size_t>(role)]; }

ordered_json act_json(const ActSeen& act) {
  ordered_json object{{"role", role_name(act.role)}, {"name", act.name}, {"end", kEnds[static_cast<std::size_t>(act.end)]}};
  if (act.end == ActEnd::denied) object["errno"] = errno_name(act.error);
  if (act.end == ActEnd::killed) object["signal"] = signal_name(act.signal);
  object["effect"] = act.left;
  if (!act.record.empty()) object["record"] = visible(act.record);
  if (!act.record.empty() && !act.named) object["named"] = false;
  if (!act.trouble.empty()) object["trouble"] = visible(act.trouble);
  return object;
}

ordered_json pairing_json(const Pairing& pairing) {
  ordered_json object{{"sandbox", sandbox_name(pairing.sandbox)}, {"fit", fit_name(pairing.fit)}, {"why", pairing.why}};
  if (!pairing.trouble.empty()) object["trouble"] = visible(pairing.trouble);
  object["install_us"] = pairing.install_microseconds;
  object["acts"] = ordered_json::array();
  for (const ActSeen& act : pairing.acts) object["acts"].push_back(act_json(act));
  return object;
}

ordered_json traits_json(const SandboxTraits& traits) {
  ordered_json object{{"sandbox", sandbox_name(traits.sandbox)}, {"here", traits.here}};
  if (!traits.trouble.empty()) object["trouble"] = visible(traits.trouble);
  object["unprivileged"] = traits.unprivileged;
  object["lifted_inside"] = traits.lifted_inside;
  object["lifted_outside"] = traits.lifted_outside;
  return object;
}

ordered_json cost_json(const SandboxCost& row) {
  ordered_json object{{"sandbox", sandbox_name(row.sandbox)}, {"setting", row.setting}, {"call", row.call}};
  if (!row.trouble.empty()) {
    object["trouble"] = visible(row.trouble);
    return object;
  }
  object["base"] = row.base;
  object["extra"] = row.extra;
  object["install"] = row.install;
  object["enter"] = row.enter;
  return object;
}

}  // namespace

std::string word_of_act(const ActSeen& act) {
  switch (act.end) {
    case ActEnd::denied: return errno_name(act.error);
    case ActEnd::killed: return signal_name(act.signal);
    default: return kEnds[static_cast<std::size_t>(act.end)];
  }
}

std::string cell_of_pairing(const IntentSeen& intent, const Pairing& pairing) {
  if (pairing.fit == Fit::absent) return "not here";
  if (pairing.acts.empty()) return "no";
  const ActSeen& act = pairing.acts.front();
  if (pairing.sandbox == Sandbox::none) return word_of_act(act);
  int through = 0;
  int broken = 0;
  for (const ActSeen& one : pairing.acts) {
    if (one.role == ActRole::variant) {
      const bool stopped = one.end == ActEnd::denied || one.end == ActEnd::killed || one.end == ActEnd::not_here;
      through += intent.record ? one.end == ActEnd::done && (one.record.empty() || !one.named) : !stopped;
    }
    if (one.role == ActRole::control)
      broken += intent.record ? !one.record.empty() : one.end == ActEnd::denied || one.end == ActEnd::killed;
  }
  std::string text(fit_name(pairing.fit));
  if (pairing.fit == Fit::no) return text;
  if (!intent.record) text += " " + word_of_act(act);
  if (through > 0) text += fmt::format(" -{}", through);
  if (broken > 0) text += fmt::format(" +{}", broken);
  return text;
}

std::string comparison_json(const Comparison& comparison) {
  ordered_json document{{"schema", "sandgauge.compare/1"},
                        {"version", comparison.version},
                        {"kernel", comparison.kernel},
                        {"user", comparison.user},
                        {"unit", comparison.counted ? "instructions" : "nanoseconds"},
                        {"notes", comparison.notes}};
  for (const char* key : {"sandboxes", "intents", "costs"}) document[key] = ordered_json::array();
  for (const SandboxTraits& one : comparison.traits) document["sandboxes"].push_back(traits_json(one));
  for (const IntentSeen& intent : comparison.intents) {
    ordered_json object{{"id", intent.id},
                        {"sentence", intent.sentence},
                        {"kind", intent.record ? "record" : "stop"},
                        {"pairings", ordered_json::array()}};
    for (const Pairing& pairing : intent.pairings) object["pairings"].push_back(pairing_json(pairing));
    document["intents"].push_back(std::move(object));
  }
  for (const SandboxCost& row : comparison.costs) document["costs"].push_back(cost_json(row));
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sandgauge
