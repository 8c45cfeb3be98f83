// Intent: what somebody wants of a sandbox, in no mechanism's words, and how each mechanism says it.
//
//   Intent intent = *policy::read_intent("cases/intents/deny-mkdir.yaml");
//   intent.act.steps[0] == "mkdir(\"{in}/new\", 0o755)"     // {in} is a folder of the scene that the act plays in
//
// The act is what the intent is against. Variants are other ways to the same end: what a mechanism misses is among them.
// Controls must go on working; what a mechanism denies beyond the intent is among them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/landlock.h"
#include "model/policy.h"
#include "model/sandbox.h"

namespace sandgauge {

/// One step of an act is a call as in case files, `mkdir("{in}/new", 0o755)@i386`; or "exec " and a call, made by a program
/// that is executed first; "uring " and a call, made through io_uring(7); "fork", "receive".
struct Act {
  std::string name;
  std::vector<std::string> steps;  // the last one's result is the act's
  std::string names;               // what a record of it has to name: a path, of which the last part will do, or a word
  std::string leaves;              // a path that is there afterwards if the act was done, or "!" and one that is gone
  bool operator==(const Act&) const = default;
};

struct Intent {
  std::string id;
  std::string sentence;
  bool record = false;  // the act is not to be stopped but to be known of
  Act act;
  std::vector<Act> variants;
  std::vector<Act> controls;

  std::optional<Policy> seccomp;  // none: it cannot be said
  std::string apparmor;           // lines of a profile that allows everything else; empty: it cannot be said
  std::optional<LandlockRules> landlock;
  std::vector<std::string> bpf_lsm;  // programs of confine/bpf/sandbox.bpf.c
  std::string bpf_inode;             // the path that they are about
  std::string why_seccomp;           // why it can be said so far, and no further
  std::string why_apparmor;
  std::string why_landlock;
  std::string why_bpf_lsm;
  bool operator==(const Intent&) const = default;

  [[nodiscard]] const std::string& why(Sandbox sandbox) const {
    static const std::string kNothing;
    switch (sandbox) {
      case Sandbox::seccomp: return why_seccomp;
      case Sandbox::apparmor: return why_apparmor;
      case Sandbox::landlock: return why_landlock;
      case Sandbox::bpf_lsm: return why_bpf_lsm;
      default: return kNothing;
    }
  }
};

/// The names that stand for parts of the scene, and what each is.
struct ScenePart {
  std::string_view name;
  std::string_view meaning;
};
inline constexpr ScenePart kSceneParts[] = {
    {"scene", "the folder that all is in"},
    {"in", "the protected folder; {in}/old is a folder"},
    {"out", "another folder; {out}/full is a folder"},
    {"link", "a symbolic link to {in}"},
    {"bind", "{in} by a bind mount"},
    {"in_fd", "a descriptor of {in}, open before"},
    {"public", "a file that may be read"},
    {"secret", "a file that may not be read, beside it"},
    {"secret_link", "a symbolic link to {secret}"},
    {"secret_hard", "a hard link to {secret}"},
    {"secret_bind", "{secret} by a bind mount of its folder"},
    {"secret_fd", "a descriptor of {secret}, open before"},
    {"file", "a file whose mode and owner may not be changed"},
    {"file_fd", "a descriptor of it, open before"},
    {"program", "a program that may not be executed"},
    {"other_program", "another program"},
    {"program_fd", "a descriptor of {program}, open before"},
    {"victim", "the pid of a process that is no part of the sandbox"},
    {"victim_name", "what that process is called (PR_SET_NAME)"},
    {"port", "a TCP port of this machine that may not be connected to"},
    {"other_port", "another one"},
    {"address", "the address of a sockaddr_in of 127.0.0.1 and {port}"},
    {"other_address", "the same of {other_port}"},
    {"address6", "the address of a sockaddr_in6 of ::1"},
    {"socket_fd", "a TCP socket, made before"},
    {"vector", "the address of an iovec of 8 bytes that {victim} has at the same address"},
    {"words", "the address of an argument list without arguments"},
    {"loader_words", "the address of an argument list with {program}"},
    {"result", "what the step before returned"},
};

}  // namespace sandgauge
