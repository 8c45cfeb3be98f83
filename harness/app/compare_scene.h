// The scene that acts play in: folders, files, descriptors, sockets and a bystander, made anew for each act.
//
//   Result<std::unique_ptr<Scene>> scene = Scene::make(folder, installation.programs);
//   std::string step = scene->fill("mkdir(\"{in}/new\", 0o755)");
//
// The parts are those of model/intent.h. Bind mounts stand in a mount namespace of this process; where it may not have one,
// {bind} is a path that does not exist. Fails where a file, a socket or a process cannot be made.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/temp_dir.h"
#include "base/unique_fd.h"

namespace sandgauge {

/// Gives this process a mount namespace of its own, from which nothing comes out. False without the privilege.
bool leave_mount_namespace();

class Scene {
 public:
  static Result<std::unique_ptr<Scene>> make(const std::string& folder, const std::string& programs);
  /// One without parts, for what names its own paths.
  static const Scene& nowhere();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene();

  /// The text with its {parts}; `result` stands for {result}.
  [[nodiscard]] std::string fill(std::string_view text, long result = 0) const;
  /// Of a path, with parts.
  [[nodiscard]] bool exists(std::string_view path) const;
  /// The descriptor behind which one more is waiting to be received.
  [[nodiscard]] int passing_fd() const { return receiver_.get(); }
  [[nodiscard]] unsigned port() const { return port_; }

 private:
  Scene() = default;
  Result<void> make_files(const std::string& programs);
  Result<void> make_sockets();
  Result<void> start_victim();
  Result<void> pass_descriptor();

  std::string folder_;
  std::map<std::string, std::string, std::less<>> parts_;
  UniqueFd in_, secret_, file_, program_, socket_, listener_, other_listener_, sender_, receiver_;
  unsigned port_ = 0;
  pid_t victim_ = -1;
};

}  // namespace sandgauge
