// Rows: the capabilities of one group, and how each is found. Internal to kernel/.
//
// A row says what is the same everywhere, and which options of the kernel's configuration claim it; from these and the
// version the column "claimed" is filled before `find` is called, which fills the others (and may correct it).
#pragma once

#include <string>
#include <vector>

#include "kernel/machine.h"
#include "model/capability.h"

namespace sandgauge {

struct Row {
  const char* id;
  const char* title;
  const char* meaning;
  KernelVersion since;
  const char* source;
  std::vector<const char*> options;  // CONFIG_ names that must all be y or m; "NEW|OLD" is either
  void (*find)(const Machine&, Capability&);
};

std::vector<Row> seccomp_mode_rows();
std::vector<Row> seccomp_action_rows();
std::vector<Row> seccomp_flag_rows();
std::vector<Row> seccomp_notify_rows();
std::vector<Row> seccomp_ptrace_rows();
std::vector<Row> seccomp_limit_rows();
std::vector<Row> way_around_rows();
std::vector<Row> apparmor_rows();
std::vector<Row> landlock_rows();
std::vector<Row> bpf_lsm_rows();
std::vector<Row> lsm_rows();
std::vector<Row> observation_rows();
std::vector<Row> host_rows();

}  // namespace sandgauge
