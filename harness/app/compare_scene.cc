#include "app/compare_scene.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/errno_text.h"
#include "base/pass_fd.h"
#include "policy/intent_yaml.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

constexpr char kVictimName[] = "sg-victim";

/// What acts give the kernel addresses of. It lies below 4 GiB, and at the same place in every process that is forked from
/// this one.
struct LowMemory {
  sockaddr_in address;
  sockaddr_in other_address;
  sockaddr_in6 address6;
  iovec vector;
  char bytes[8];
  char* words[2];
  char word[2];
  char* loader_words[3];
  char program[256];
};

LowMemory* low_memory() {
  static auto* const memory = static_cast<LowMemory*>(::mmap(reinterpret_cast<void*>(0x18000000), sizeof(LowMemory),
                                                             PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  return memory;
}

std::string address_of(const void* part) { return std::to_string(reinterpret_cast<std::uintptr_t>(part)); }

/// A socket that listens on a port of its own.
Result<UniqueFd> listen_somewhere(sockaddr_in& address) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  if (!fd || ::bind(fd.get(), plain, length) != 0 || ::listen(fd.get(), 8) != 0 ||
      ::getsockname(fd.get(), plain, &length) != 0)
    return fail("a socket on 127.0.0.1: {}", errno_text(errno));
  return fd;
}

}  // namespace

bool leave_mount_namespace() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

Result<std::unique_ptr<Scene>> Scene::make(const std::string& folder, const std::string& programs) {
  if (low_memory() == MAP_FAILED) return fail("mmap: {}", errno_text(errno));
  std::unique_ptr<Scene> scene(new Scene);
  scene->folder_ = folder;
  if (auto made = scene->make_files(programs); !made) return fail(made.error());
  if (auto made = scene->make_sockets(); !made) return fail(made.error());
  if (auto made = scene->pass_descriptor(); !made) return fail(made.error());
  if (auto made = scene->start_victim(); !made) return fail(made.error());
  return scene;
}

const Scene& Scene::nowhere() {
  static const Scene scene;
  return scene;
}

Result<void> Scene::make_files(const std::string& programs) {
  const fs::path top(folder_);
  std::error_code error;
  for (const char* name : {"in/old", "out/full", "bind", "etc", "etc-bind", "bin"})
    fs::create_directories(top / name, error);
  if (error) return fail("{}: {}", folder_, error.message());
  ::chmod(folder_.c_str(), 0755);
  for (const char* name : {"etc/passwd", "etc/shadow", "file"}) std::ofstream(top / name) << "some text\n";
  fs::create_directory_symlink(top / "in", top / "link", error);
  fs::create_symlink(top / "etc/shadow", top / "shadow-link", error);
  fs::create_hard_link(top / "etc/shadow", top / "shadow-hard", error);
  for (const char* name : {"bin/program", "bin/other"})
    fs::copy_file(fs::path(programs) / "probe", top / name, fs::copy_options::overwrite_existing, error);
  if (error) return fail("{}: {}", folder_, error.message());
  // Without the privilege they stay empty folders, and the acts that go through them are not here.
  for (const auto& [from, to] : {std::pair{"in", "bind"}, {"etc", "etc-bind"}})
    ::mount((top / from).c_str(), (top / to).c_str(), nullptr, MS_BIND, nullptr);
  in_.reset(::open((top / "in").c_str(), O_RDONLY | O_DIRECTORY));
  secret_.reset(::open((top / "etc/shadow").c_str(), O_RDONLY));
  file_.reset(::open((top / "file").c_str(), O_RDONLY));
  program_.reset(::open((top / "bin/program").c_str(), O_RDONLY));
  if (!in_ || !secret_ || !file_ || !program_) return fail("{}: {}", folder_, errno_text(errno));
  const auto path = [&](const char* part, const char* name) { parts_[part] = (top / name).string(); };
  parts_["scene"] = folder_;
  path("in", "in");
  path("out", "out");
  path("link", "link");
  path("bind", "bind");
  path("public", "etc/passwd");
  path("secret", "etc/shadow");
  path("secret_link", "shadow-link");
  path("secret_hard", "shadow-hard");
  path("secret_bind", "etc-bind/shadow");
  path("file", "file");
  path("program", "bin/program");
  path("other_program", "bin/other");
  parts_["in_fd"] = std::to_string(in_.get());
  parts_["secret_fd"] = std::to_string(secret_.get());
  parts_["file_fd"] = std::to_string(file_.get());
  parts_["program_fd"] = std::to_string(program_.get());
  return {};
}

Result<void> Scene::make_sockets() {
  LowMemory& memory = *low_memory();
  auto first = listen_somewhere(memory.address);
  auto second = listen_somewhere(memory.other_address);
  if (!first || !second) return fail(first ? second.error() : first.error());
  listener_ = std::move(*first);
  other_listener_ = std::move(*second);
  socket_.reset(::socket(AF_INET, SOCK_STREAM, 0));
  if (!socket_) return fail("socket: {}", errno_text(errno));
  memory.address6 = {};
  memory.address6.sin6_family = AF_INET6;
  memory.address6.sin6_port = memory.address.sin_port;
  memory.address6.sin6_addr = in6addr_loopback;
  memory.vector = {memory.bytes, sizeof memory.bytes};
  memory.word[0] = 'x';
  memory.words[0] = memory.word;
  memory.words[1] = nullptr;
  parts_["program"].copy(memory.program, sizeof memory.program - 1);
  memory.loader_words[0] = memory.word;
  memory.loader_words[1] = memory.program;
  memory.loader_words[2] = nullptr;
  port_ = ntohs(memory.address.sin_port);
  parts_["port"] = std::to_string(port_);
  parts_["other_port"] = std::to_string(ntohs(memory.other_address.sin_port));
  parts_["address"] = address_of(&memory.address);
  parts_["other_address"] = address_of(&memory.other_address);
  parts_["address6"] = address_of(&memory.address6);
  parts_["socket_fd"] = std::to_string(socket_.get());
  parts_["vector"] = address_of(&memory.vector);
  parts_["words"] = address_of(memory.words);
  parts_["loader_words"] = address_of(memory.loader_words);
  return {};
}

/// A descriptor of {secret} is put into a socket; the act may take it out.
Result<void> Scene::pass_descriptor() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return fail("socketpair: {}", errno_text(errno));
  sender_.reset(ends[0]);
  receiver_.reset(ends[1]);
  if (const int error = send_fd(ends[0], secret_.get()); error != 0) return fail("sendmsg: {}", errno_text(-error));
  return {};
}

Result<void> Scene::start_victim() {
  // It has its name from the start: it inherits it.
  char own_name[16]{};
  ::prctl(PR_GET_NAME, own_name);
  ::prctl(PR_SET_NAME, kVictimName);
  victim_ = ::fork();
  if (victim_ != 0) ::prctl(PR_SET_NAME, own_name);
  if (victim_ < 0) return fail("fork: {}", errno_text(errno));
  if (victim_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) ::pause();
  }
  parts_["victim"] = std::to_string(victim_);
  parts_["victim_name"] = kVictimName;
  return {};
}

Scene::~Scene() {
  if (victim_ > 0) {
    ::kill(victim_, SIGKILL);
    while (::waitpid(victim_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (folder_.empty()) return;
  for (const char* name : {"/bind", "/etc-bind"}) ::umount2((folder_ + name).c_str(), MNT_DETACH);
}

std::string Scene::fill(std::string_view text, long result) const {
  return with_parts(text, [&](std::string_view name) -> std::optional<std::string> {
    if (name == "result") return std::to_string(result);
    const auto part = parts_.find(name);
    return part == parts_.end() ? std::nullopt : std::optional(part->second);
  });
}

bool Scene::exists(std::string_view path) const {
  struct stat status {};
  return ::lstat(fill(path).c_str(), &status) == 0;
}

}  // namespace sandgauge
