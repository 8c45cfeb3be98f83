// The two halves of the topic log-audit.
#pragma once

#include <vector>

#include "conformance/audit_records.h"
#include "conformance/scenario.h"
#include "conformance/watched_call.h"
#include "model/action.h"

namespace sandgauge {

/// Data that tells itself from no data; small enough to be an errno.
inline constexpr std::uint16_t kLoggedData = 0x123;

/// "kill-process", "errno", ...: for the names of cases.
std::string action_slug(ActionKind kind);
/// "kill_process", "user_notif", ...: the kernel's word in actions_avail and actions_logged.
std::string_view action_word(ActionKind kind);

/// Whether the documentation says that it is logged, as far as actions_logged permits it.
bool is_logged(ActionKind kind, bool flag_log);

/// One filter that gives the call this answer.
StackedFilter filter_for(ActionKind kind, bool flag_log);
/// The answer of filter_for().
Action answer_for(ActionKind kind);

/// One record with these fields for a getppid(2) of this machine's own ABI, or none at all.
void check_record(Stage& stage, const Records& records, bool logged, int signal, std::uint32_t code);
void check_record(Stage& stage, const Records& records, bool logged, ActionKind kind);

/// Those about kernel.seccomp.actions_logged.
std::vector<Scenario> actions_logged_scenarios();

}  // namespace sandgauge
