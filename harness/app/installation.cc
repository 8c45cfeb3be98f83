#include "app/installation.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <vector>

#include "base/errno_text.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

Result<std::string> find_folder(const char* variable, const std::vector<fs::path>& places, const char* what) {
  std::error_code ignored;
  if (const char* named = std::getenv(variable); named != nullptr && *named != '\0') {
    if (fs::is_directory(named, ignored)) return fs::absolute(named).string();
    return fail("{}={}: no such folder of {}", variable, named, what);
  }
  for (const fs::path& place : places)
    if (fs::is_directory(place, ignored)) return fs::canonical(place, ignored).string();
  return fail("no folder of {}: looked for {} and {}; {} can name one", what, places[0].string(), places[1].string(),
              variable);
}

bool is_executable_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

/// Of the binary.
fs::path own_folder() {
  std::error_code error;
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::current_path(error) : binary.parent_path();
}

}  // namespace

Result<Installation> find_installation() {
  const fs::path folder = own_folder();
  auto cases = find_folder("SANDGAUGE_CASES", {folder / "share/sandgauge", folder / "../share/sandgauge"}, "built-in cases");
  if (!cases) return fail(cases.error());
  auto programs =
      find_folder("SANDGAUGE_PROGRAMS", {folder / "programs", folder / "../libexec/sandgauge/programs"}, "test programs");
  if (!programs) return fail(programs.error());
  return Installation{*cases, *programs};
}

Result<std::string> find_preload_library() {
  constexpr char kName[] = "libsandgauge-preload.so";
  const fs::path folder = own_folder();
  auto libraries =
      find_folder("SANDGAUGE_LIBRARIES", {folder / "lib", folder / ".." / SANDGAUGE_LIBDIR / "sandgauge"}, "libraries");
  if (!libraries) return fail(libraries.error());
  const fs::path library = fs::path(*libraries) / kName;
  std::error_code ignored;
  if (fs::is_regular_file(library, ignored)) return library.string();
  return fail("no such library: {}", library.string());
}

Result<std::string> find_program(const Installation& installation, const std::string& name, const std::string& folder) {
  if (name.find('/') != std::string::npos) {
    const fs::path path = fs::path(folder) / name;
    if (is_executable_file(path)) return fs::absolute(path).lexically_normal().string();
    const std::string shown = fs::absolute(path).lexically_normal().string();
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return fail("no such program: {}", shown);
    return fail("not a program: {} {}", shown, fs::is_directory(status) ? "is a folder" : "cannot be executed");
  }
  if (const fs::path own = fs::path(installation.programs) / name; is_executable_file(own)) return own.string();
  return find_command(name);
}

Result<std::string> find_command(const std::string& name) {
  if (name.find('/') != std::string::npos) return find_program({}, name, fs::current_path());
  const char* search_path = std::getenv("PATH");
  std::istringstream parts(search_path != nullptr ? search_path : "/usr/bin:/bin");
  for (std::string part; std::getline(parts, part, ':');)
    if (const fs::path path = fs::path(part.empty() ? "." : part) / name; is_executable_file(path))
      return fs::absolute(path).string();
  return fail("no such program: {} (not in PATH)", name);
}

}  // namespace sandgauge
