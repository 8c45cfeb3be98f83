#include "app/witness.h"

#include <algorithm>

#include "judge/distinguish.h"
#include "judge/identify.h"
#include "model/syscalls.h"

namespace sandgauge {

bool needs_witness(const Case& test, const Outcome& outcome, const Verdict& verdict) {
  return test.attach == Attach::exec && test.delivery == Delivery::direct && identifiable(test) && !outcome.setup &&
         outcome.end.kind != End::Kind::deadline && outcome.end.kind != End::Kind::interrupted &&
         (verdict.status == Status::pass || verdict.status == Status::fail) && !any_evidence(seen_of(test, outcome));
}

Policy with_listener_for(const Policy& policy, const CallRequest& request, const Call& call) {
  Policy watched = policy;
  for (Rule& rule : watched.rules)
    std::erase_if(rule.syscalls, [&](const std::string& name) {
      return name == request.syscall || syscall_number(call.abi, name) == call.number;
    });
  std::erase_if(watched.rules, [](const Rule& rule) { return rule.syscalls.empty(); });
  watched.rules.push_back({.syscalls = {request.syscall}, .action = {ActionKind::notify, 0}, .when = {}});
  return watched;
}

}  // namespace sandgauge
