// lab-init: process 1 of a guest. Mounts what a command expects, runs it, sends what it wrote and how it ended over the
// second serial port (lab/wire.h), and reboots, which ends the virtual machine.
//
// It is linked statically and uses no more than the C library, so that it works where the command's own libraries do not.
// The plan is /lab/plan: records that end with a NUL. The first character says what the rest is: 'A' a word of the command,
// 'E' a NAME=VALUE of its environment, 'D' its working directory, 'F' a file to send back, 'Q' be quiet: no signs of life.
#include <fcntl.h>
#include <linux/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "lab/wire.h"

namespace sandgauge {
namespace {

constexpr int kSignOfLifeMs = 2000;

int wire = -1;

void write_fully(int fd, const char* bytes, std::size_t length) {
  while (length > 0) {
    const ssize_t written = ::write(fd, bytes, length);
    if (written < 0 && errno != EINTR && errno != EAGAIN) return;
    if (written <= 0) continue;
    bytes += written;
    length -= static_cast<std::size_t>(written);
  }
}

void send(FrameType type, const char* bytes = nullptr, std::size_t length = 0) {
  char header[kFrameHeaderBytes] = {static_cast<char>(type)};
  for (std::size_t i = 1; i < kFrameHeaderBytes; ++i) header[i] = static_cast<char>(length >> (8 * (i - 1)) & 0xff);
  write_fully(wire, header, sizeof(header));
  write_fully(wire, bytes, length);
}

void send(FrameType type, const std::string& text) { send(type, text.data(), text.size()); }

[[noreturn]] void power_off() {
  if (wire >= 0) ::tcdrain(wire);
  ::sync();
  ::reboot(RB_AUTOBOOT);  // the machine is started with -no-reboot: this ends it, with or without ACPI
  while (true) ::pause();
}

[[noreturn]] void give_up(const char* what) {
  const std::string why = std::string(what) + ": " + std::strerror(errno);
  if (wire >= 0) send(FrameType::impossible, why);
  std::fprintf(stderr, "lab-init: %s\n", why.c_str());
  power_off();
}

void open_wire() {
  // Not blocking at first: without CLOCAL, open(2) would wait for a carrier.
  wire = ::open("/dev/ttyS1", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (wire < 0) give_up("/dev/ttyS1");
  termios settings{};
  if (::tcgetattr(wire, &settings) != 0) give_up("tcgetattr of /dev/ttyS1");
  ::cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL;
  ::cfsetspeed(&settings, B115200);
  if (::tcsetattr(wire, TCSANOW, &settings) != 0) give_up("tcsetattr of /dev/ttyS1");
  ::fcntl(wire, F_SETFL, 0);
}

struct Mount {
  const char* type;
  const char* path;
  const char* options;
};
/// Those that a kernel may lack are not missed here: what needs them says so. Nothing is mounted over /tmp, since the
/// command's files may be there; the first root file system is a tmpfs itself.
constexpr Mount kMounts[] = {
    {"proc", "/proc", nullptr},
    {"sysfs", "/sys", nullptr},
    {"devtmpfs", "/dev", nullptr},
    {"devpts", "/dev/pts", nullptr},
    {"tmpfs", "/dev/shm", nullptr},
    {"securityfs", "/sys/kernel/security", nullptr},
    {"tracefs", "/sys/kernel/tracing", nullptr},
    {"debugfs", "/sys/kernel/debug", nullptr},
    {"cgroup2", "/sys/fs/cgroup", nullptr},
    {"bpf", "/sys/fs/bpf", nullptr},
};

void mount_everything() {
  for (const Mount& one : kMounts) {
    ::mkdir(one.path, 0755);
    const bool mounted = ::mount(one.type, one.path, one.type, 0, one.options) == 0;
    if (!mounted && std::strcmp(one.type, "proc") == 0) give_up("mount of /proc");
  }
  ::symlink("/proc/self/fd", "/dev/fd");
  ::symlink("/proc/self/fd/0", "/dev/stdin");
  ::symlink("/proc/self/fd/1", "/dev/stdout");
  ::symlink("/proc/self/fd/2", "/dev/stderr");
}

void bring_loopback_up() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (fd >= 0 && ::ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    ::ioctl(fd, SIOCSIFFLAGS, &request);
  }
  ::close(fd);
}

struct Plan {
  std::vector<std::string> words;
  std::vector<std::string> environment;
  std::string folder = "/";
  std::vector<std::string> files;
  bool quiet = false;
};

Plan read_plan() {
  const int fd = ::open("/lab/plan", O_RDONLY | O_CLOEXEC);
  if (fd < 0) give_up("/lab/plan");
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof(buffer))) > 0;) text.append(buffer, static_cast<std::size_t>(got));
  ::close(fd);
  Plan plan;
  for (std::size_t at = 0; at < text.size();) {
    const std::string record = text.c_str() + at;
    at += record.size() + 1;
    const std::string value = record.empty() ? record : record.substr(1);
    switch (record.empty() ? '\0' : record[0]) {
      case 'A': plan.words.push_back(value); break;
      case 'E': plan.environment.push_back(value); break;
      case 'D': plan.folder = value; break;
      case 'F': plan.files.push_back(value); break;
      case 'Q': plan.quiet = true; break;
      default: break;
    }
  }
  return plan;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

struct Running {
  pid_t pid = -1;
  int out = -1;
  int err = -1;
};

Running start(Plan& plan, const sigset_t& before) {
  const auto words = pointers(plan.words);
  const auto environment = pointers(plan.environment);
  int out[2];
  int err[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) give_up("pipe");
  const pid_t pid = ::fork();
  if (pid < 0) give_up("fork");
  if (pid == 0) {
    ::setsid();
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    if (null > 2) ::close(null);
    if (::chdir(plan.folder.c_str()) == 0) ::execve(words[0], words.data(), environment.data());
    std::fprintf(stderr, "lab-init: cannot start %s in %s: %s\n", words[0], plan.folder.c_str(), std::strerror(errno));
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(err[1]);
  ::fcntl(out[0], F_SETFL, O_NONBLOCK);
  ::fcntl(err[0], F_SETFL, O_NONBLOCK);
  return {pid, out[0], err[0]};
}

/// Sends what is there; false at the end of the stream.
bool forward(int fd, FrameType type) {
  static char buffer[kMostFrameBytes];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof(buffer));
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    send(type, buffer, static_cast<std::size_t>(got));
  }
}

/// Until the command has ended; what it left running is ended by the reboot. Returns its wait status.
int attend(const Running& command, int signals, bool quiet) {
  pollfd fds[3] = {{command.out, POLLIN, 0}, {command.err, POLLIN, 0}, {signals, POLLIN, 0}};
  while (true) {
    if (::poll(fds, 3, quiet ? -1 : kSignOfLifeMs) == 0) send(FrameType::alive);
    signalfd_siginfo discarded;
    while (::read(signals, &discarded, sizeof(discarded)) > 0) {
    }
    int ended = -1;
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
      if (pid == command.pid) ended = status;
    if (fds[0].fd >= 0 && !forward(command.out, FrameType::out)) fds[0].fd = -1;
    if (fds[1].fd >= 0 && !forward(command.err, FrameType::err)) fds[1].fd = -1;
    if (ended >= 0) return ended;
  }
}

void send_files(const std::vector<std::string>& files) {
  static char buffer[kMostFrameBytes];
  for (std::size_t number = 0; number < files.size(); ++number) {
    const int fd = ::open(files[number].c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;  // the command did not write it
    send(FrameType::file, std::to_string(number));
    for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof(buffer))) > 0;)
      send(FrameType::content, buffer, static_cast<std::size_t>(got));
    ::close(fd);
  }
}

}  // namespace
}  // namespace sandgauge

int main() {
  using namespace sandgauge;
  ::chmod("/", 0755);  // that of a tmpfs is open to everyone
  mount_everything();
  open_wire();
  bring_loopback_up();
  ::sethostname("guest", 5);
  ::umask(022);
  Plan plan = read_plan();
  if (plan.words.empty()) give_up("/lab/plan names no command");
  sigset_t child_ended;
  sigset_t before;
  ::sigemptyset(&child_ended);
  ::sigaddset(&child_ended, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child_ended, &before);
  const int signals = ::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) give_up("signalfd");
  utsname kernel{};
  ::uname(&kernel);
  if (::access("/lab/config", F_OK) == 0) {
    ::mkdir("/boot", 0755);
    ::symlink("/lab/config", (std::string("/boot/config-") + kernel.release).c_str());
  }
  send(FrameType::ready, kernel.release, std::strlen(kernel.release));
  const int status = attend(start(plan, before), signals, plan.quiet);
  send_files(plan.files);
  send(FrameType::ended, std::to_string(status));
  power_off();
}
