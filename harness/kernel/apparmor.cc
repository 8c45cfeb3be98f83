#include "kernel/apparmor.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/errno_text.h"
#include "base/shared_slot.h"
#include "base/unique_fd.h"
#include "kernel/command.h"
#include "kernel/rows.h"
#include "kernel/text_file.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

constexpr char kModule[] = "/sys/module/apparmor";
constexpr char kEnabled[] = "/sys/module/apparmor/parameters/enabled";
constexpr char kPolicy[] = "/sys/kernel/security/apparmor";
constexpr std::chrono::seconds kSessionDeadline{15};

/// Why there is nothing to try; Standing::none if there is.
Finding obstacle(const Machine& machine) {
  if (::access("/sys/module", F_OK) != 0) return {Standing::untested, "/sys is not there to ask whether AppArmor runs"};
  if (::access(kModule, F_OK) != 0) return {Standing::no, std::string(kModule) + " is not there: AppArmor is not built in"};
  const auto enabled = read_setting(kEnabled);
  if (enabled && *enabled != "Y") return {Standing::no, fmt::format("{} is {}", kEnabled, *enabled)};
  if (!machine.has("CAP_MAC_ADMIN")) return {Standing::untested, "needs CAP_MAC_ADMIN"};
  if (::access((std::string(kPolicy) + "/.remove").c_str(), W_OK) != 0)
    return {Standing::untested, fmt::format("{}/.remove: {}", kPolicy, errno_text(errno))};
  if (find_parser().empty()) return {Standing::untested, "there is no apparmor_parser to make a policy with"};
  if (!machine.scratch) return {Standing::untested, machine.scratch_problem};
  if (machine.self_exec.empty()) return {Standing::untested, "there is no program to confine"};
  return {};
}

/// What the session found out; in shared memory.
struct SessionFacts {
  bool loaded;
  bool made;  // the parser makes a policy of the profile, whatever the kernel says to it
  bool free_seen;
  bool confined_seen;
  char problem[200];  // of the first step that failed
  char label[100];
  int free[kMediationClasses];      // errno of each class's operation outside of the profile
  int confined[kMediationClasses];  // and inside
};

void note(SessionFacts& facts, const std::string& problem) {
  if (facts.problem[0] == '\0') std::strncpy(facts.problem, problem.c_str(), sizeof facts.problem - 1);
}

/// Without loading it.
CommandResult make_policy(const std::string& parser, const std::string& file) {
  return run_command({parser, "--skip-kernel-load", "--skip-cache", "--skip-read-cache", file});
}

void remove_profile(const std::string& name) {
  const UniqueFd remove(::open((std::string(kPolicy) + "/.remove").c_str(), O_WRONLY | O_CLOEXEC));
  if (remove) static_cast<void>(!::write(remove.get(), name.data(), name.size()));
}

/// Has the kernel confine this process by the profile at its next exec (aa_change_onexec(2)).
bool change_onexec(const std::string& profile) {
  const std::string request = "exec " + profile;
  for (const char* path : {"/proc/self/attr/apparmor/exec", "/proc/self/attr/exec"}) {
    const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
    if (fd && ::write(fd.get(), request.data(), request.size()) == static_cast<ssize_t>(request.size())) return true;
  }
  return false;
}

void run_session(const Machine& machine, const std::string& name, SessionFacts& facts) {
  // Whoever kills the parent does not leave the profile behind.
  ::prctl(PR_SET_PDEATHSIG, 0);
  const std::string& folder = machine.scratch->path();
  const std::string file = folder + "/profile";
  const std::string text = profile_text(name, folder);
  {
    const UniqueFd profile(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const UniqueFd denied(::open((folder + "/denied").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!profile || !denied || ::write(profile.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      return note(facts, "the profile cannot be written");
  }
  std::vector<std::string> step = machine.self_exec;
  step.push_back(folder);
  const auto take = [&facts](const CommandResult& ended, int(&into)[kMediationClasses], bool& seen) {
    const auto report = parse_step_report(ended.output);
    if (!report) return note(facts, report.error().message);
    std::copy(std::begin(report->errors), std::end(report->errors), into);
    std::strncpy(facts.label, report->label.c_str(), sizeof facts.label - 1);
    seen = true;
  };
  take(run_command(step), facts.free, facts.free_seen);
  const CommandResult parsed = run_command({find_parser(), "--add", "--skip-cache", "--skip-read-cache", file});
  facts.loaded = parsed.exit_code == 0;
  facts.made = facts.loaded || make_policy(find_parser(), file).exit_code == 0;
  if (!facts.loaded) return note(facts, "apparmor_parser: " + parsed.last_line());
  bool entered = true;
  const CommandResult confined = run_command(step, [&] { return change_onexec(name); });
  if (confined.not_started) {
    entered = false;
    note(facts, "the profile cannot be entered: change_onexec is refused");
  }
  if (entered) take(confined, facts.confined, facts.confined_seen);
  remove_profile(name);
}

/// The session's facts, found once. `why` is why there are none.
const SessionFacts* session(const Machine& machine, Finding& why) {
  static SessionFacts facts;
  static const Finding problem = [&machine] {
    if (Finding found = obstacle(machine); found.standing != Standing::none) return found;
    const auto shared = SharedSlot<SessionFacts>::make();
    if (!shared) return Finding{Standing::untested, shared.error().message};
    std::uint64_t random = 0;
    static_cast<void>(::getrandom(&random, sizeof random, 0));
    const std::string name = fmt::format("sandgauge-check-{:016x}", random);
    const Finding ended = attempt(
        [&](Witness& witness) {
          run_session(machine, name, **shared);
          witness.yes("it came to its end");
        },
        nullptr, kSessionDeadline);
    remove_profile(name);  // once more, if the session was killed
    machine.scratch->clear();
    facts = **shared;
    return ended.standing == Standing::yes ? Finding{} : ended;
  }();
  why = problem;
  return problem.standing == Standing::none ? &facts : nullptr;
}

void find_built(const Machine&, Capability& c) {
  const bool there = ::access(kModule, F_OK) == 0;
  if (!there && ::access("/sys/module", F_OK) != 0) {
    c.advertised = {Standing::unknown, "/sys/module is not there"};
  } else {
    c.advertised = {there ? Standing::yes : Standing::no, fmt::format("{} is {}there", kModule, there ? "" : "not ")};
  }
}

void find_enabled(const Machine&, Capability& c) {
  const auto enabled = read_setting(kEnabled);
  if (enabled) {
    c.advertised = {*enabled == "Y" ? Standing::yes : Standing::no, fmt::format("{} is {}", kEnabled, *enabled)};
  } else {
    find_built({}, c);
    if (c.advertised.standing == Standing::yes) c.advertised = {Standing::unknown, enabled.error().message};
  }
}

void find_listed(const Machine& machine, Capability& c) {
  if (!machine.lsms) {
    c.advertised = {Standing::unknown, machine.lsms_source};
    return;
  }
  const bool there = machine.lists("apparmor");
  c.advertised = {there ? Standing::yes : Standing::no,
                  fmt::format("apparmor is {}in {}", there ? "" : "not ", machine.lsms_source)};
}

void find_parser_row(const Machine& machine, Capability& c) {
  const std::string parser = find_parser();
  if (parser.empty()) {
    c.advertised = {Standing::no, "apparmor_parser is in none of PATH, /usr/sbin and /sbin"};
    c.works = c.advertised;
    return;
  }
  c.advertised = {Standing::yes, parser + " is there"};
  if (!machine.scratch) {
    c.works = {Standing::untested, machine.scratch_problem};
    return;
  }
  const std::string version = run_command({parser, "--version"}).output;
  const std::size_t at = version.find("version ");
  if (at != std::string::npos) c.value = version.substr(at + 8, version.find_first_of(" \n", at + 8) - at - 8);
  const std::string file = machine.scratch->path() + "/profile";
  const std::string text = profile_text("sandgauge-check", machine.scratch->path());
  {
    const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    static_cast<void>(!::write(fd.get(), text.data(), text.size()));
  }
  const CommandResult ended = make_policy(parser, file);
  machine.scratch->clear();
  if (ended.exit_code == 0) {
    c.works = {Standing::yes, "it makes a policy of a profile"};
  } else {
    c.works = {Standing::untested, "it does not make a policy here: " + ended.last_line()};
  }
}

void find_load(const Machine& machine, Capability& c) {
  c.advertised = ::access((std::string(kPolicy) + "/.load").c_str(), F_OK) == 0
                     ? Finding{Standing::yes, std::string(kPolicy) + "/.load is there"}
                     : Finding{Standing::unknown, fmt::format("{}/.load: {}", kPolicy, errno_text(errno))};
  const SessionFacts* facts = session(machine, c.works);
  if (facts == nullptr) return;
  if (facts->loaded) {
    c.works = {Standing::yes, "a profile was loaded, and removed again"};
  } else if (facts->made && !machine.first_user_namespace) {
    c.works = {Standing::untested, "in another user namespace than the first: " + std::string(facts->problem)};
  } else if (facts->made) {
    c.works = {Standing::no, "a profile cannot be loaded: " + std::string(facts->problem)};
  } else {
    c.works = {Standing::untested, "no policy could be made of a profile: " + std::string(facts->problem)};
  }
}

void find_change_onexec(const Machine& machine, Capability& c) {
  const SessionFacts* facts = session(machine, c.works);
  if (facts == nullptr) return;
  if (!facts->loaded) {
    c.works = {Standing::untested, "no profile could be loaded: " + std::string(facts->problem)};
  } else if (facts->confined_seen && std::strncmp(facts->label, "sandgauge-check-", 16) == 0) {
    c.works = {Standing::yes, fmt::format("the program that was started says that it runs under {}", facts->label)};
  } else {
    c.works = {facts->confined_seen ? Standing::no : Standing::untested,
               facts->confined_seen ? fmt::format("the program that was started says that it runs under '{}'", facts->label)
                                    : std::string(facts->problem)};
  }
}

/// What securityfs says of a class: a folder or file of its features.
Finding advertised_class(MediationClass kind) {
  constexpr const char* kFeatures[kMediationClasses] = {
      "file", "network_v8", "caps", "mount", "signal", "ptrace", "namespaces/userns_create"};
  const std::string path = fmt::format("{}/features/{}", kPolicy, kFeatures[static_cast<int>(kind)]);
  if (::access((std::string(kPolicy) + "/features").c_str(), F_OK) != 0)
    return {Standing::unknown, fmt::format("{}/features: {}", kPolicy, errno_text(errno))};
  // Linux 6.7 lists this one by name in a file beside it.
  const auto mask = read_setting((std::string(kPolicy) + "/features/namespaces/mask").c_str());
  const bool in_mask = kind == MediationClass::userns && mask && mask->find("userns_create") != std::string::npos;
  const bool there = in_mask || ::access(path.c_str(), F_OK) == 0;
  return {there ? Standing::yes : Standing::no, fmt::format("{} is {}there", path, there ? "" : "not ")};
}

template <MediationClass kKind>
void find_class(const Machine& machine, Capability& c) {
  constexpr int kIndex = static_cast<int>(kKind);
  c.advertised = advertised_class(kKind);
  const SessionFacts* facts = session(machine, c.works);
  if (facts == nullptr) return;
  const auto untested = [&c](const std::string& why) { c.works = {Standing::untested, why}; };
  if (!facts->confined_seen || !facts->free_seen) return untested(facts->problem);
  if (facts->free[kIndex] != 0)
    return untested("the operation fails even without a profile: " + errno_text(facts->free[kIndex]));
  const int error = facts->confined[kIndex];
  constexpr bool kIsCapability = kKind == MediationClass::capability;
  // A parser that is older than the kernel makes policies that do not mention the class.
  if (error == 0 && (c.advertised.standing == Standing::yes || c.claimed.standing != Standing::no))
    return untested("the operation is not denied: this kernel, or the parser, does not mediate it in such a profile");
  if (error == 0) {
    c.works = {Standing::no, "the operation is not denied under a profile that does not allow it"};
  } else if (error == EACCES || (error == EPERM && kIsCapability)) {
    c.works = {Standing::yes, "the operation is denied under a profile and not without one: " + errno_text(error)};
  } else {
    untested("the operation fails otherwise than by AppArmor: " + errno_text(error));
  }
}

}  // namespace

std::vector<Row> apparmor_rows() {
  static constexpr char kSource[] = "apparmor(7)";
  constexpr KernelVersion kSince{2, 6};
  const auto row = [](const char* id, const char* title, const char* meaning, KernelVersion since, const char* source,
                      void (*find)(const Machine&, Capability&)) {
    return Row{id, title, meaning, since, source, {"SECURITY_APPARMOR"}, find};
  };
  static constexpr char kProfile[] = "apparmor.d(5)";
  Row parser = row("apparmor.parser", "apparmor_parser is there", "Profiles are text, and this makes policies of them.", {},
                   "apparmor_parser(8)", find_parser_row);
  parser.options = {};
  return {
      row("apparmor.built", "AppArmor: built in", "Without it there are no profiles.", kSince, kSource, find_built),
      row("apparmor.enabled", "AppArmor: enabled at boot", "Built in is not enabled: see lsm= on the kernel's command line.",
          kSince, kSource, find_enabled),
      row("apparmor.listed", "AppArmor: in the list of LSMs", "Whether the kernel asks it at all.", kSince, kSource,
          find_listed),
      parser,
      row("apparmor.load", "AppArmor: a profile can be loaded", "Container runtimes load one for their containers.", kSince,
          "apparmor_parser(8)", find_load),
      row("apparmor.change_onexec", "AppArmor: change_onexec confines",
          "A launcher can start a program under a profile, as runc and systemd do.", kSince, "aa_change_onexec(2)",
          find_change_onexec),
      row("apparmor.enforce", "AppArmor: a profile's denial is enforced",
          "A confined program cannot open a file that its profile denies.", kSince, kProfile,
          find_class<MediationClass::file>),
      row("apparmor.mediates.network", "AppArmor mediates sockets", "A profile decides which kinds of socket are made.",
          {4, 17}, kProfile, find_class<MediationClass::network>),
      row("apparmor.mediates.capability", "AppArmor mediates capabilities", "A profile takes capabilities from root.",
          kSince, kProfile, find_class<MediationClass::capability>),
      row("apparmor.mediates.mount", "AppArmor mediates mount(2)", "A profile decides what may be mounted.", {4, 14},
          kProfile, find_class<MediationClass::mount>),
      row("apparmor.mediates.signal", "AppArmor mediates signals", "A profile decides who may be sent a signal.", {4, 14},
          kProfile, find_class<MediationClass::signal>),
      row("apparmor.mediates.ptrace", "AppArmor mediates ptrace(2)", "A profile decides whose memory may be read.", {4, 13},
          kProfile, find_class<MediationClass::ptrace>),
      row("apparmor.mediates.userns", "AppArmor mediates user namespaces",
          "A profile decides who may make one without privilege.", {6, 7}, kProfile, find_class<MediationClass::userns>),
  };
}

}  // namespace sandgauge
