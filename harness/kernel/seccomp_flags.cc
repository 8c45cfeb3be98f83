// seccomp: the flags of SECCOMP_SET_MODE_FILTER.
#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <csignal>
#include <ctime>

#include "base/shared_slot.h"
#include "kernel/filter_call.h"
#include "kernel/listener.h"
#include "kernel/log_trial.h"
#include "kernel/rows.h"
#include "kernel/speculation.h"
#include "kernel/threads.h"
#include "kernel/trial.h"

namespace sandgauge {
namespace {

/// Without a filter to read, a flag that the kernel knows gives EFAULT and one that it does not EINVAL (kernel/seccomp.c,
/// seccomp_set_mode_filter).
void advertise(Capability& c, unsigned long flags) {
  const int error = static_cast<int>(
      -ask([flags] { return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) == 0 ? 0 : -errno; }));
  const Standing standing = error == EFAULT ? Standing::yes : error == EINVAL ? Standing::no : Standing::unknown;
  c.advertised = {standing, fmt::format("seccomp(2) with this flag and no filter: {}", error_name(error))};
}

/// False, with a finding, where a filter around this process keeps seccomp(2) from us.
bool seccomp_is_open(Witness& witness, unsigned long flags) {
  const int denied = seccomp_denied(flags);
  if (denied != 0) witness.untested("seccomp(2) is denied: %s", error_name(denied));
  return denied == 0;
}

const auto kDenial = answer(kTrialCall, SECCOMP_RET_ERRNO | EACCES);

/// A second thread that waits until it is asked to do something, so that the first one can change it meanwhile.
struct Sibling {
  pthread_t thread{};
  pthread_barrier_t asked{};
  pthread_barrier_t done{};
  std::function<long()> first;   // before the thread is changed
  std::function<long()> second;  // after that
  long first_result = 0;
  long second_result = 0;

  bool start() {
    pthread_barrier_init(&asked, nullptr, 2);
    pthread_barrier_init(&done, nullptr, 2);
    const auto run = [](void* argument) -> void* {
      auto& self = *static_cast<Sibling*>(argument);
      self.first_result = self.first();
      pthread_barrier_wait(&self.done);
      pthread_barrier_wait(&self.asked);
      self.second_result = self.second();
      pthread_barrier_wait(&self.done);
      return nullptr;
    };
    if (pthread_create(&thread, nullptr, run, this) != 0) return false;
    pthread_barrier_wait(&done);
    return true;
  }
  void finish() {
    pthread_barrier_wait(&asked);
    pthread_barrier_wait(&done);
    pthread_join(thread, nullptr);
  }
};

void find_tsync(const Machine&, Capability& c) {
  advertise(c, SECCOMP_FILTER_FLAG_TSYNC);
  c.works = attempt([](Witness& witness) {
    if (!seccomp_is_open(witness, SECCOMP_FILTER_FLAG_TSYNC)) return;
    Sibling sibling{.first = trial_call, .second = trial_call};
    if (!sibling.start()) return witness.untested("no second thread can be made");
    if (sibling.first_result <= 0) return witness.untested("getppid(2) fails before any filter of ours");
    const long loaded = load_filter(kDenial, SECCOMP_FILTER_FLAG_TSYNC);
    if (loaded != 0) return witness.no("the load gives %ld", loaded);
    sibling.finish();
    if (sibling.second_result != -EACCES) return witness.no("the other thread is not denied getppid(2)");
    witness.yes("a thread that was there before is denied getppid(2) too");
  });
}

void find_tsync_esrch(const Machine&, Capability& c) {
  advertise(c, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
  c.works = attempt([](Witness& witness) {
    if (!seccomp_is_open(witness, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH)) return;
    Sibling sibling{.first = [] { return load_filter(kDenial); }, .second = trial_call};
    if (!sibling.start()) return witness.untested("no second thread can be made");
    if (sibling.first_result != 0) return witness.untested("the other thread cannot load a filter of its own");
    const long plain = load_filter(kDenial, SECCOMP_FILTER_FLAG_TSYNC);
    const long esrch = load_filter(kDenial, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
    sibling.finish();
    if (esrch == -EINVAL) return witness.no("the flag is refused: EINVAL");
    if (plain <= 0) return witness.untested("a thread with a filter of its own does not hinder TSYNC");
    if (esrch != -ESRCH) return witness.no("a thread that cannot follow gives %ld instead of ESRCH", esrch);
    witness.yes("a thread that cannot follow is ESRCH instead of its number");
  });
}

void find_log_flag(const Machine&, Capability& c) {
  advertise(c, SECCOMP_FILTER_FLAG_LOG);
  c.works = attempt([](Witness& witness) {
    if (!seccomp_is_open(witness, SECCOMP_FILTER_FLAG_LOG)) return;
    const long loaded = load_filter(kDenial, SECCOMP_FILTER_FLAG_LOG);
    if (loaded < 0) return witness.no("the flag is refused: %s", error_name(static_cast<int>(-loaded)));
    witness.yes("the flag is taken");
  });
  if (c.works.standing == Standing::yes) c.works = try_logging().flag;
}

void find_spec_allow(const Machine&, Capability& c) {
  advertise(c, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  c.works = attempt([](Witness& witness) {
    if (!seccomp_is_open(witness, SECCOMP_FILTER_FLAG_SPEC_ALLOW)) return;
    const SsbStates with = ssb_around_filter(SECCOMP_FILTER_FLAG_SPEC_ALLOW);
    if (with.load_error != 0) return witness.no("the flag is refused: %s", error_name(with.load_error));
    const SsbStates without = ssb_around_filter(0);
    if (without.load_error != 0 || without.before < 0) return witness.untested("the state of SSB cannot be asked for");
    if (without.before == without.after)
      return witness.untested("no filter changes the state of SSB here, so the flag has nothing to prevent");
    if (with.before != with.after) return witness.no("the state of SSB changes in spite of the flag");
    witness.yes("a filter changes the state of SSB, and one with the flag does not");
  });
}

void find_new_listener(const Machine&, Capability& c) {
  advertise(c, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  c.works = attempt([](Witness& witness) {
    if (!seccomp_is_open(witness, SECCOMP_FILTER_FLAG_NEW_LISTENER)) return;
    const long fd = load_filter(answer(kTrialCall, SECCOMP_RET_USER_NOTIF), SECCOMP_FILTER_FLAG_NEW_LISTENER);
    if (fd < 0) return witness.no("seccomp(2): %s", error_name(static_cast<int>(-fd)));
    if (::fcntl(static_cast<int>(fd), F_GETFD) != FD_CLOEXEC) return witness.no("no descriptor comes back");
    const std::uint64_t id = 1;
    if (::ioctl(static_cast<int>(fd), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0 || errno != ENOENT)
      return witness.no("the descriptor is no listener: %s", error_name(errno));
    witness.yes("a listener's descriptor comes back");
  });
}

void find_wait_killable(const Machine&, Capability& c) {
  advertise(c, SECCOMP_FILTER_FLAG_NEW_LISTENER | kFlagWaitKillable);
  c.works = attempt([](Witness& witness) {
    Listened listened;
    if (!listen_to_call(witness, listened, kFlagWaitKillable)) return;
    ::kill(listened.caller, SIGUSR1);
    // An interrupted call takes its notification back; time for a kernel that does so.
    for (int i = 0; i < 20; ++i) {
      if (::ioctl(listened.listener.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &listened.notification.id) != 0)
        return witness.no("a signal interrupts the call in spite of the flag");
      const timespec pause{0, 1'000'000};
      ::nanosleep(&pause, nullptr);
    }
    constexpr int kValue = 4711;
    if (!reply(witness, listened, {.id = listened.notification.id, .val = kValue})) return;
    const long result = listened.result();
    if (result != kValue) return witness.no("the call gives %ld after a signal", result);
    if ((*listened.note)->signals != 1) return witness.untested("the signal was not delivered");
    witness.yes("a signal waits until the call has its answer");
  });
}

}  // namespace

std::vector<Row> seccomp_flag_rows() {
  const auto row = [](const char* id, const char* title, const char* meaning, KernelVersion since,
                      void (*find)(const Machine&, Capability&)) {
    return Row{id, title, meaning, since, "seccomp(2), SECCOMP_SET_MODE_FILTER", {"SECCOMP_FILTER"}, find};
  };
  Row wait_killable =
      row("seccomp.flag.wait_killable_recv", "flag WAIT_KILLABLE_RECV: signals wait for the listener",
          "A supervised call of a program with timers (Go) is not started over and over.", {5, 19}, find_wait_killable);
  wait_killable.source = "kernel/seccomp.c, seccomp_do_user_notification";
  return {
      row("seccomp.flag.tsync", "flag TSYNC: one filter for all threads",
          "A program that already has threads can still confine all of itself.", {3, 17}, find_tsync),
      row("seccomp.flag.tsync_esrch", "flag TSYNC_ESRCH: a plain error if a thread cannot follow",
          "TSYNC and NEW_LISTENER can be used together.", {5, 7}, find_tsync_esrch),
      row("seccomp.flag.log", "flag LOG: denials are recorded too",
          "An operator sees in the audit log what a filter has denied.", {4, 14}, find_log_flag),
      row("seccomp.flag.spec_allow", "flag SPEC_ALLOW: no mitigation along with the filter",
          "A filter without the price of the SSB mitigation, where a filter would turn it on.", {4, 17}, find_spec_allow),
      row("seccomp.flag.new_listener", "flag NEW_LISTENER: a descriptor for NOTIFY",
          "A supervisor can be told of a sandboxed program's calls.", {5, 0}, find_new_listener),
      wait_killable,
  };
}

}  // namespace sandgauge
