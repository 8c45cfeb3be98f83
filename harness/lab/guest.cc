#include "lab/guest.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "base/deadline.h"
#include "base/errno_text.h"
#include "lab/child_process.h"
#include "lab/wire.h"

namespace sandgauge {
namespace {

constexpr int kConsoleFd = 3;
constexpr int kResultsFd = 4;
constexpr int kInitramfsFd = 5;
constexpr std::size_t kMostConsole = std::size_t{4} * 1024 * 1024;
constexpr std::size_t kMostFiles = std::size_t{256} * 1024 * 1024;

/// What is to be done with the frames of a guest, and what they have said so far.
class Conversation {
 public:
  Conversation(const GuestOutput& output, GuestRun& run) : output_(output), run_(run) {}

  Result<void> feed(std::string_view bytes) {
    const auto fed = reader_.feed(bytes, [this](Frame frame) { take(frame); });
    if (!fed) return fed;
    if (file_bytes_ > kMostFiles) return fail("the command's output files are more than {} MiB", kMostFiles >> 20);
    return {};
  }
  [[nodiscard]] bool is_ready() const { return !run_.release.empty(); }
  [[nodiscard]] bool has_ended() const { return ended_; }
  [[nodiscard]] const std::string& impossible() const { return impossible_; }

 private:
  void take(Frame frame) {
    switch (frame.type) {
      case FrameType::ready: run_.release = frame.payload; break;
      case FrameType::out: output_.out(frame.payload); break;
      case FrameType::err: output_.err(frame.payload); break;
      case FrameType::file: begin_file(frame.payload); break;
      case FrameType::content: continue_file(frame.payload); break;
      case FrameType::impossible: impossible_ = frame.payload; break;
      case FrameType::ended:
        ended_ = true;
        std::from_chars(frame.payload.data(), frame.payload.data() + frame.payload.size(), run_.status);
        break;
      case FrameType::alive: break;
    }
  }
  void begin_file(std::string_view number) {
    constexpr std::size_t kMostNumber = 1000;
    file_ = 0;
    std::from_chars(number.data(), number.data() + number.size(), file_);
    if (file_ >= kMostNumber) return;
    if (file_ >= run_.files.size()) run_.files.resize(file_ + 1), run_.has_file.resize(file_ + 1);
    run_.has_file[file_] = true;
  }
  void continue_file(std::string_view content) {
    file_bytes_ += content.size();
    if (file_ < run_.files.size() && file_bytes_ <= kMostFiles) run_.files[file_] += content;
  }

  const GuestOutput& output_;
  GuestRun& run_;
  FrameReader reader_;
  std::size_t file_ = 0;
  std::size_t file_bytes_ = 0;
  bool ended_ = false;
  std::string impossible_;
};

Result<UniqueFd> in_memory(std::string_view content) {
  UniqueFd fd(::memfd_create("initramfs", MFD_CLOEXEC));
  if (!fd) return fail("memfd_create: {}", errno_text(errno));
  while (!content.empty()) {
    const ssize_t written = ::write(fd.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail("cannot keep the initramfs in memory: {}", errno_text(errno));
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return fd;
}

/// Reads what is there and gives it to `take`. False at the end of the stream.
template <class Take>
bool drain(int fd, Take&& take) {
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
  }
}

/// The line in which the kernel says that it is lost.
std::string panic_line(std::string_view console) {
  constexpr std::string_view kWords = "Kernel panic - ";
  const auto at = console.find(kWords);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = console.substr(at);
  return std::string(rest.substr(0, rest.find_first_of("\r\n")));
}

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000);
}

/// A guest from its start to its end.
class Machine {
 public:
  Machine(const GuestOptions& options, const GuestOutput& output, const Interrupts& interrupts)
      : options_(options), interrupts_(interrupts), talk_(output, run_) {}

  GuestRun run() {
    if (auto ran = start_and_watch(); !ran) {
      run_.end = GuestEnd::could_not_run;
      run_.trouble = ran.error().message;
    }
    return std::move(run_);
  }

 private:
  Result<void> start_and_watch();
  Result<void> watch(const ChildProcess& qemu);
  void take_streams();
  bool overdue(Deadline::Clock::time_point now);
  void explain(int qemu_status);
  void end_with(GuestEnd end, std::string trouble) {
    run_.end = end;
    run_.trouble = std::move(trouble);
  }
  [[nodiscard]] std::string hint_of_silence() const {
    if (!run_.console.empty()) return {};
    return "; it printed nothing: are its serial ports built in (CONFIG_SERIAL_8250_CONSOLE)?";
  }
  void keep_console(std::string_view text) {
    run_.console += text;
    if (run_.console.size() > 2 * kMostConsole) run_.console.erase(0, run_.console.size() - kMostConsole);
  }

  const GuestOptions& options_;
  const Interrupts& interrupts_;
  GuestRun run_;
  Conversation talk_;
  PipeEnds console_;
  PipeEnds results_;
  PipeEnds complaints_;  // qemu's own stderr
  std::string complaint_;
  std::string garbled_;
  Deadline::Clock::time_point started_ = Deadline::Clock::now();
  Deadline::Clock::time_point last_sign_ = started_;
};

void Machine::take_streams() {
  drain(console_.read.get(), [this](std::string_view text) { keep_console(text); });
  drain(complaints_.read.get(), [this](std::string_view text) {
    constexpr std::size_t kMost = 10'000;
    if (complaint_.size() < kMost) complaint_ += text;
  });
  drain(results_.read.get(), [this](std::string_view text) {
    last_sign_ = Deadline::Clock::now();
    if (auto fed = talk_.feed(text); !fed && garbled_.empty()) garbled_ = fed.error().message;
  });
}

/// Sets the end if the guest took too long for something.
bool Machine::overdue(Deadline::Clock::time_point now) {
  if (now - started_ > options_.timeout) {
    end_with(GuestEnd::timed_out, fmt::format("the command did not end within {}", seconds(options_.timeout)));
  } else if (!talk_.is_ready() && now - started_ > options_.boot_timeout) {
    end_with(GuestEnd::hung, fmt::format("the kernel did not reach its init within {}{}", seconds(options_.boot_timeout),
                                         hint_of_silence()));
  } else if (talk_.is_ready() && !options_.icount && now - last_sign_ > options_.silence_timeout) {
    end_with(GuestEnd::hung, fmt::format("the guest gave no sign of life for {}", seconds(options_.silence_timeout)));
  } else {
    return false;
  }
  return true;
}

Result<void> Machine::watch(const ChildProcess& qemu) {
  constexpr int kTick = 500;  // how often the deadlines are looked at, in ms
  std::array<pollfd, 5> fds{{{console_.read.get(), POLLIN, 0},
                             {results_.read.get(), POLLIN, 0},
                             {complaints_.read.get(), POLLIN, 0},
                             {interrupts_.fd(), POLLIN, 0},
                             {qemu.pidfd(), POLLIN, 0}}};
  while (true) {
    const int ready = ::poll(fds.data(), fds.size(), kTick);
    if (ready < 0 && errno != EINTR) return fail("poll: {}", errno_text(errno));
    take_streams();
    if (!garbled_.empty()) return fail("{}", garbled_);
    if (talk_.has_ended()) return {};
    if (interrupts_.pending() != 0) {
      end_with(GuestEnd::interrupted, fmt::format("interrupted by {}", signal_name(interrupts_.pending())));
      return {};
    }
    if (ready > 0 && fds[4].revents != 0) return {};
    if (overdue(Deadline::Clock::now())) return {};
  }
}

/// Why there was no end of the command, when nothing else has said so.
void Machine::explain(int qemu_status) {
  const std::string panic = panic_line(run_.console);
  while (!complaint_.empty() && complaint_.back() == '\n') complaint_.pop_back();
  if (!talk_.impossible().empty()) {
    end_with(GuestEnd::could_not_run, "the guest's init gave up: " + talk_.impossible());
  } else if (!panic.empty()) {
    end_with(GuestEnd::panicked, "the kernel panicked: " + panic);
  } else if (qemu_status != 0) {
    end_with(GuestEnd::could_not_run,
             complaint_.empty() ? fmt::format("qemu ended with wait status {}", qemu_status) : complaint_);
  } else {
    end_with(GuestEnd::stopped, talk_.is_ready()
                                    ? "the machine stopped before the command had ended"
                                    : "the machine stopped before the kernel had reached its init" + hint_of_silence());
  }
}

Result<void> Machine::start_and_watch() {
  auto initramfs = in_memory(options_.initramfs);
  if (!initramfs) return fail(initramfs.error());
  for (PipeEnds* pipe : {&console_, &results_, &complaints_}) {
    auto made = make_pipe();
    if (!made) return fail(made.error());
    *pipe = std::move(*made);
  }
  const InheritedFd inherited[] = {{.child = 1, .ours = complaints_.write.get()},
                                   {.child = 2, .ours = complaints_.write.get()},
                                   {.child = kConsoleFd, .ours = console_.write.get()},
                                   {.child = kResultsFd, .ours = results_.write.get()},
                                   {.child = kInitramfsFd, .ours = initramfs->get()}};
  auto qemu = ChildProcess::start(qemu_words(options_, fmt::format("/dev/fd/{}", kInitramfsFd)), inherited);
  if (!qemu) return fail("{}; install qemu-system-x86", qemu.error().message);
  for (PipeEnds* pipe : {&console_, &results_, &complaints_}) pipe->write.reset();
  run_.end = GuestEnd::stopped;
  if (auto watched = watch(*qemu); !watched) return watched;
  const bool explained = !run_.trouble.empty();
  if (talk_.has_ended() || explained) qemu->kill();
  const int status = qemu->wait();
  take_streams();
  if (talk_.has_ended() && !explained) {
    run_.end = GuestEnd::finished;
  } else if (!explained) {
    explain(status);
  }
  return {};
}

}  // namespace

std::vector<std::string> qemu_words(const GuestOptions& options, const std::string& initramfs_path) {
  // panic=-1 and -no-reboot: a panic ends the machine at once. reboot=t: so does init's reboot(2), without any driver.
  // no_timer_check: the kernel waits ten ticks for the timer to work, by counting instructions; on a loaded host the
  // emulated timer is later than that, and the kernel panics ("IO-APIC + timer doesn't work"). The console is slow: errors
  // and worse only, unless `append` says otherwise.
  const std::string parameters = fmt::format(
      "console=ttyS0 loglevel=5 panic=-1 reboot=t no_timer_check rdinit=/init audit=1 apparmor=1 "
      "lsm=landlock,lockdown,yama,integrity,apparmor,bpf{}{}",
      options.append.empty() ? "" : " ", options.append);
  // Without cx16: QEMU 7.2 emulates cmpxchg16b wrongly, and kernels from 6.5 on, which allocate memory with it, crash in it.
  const bool kvm = options.kvm && !options.icount;
  std::vector<std::string> words{"qemu-system-x86_64"};
  const auto add = [&words](std::string option, std::string value) {
    words.push_back(std::move(option));
    words.push_back(std::move(value));
  };
  add("-accel", kvm ? "kvm" : "tcg");
  add("-cpu", kvm ? "host" : "max,-cx16");
  for (const char* word : {"-nodefaults", "-no-user-config", "-no-reboot"}) words.emplace_back(word);
  add("-display", "none");
  add("-m", std::to_string(options.memory_mib));
  add("-smp", std::to_string(options.icount ? 1 : options.cpus));
  if (options.icount) {
    add("-icount", "shift=0,sleep=off");
    // What else would differ from run to run: RDRAND and the seed that the kernel is handed, and the time of day.
    add("-seed", "1");
    add("-rtc", "base=2026-01-01,clock=vm");
  }
  add("-chardev", fmt::format("file,id=console,path=/dev/fd/{}", kConsoleFd));
  add("-serial", "chardev:console");
  add("-chardev", fmt::format("file,id=results,path=/dev/fd/{}", kResultsFd));
  add("-serial", "chardev:results");
  add("-kernel", options.kernel);
  add("-initrd", initramfs_path);
  add("-append", parameters);
  return words;
}

GuestRun run_guest(const GuestOptions& options, const GuestOutput& output, const Interrupts& interrupts) {
  if (!options.kvm || options.icount) return Machine(options, output, interrupts).run();
  constexpr std::chrono::milliseconds kHardwareBoots{20'000};
  GuestOptions accelerated = options;
  accelerated.boot_timeout = std::min(options.boot_timeout, kHardwareBoots);
  GuestRun run = Machine(accelerated, output, interrupts).run();
  if (!run.release.empty() || run.end == GuestEnd::interrupted) return run;
  GuestOptions emulated = options;
  emulated.kvm = false;
  return Machine(emulated, output, interrupts).run();
}

bool may_use_kvm() { return ::access("/dev/kvm", R_OK | W_OK) == 0; }

std::string last_lines(std::string_view console, int lines) {
  std::string text;
  for (const char c : console)
    if (c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20) text += c;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::size_t at = text.size();
  for (int i = 0; i < lines && at != std::string::npos; ++i) at = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  return at == std::string::npos ? text : text.substr(at + 1);
}

}  // namespace sandgauge
