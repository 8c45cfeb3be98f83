// The parts of the topic "notify"; each has a file of its own.
#pragma once

#include <vector>

#include "conformance/scenario.h"

namespace sandgauge {

/// How a listener is made, and what a call gives that has none: notify.cc.
std::vector<Scenario> notify_setup_scenarios();
/// poll(2) and epoll(7) of a listener: notify_poll.cc.
std::vector<Scenario> notify_poll_scenarios();
/// SECCOMP_IOCTL_NOTIF_RECV: notify_receive.cc.
std::vector<Scenario> notify_receive_scenarios();
/// What a notification says: notify_fields.cc.
std::vector<Scenario> notify_field_scenarios();
/// SECCOMP_IOCTL_NOTIF_SEND: notify_reply.cc.
std::vector<Scenario> notify_reply_scenarios();
/// Between a reply and the moment when the caller sees it: notify_answered.cc.
std::vector<Scenario> notify_answered_scenarios();
/// SECCOMP_IOCTL_NOTIF_ID_VALID and SET_FLAGS: notify_ids.cc.
std::vector<Scenario> notify_id_scenarios();
/// Which calls of which tasks reach which listener: notify_reach.cc.
std::vector<Scenario> notify_reach_scenarios();
/// Signals to a caller and to a receiver: notify_signals.cc.
std::vector<Scenario> notify_signal_scenarios();

}  // namespace sandgauge
