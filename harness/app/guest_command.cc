#include "app/guest_command.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "app/installation.h"
#include "lab/image.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

constexpr char kBinary[] = "/usr/bin/sandgauge";
constexpr char kOutput[] = "/lab/report";
constexpr char kCases[] = "/usr/share/sandgauge";
constexpr char kPrograms[] = "/usr/libexec/sandgauge/programs";
const std::string kLibraries = "/usr/" SANDGAUGE_LIBDIR "/sandgauge";

std::string absolute(const std::string& path) {
  std::string result = fs::absolute(path).lexically_normal().string();
  while (result.size() > 1 && result.ends_with('/')) result.pop_back();
  return result;
}

/// A word, or what is behind its '=', if there is such a file here.
std::optional<std::string> file_named_by(const std::string& word) {
  std::error_code ignored;
  const auto exists = [&](const std::string& path) { return !path.empty() && fs::exists(path, ignored); };
  if (exists(word)) return word;
  const auto equals = word.find('=');
  if (equals != std::string::npos && exists(word.substr(equals + 1))) return word.substr(equals + 1);
  return {};
}

Result<void> add_named_files(ImageBuilder& image, const std::vector<std::string>& words) {
  const auto dashes = std::ranges::find(words, "--");
  for (auto word = words.begin() + (words.empty() ? 0 : 1); word != words.end(); ++word) {
    std::optional<std::string> file = file_named_by(*word);
    if (!file && dashes != words.end() && word == dashes + 1) {
      if (const auto program = find_command(*word)) file = *program;
    }
    if (!file) continue;
    if (auto added = image.add_tree(absolute(*file), absolute(*file)); !added) return added;
  }
  return {};
}

/// What the built-in cases and most people's own run.
Result<void> add_usual_programs(ImageBuilder& image) {
  for (const char* name : {"sh", "true", "false", "cat", "echo", "ls", "uname", "id", "mkdir", "sleep"}) {
    const auto program = find_command(name);
    if (!program) continue;
    if (auto added = image.add_program(*program); !added) return added;
  }
  // It is in no ordinary user's PATH.
  const auto parser = find_command("/usr/sbin/apparmor_parser");
  return parser ? image.add_program(*parser) : Result<void>{};
}

std::map<std::string, std::string> guest_environment() {
  std::map<std::string, std::string> environment{{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
                                                 {"HOME", "/root"},
                                                 {"USER", "root"},
                                                 {"TERM", "dumb"},
                                                 {"LC_ALL", "C.UTF-8"}};
  for (const char* name : {"NO_COLOR", "GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX"})
    if (const char* value = std::getenv(name)) environment[name] = value;
  return environment;
}

/// Where the value of the last -o stands: in which word, from which character on. Nothing if it is the standard output.
struct OutputValue {
  std::size_t word = 0;
  std::size_t begin = 0;
};
std::optional<OutputValue> output_value(const std::vector<std::string>& words) {
  std::optional<OutputValue> value;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string& word = words[i];
    if ((word == "-o" || word == "--output") && i + 1 < words.size()) {
      value = {++i, 0};
    } else if (word.starts_with("--output=")) {
      value = {i, word.find('=') + 1};
    } else if (word.starts_with("-o") && word.size() > 2) {
      value = {i, 2};
    }
  }
  if (!value) return value;
  const std::string_view file = std::string_view(words[value->word]).substr(value->begin);
  return file == "-" || file == "/dev/stdout" ? std::nullopt : value;
}

}  // namespace

std::optional<std::string> output_file_of(const std::vector<std::string>& words) {
  const auto value = output_value(words);
  return value ? std::optional(words[value->word].substr(value->begin)) : std::nullopt;
}

std::vector<std::string> with_patience(std::vector<std::string> words) {
  const auto dashes = std::ranges::find(words, "--");
  const bool has_timeout =
      std::any_of(words.begin(), dashes, [](const std::string& word) { return word.starts_with("--timeout"); });
  if (!words.empty() && words[0] == "run" && !has_timeout) words.insert(words.begin() + 1, {"--timeout", "120s"});
  return words;
}

Result<GuestCommand> prepare_guest_command(const std::vector<std::string>& words, const GuestCommandOptions& options,
                                           const Interrupts& interrupts) {
  const auto installation = find_installation();
  if (!installation) return fail(installation.error());
  GuestCommand command;
  GuestPlan plan{.words = with_patience(words), .environment = guest_environment(), .quiet = options.quiet};
  // One name for every output: in a counted guest another name is another number of instructions.
  if (const auto value = output_value(plan.words)) {
    std::string& word = plan.words[value->word];
    command.outputs.push_back(word.substr(value->begin));
    word.replace(value->begin, std::string::npos, kOutput);
    plan.files.emplace_back(kOutput);
  }
  const std::vector<std::string> named = plan.words;
  plan.words.insert(plan.words.begin(), kBinary);
  std::error_code ignored;
  plan.folder = fs::current_path(ignored).string();
  if (ignored) plan.folder = "/root";

  ImageBuilder image(interrupts);
  // By its name: asked for the libraries of /proc/self/exe, the dynamic loader would tell of itself.
  const std::string binary = fs::read_symlink("/proc/self/exe", ignored).string();
  const auto add_all = [&]() -> Result<void> {
    if (auto added = image.add_file(binary, kBinary); !added) return added;
    if (auto added = image.add_tree(installation->cases, kCases); !added) return added;
    if (auto added = image.add_tree(installation->programs, kPrograms); !added) return added;
    if (const auto library = find_preload_library())
      if (auto added = image.add_file(*library, kLibraries + "/" + fs::path(*library).filename().string()); !added)
        return added;
    if (auto added = image.set_init(installation->programs + "/lab-init"); !added) return added;
    if (auto added = add_usual_programs(image); !added) return added;
    if (auto added = add_named_files(image, named); !added) return added;
    if (!options.config.empty())
      if (auto added = image.add_file(options.config, "/lab/config"); !added) return added;
    for (const std::string& file : options.files)
      if (auto added = image.add_tree(absolute(file), absolute(file)); !added) return added;
    return {};
  };
  if (auto added = add_all(); !added) return fail(added.error());
  image.set_plan(plan);
  auto initramfs = std::move(image).finish();
  if (!initramfs) return fail(initramfs.error());
  command.initramfs = std::move(*initramfs);
  return command;
}

}  // namespace sandgauge
