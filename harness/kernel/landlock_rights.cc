#include <arpa/inet.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/unique_fd.h"
#include "kernel/landlock.h"

namespace sandgauge {
namespace {

int done(bool success) { return success ? 0 : errno; }
int open_path(const std::string& path, int flags) {
  return done(UniqueFd(::open(path.c_str(), flags | O_CLOEXEC, 0644)).get() >= 0);
}

std::string file_in(const std::string& folder) { return folder + "/file"; }
std::string new_in(const std::string& folder) { return folder + "/new"; }

void need_nothing(const std::string&) {}
void need_file(const std::string& folder) {
  const UniqueFd fd(::open(file_in(folder).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
}
void need_folder(const std::string& folder) { ::mkdir(file_in(folder).c_str(), 0755); }
/// A folder "a" with a file, and a folder "b" without; what an earlier trial moved is put back.
void need_two_folders(const std::string& folder) {
  ::mkdir((folder + "/a").c_str(), 0755);
  ::mkdir((folder + "/b").c_str(), 0755);
  ::unlink((folder + "/b/file").c_str());
  need_file(folder + "/a");
}
/// A copy of a program cannot be had everywhere; a script needs one as well. This file is no program, so that execve(2)
/// gives ENOEXEC where it may read it.
int execute(const std::string& folder) {
  char* const none[] = {nullptr};
  ::execve(file_in(folder).c_str(), none, none);
  return errno == ENOEXEC ? 0 : errno;
}
int make_node(const std::string& folder, mode_t type, dev_t device) {
  const int error = done(::mknod(new_in(folder).c_str(), type | 0644, device) == 0);
  if (error == 0) ::unlink(new_in(folder).c_str());
  return error;
}

sockaddr_in loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}
int bind_tcp(const std::string&) {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  return done(socket && ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

// What is made before the restriction and used after it, in one and the same process.
int listener = -1;
int sender = -1;
sockaddr_in listening{};
pid_t outsider = -1;

void need_tcp_listener(const std::string&) {
  listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  listening = loopback();
  socklen_t length = sizeof listening;
  ::bind(listener, reinterpret_cast<const sockaddr*>(&listening), sizeof listening);
  ::listen(listener, 1);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&listening), &length);
}
int connect_tcp(const std::string&) {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return done(socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&listening), sizeof listening) == 0);
}

sockaddr_un abstract_name() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "sandgauge-%d", static_cast<int>(::getpid()));
  return address;
}
void need_abstract_listener(const std::string&) {
  listener = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sender = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = abstract_name();
  ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}
int connect_abstract(const std::string&) {
  const sockaddr_un address = abstract_name();
  return done(::connect(sender, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

sockaddr_un path_name(const std::string& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder.c_str());
  return address;
}
void need_path_listener(const std::string& folder) {
  listener = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = path_name(folder);
  ::unlink(address.sun_path);  // of an earlier trial
  ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}
int connect_path(const std::string& folder) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = path_name(folder);
  return done(socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

int bind_udp(const std::string&) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  return done(socket && ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}
int connect_udp(const std::string&) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  constexpr std::uint16_t kDiscard = 9;  // nothing is sent
  sockaddr_in address = loopback();
  address.sin_port = htons(kDiscard);
  return done(socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

void need_outsider(const std::string&) { outsider = ::getppid(); }
int signal_outsider(const std::string&) { return done(::kill(outsider, 0) == 0); }

constexpr LandlockRuleset fs(int bit) { return {.fs = std::uint64_t{1} << bit}; }
constexpr KernelVersion kAbi1{5, 13};

const LandlockRight kRights[kLandlockRights] = {
    {"landlock.execute", "Landlock: execute a file", "execve(2) of a file", 1, kAbi1, fs(0), EACCES, need_file, execute},
    {"landlock.write_file", "Landlock: open a file for writing", "open(2) for writing", 1, kAbi1, fs(1), EACCES, need_file,
     [](const std::string& folder) { return open_path(file_in(folder), O_WRONLY); }},
    {"landlock.read_file", "Landlock: open a file for reading", "open(2) for reading", 1, kAbi1, fs(2), EACCES, need_file,
     [](const std::string& folder) { return open_path(file_in(folder), O_RDONLY); }},
    {"landlock.read_dir", "Landlock: list a folder", "open(2) of a folder", 1, kAbi1, fs(3), EACCES, need_nothing,
     [](const std::string& folder) { return open_path(folder, O_RDONLY | O_DIRECTORY); }},
    {"landlock.remove_dir", "Landlock: remove a folder", "rmdir(2)", 1, kAbi1, fs(4), EACCES, need_folder,
     [](const std::string& folder) { return done(::rmdir(file_in(folder).c_str()) == 0); }},
    {"landlock.remove_file", "Landlock: remove a file", "unlink(2)", 1, kAbi1, fs(5), EACCES, need_file,
     [](const std::string& folder) { return done(::unlink(file_in(folder).c_str()) == 0); }},
    {"landlock.make_char", "Landlock: make a character device", "mknod(2) of a character device", 1, kAbi1, fs(6), EACCES,
     need_nothing, [](const std::string& folder) { return make_node(folder, S_IFCHR, makedev(1, 3)); }},
    {"landlock.make_dir", "Landlock: make a folder", "mkdir(2)", 1, kAbi1, fs(7), EACCES, need_nothing,
     [](const std::string& folder) {
       const int error = done(::mkdir(new_in(folder).c_str(), 0755) == 0);
       ::rmdir(new_in(folder).c_str());
       return error;
     }},
    {"landlock.make_reg", "Landlock: make a file", "mknod(2) of a file", 1, kAbi1, fs(8), EACCES, need_nothing,
     [](const std::string& folder) { return make_node(folder, S_IFREG, 0); }},
    {"landlock.make_sock", "Landlock: make a socket file", "mknod(2) of a socket", 1, kAbi1, fs(9), EACCES, need_nothing,
     [](const std::string& folder) { return make_node(folder, S_IFSOCK, 0); }},
    {"landlock.make_fifo", "Landlock: make a fifo", "mkfifo(3)", 1, kAbi1, fs(10), EACCES, need_nothing,
     [](const std::string& folder) { return make_node(folder, S_IFIFO, 0); }},
    {"landlock.make_block", "Landlock: make a block device", "mknod(2) of a block device", 1, kAbi1, fs(11), EACCES,
     need_nothing, [](const std::string& folder) { return make_node(folder, S_IFBLK, makedev(7, 0)); }},
    {"landlock.make_sym", "Landlock: make a symbolic link", "symlink(2)", 1, kAbi1, fs(12), EACCES, need_nothing,
     [](const std::string& folder) {
       const int error = done(::symlink("nowhere", new_in(folder).c_str()) == 0);
       ::unlink(new_in(folder).c_str());
       return error;
     }},
    {"landlock.refer",
     "Landlock: move a file to another folder",
     "rename(2) to another folder",
     2,
     {5, 19},
     fs(13),
     EXDEV,
     need_two_folders,
     [](const std::string& folder) {
       return done(::rename((folder + "/a/file").c_str(), (folder + "/b/file").c_str()) == 0);
     }},
    {"landlock.truncate",
     "Landlock: truncate a file",
     "truncate(2)",
     3,
     {6, 2},
     fs(14),
     EACCES,
     need_file,
     [](const std::string& folder) { return done(::truncate(file_in(folder).c_str(), 0) == 0); }},
    {"landlock.ioctl_dev",
     "Landlock: ioctl(2) on devices",
     "ioctl(2) on /dev/null",
     5,
     {6, 10},
     fs(15),
     EACCES,
     need_nothing,
     [](const std::string&) {
       const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
       if (!null) return errno;
       // No driver knows it: ENOTTY means that it was asked.
       constexpr unsigned long kUnknown = 0x5347;
       return ::ioctl(null.get(), kUnknown, 0) == 0 || errno == ENOTTY ? 0 : errno;
     }},
    {"landlock.bind_tcp",
     "Landlock: bind a TCP port",
     "bind(2) of a TCP socket",
     4,
     {6, 7},
     {.net = 1},
     EACCES,
     need_nothing,
     bind_tcp},
    {"landlock.connect_tcp",
     "Landlock: connect by TCP",
     "connect(2) of a TCP socket",
     4,
     {6, 7},
     {.net = 2},
     EACCES,
     need_tcp_listener,
     connect_tcp},
    {"landlock.resolve_unix",
     "Landlock: connect to a socket file made outside",
     "connect(2) to a socket file",
     9,
     {7, 1},
     fs(16),
     EACCES,
     need_path_listener,
     connect_path},
    {"landlock.bind_udp",
     "Landlock: bind a UDP port",
     "bind(2) of a UDP socket",
     10,
     {7, 2},
     {.net = 4},
     EACCES,
     need_nothing,
     bind_udp},
    {"landlock.connect_send_udp",
     "Landlock: connect or send by UDP",
     "connect(2) of a UDP socket",
     10,
     {7, 2},
     {.net = 8},
     EACCES,
     need_nothing,
     connect_udp},
    {"landlock.scope_abstract_socket",
     "Landlock: abstract sockets stay inside",
     "connect(2) to an abstract socket made outside",
     6,
     {6, 12},
     {.scoped = 1},
     EPERM,
     need_abstract_listener,
     connect_abstract},
    {"landlock.scope_signal",
     "Landlock: signals stay inside",
     "kill(2) of a process outside",
     6,
     {6, 12},
     {.scoped = 2},
     EPERM,
     need_outsider,
     signal_outsider},
};

}  // namespace

std::span<const LandlockRight, kLandlockRights> landlock_rights() { return kRights; }

}  // namespace sandgauge
