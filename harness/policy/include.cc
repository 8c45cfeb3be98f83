#include "policy/include.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "base/shown.h"
#include "policy/yaml_reader.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostIncluded = 100;
constexpr std::size_t kDeepestInclude = 16;
constexpr std::size_t kMostBytesIncluded = 1 << 20;

std::string_view stripped(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

/// Follows Kafel's comments that go over several lines.
class Comments {
 public:
  /// Whether a comment is open where the line begins; then reads the line.
  bool open_before(std::string_view line) {
    const bool open = open_;
    while (!line.empty()) {
      const auto next = line.find(open_ ? "*/" : "/*");
      if (!open_ && line.find("//") < next) break;
      if (next == std::string_view::npos) break;
      open_ = !open_;
      line.remove_prefix(next + 2);
    }
    return open;
  }

 private:
  bool open_ = false;
};

class Includer {
 public:
  explicit Includer(ProfileFormat format) : format_(format) {}

  Included whole;

  Result<void> read(std::string_view text, std::size_t file, const std::string& path, int root_line) {
    Comments comments;
    int number = 1;
    for (std::size_t start = 0; start < text.size(); ++number) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      const std::string_view line = text.substr(start, end - start);
      start = end + 1;
      const bool in_comment = format_ == ProfileFormat::kafel && comments.open_before(line);
      const Included::Origin here{file, number, root_line == 0 ? number : root_line};
      const std::string_view word = format_ == ProfileFormat::kafel ? "#include" : "@include";
      const std::string_view content = stripped(line);
      const bool includes = content.starts_with(word) && (content.size() == word.size() || !is_letter(content[word.size()]));
      if (in_comment || !includes) {
        whole.text.append(line).append("\n");
        whole.lines.push_back(here);
        if (whole.text.size() > kMostBytesIncluded + 1) return wrong(here, "more than 1 MiB with all that is included");
      } else if (auto read = include(stripped(content.substr(word.size())), here, path); !read) {
        return read;
      }
    }
    return {};
  }

 private:
  static bool is_letter(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  template <class... Args>
  Unexpected wrong(const Included::Origin& here, fmt::format_string<Args...> format, Args&&... args) const {
    return fail("{}:{}:1: {}", whole.files[here.file], here.line, fmt::format(format, std::forward<Args>(args)...));
  }

  Result<void> include(std::string_view name, const Included::Origin& here, const std::string& path) {
    if (format_ == ProfileFormat::kafel) {
      if (name.ends_with(';')) name = stripped(name.substr(0, name.size() - 1));
      const bool quoted = name.size() > 2 && name.front() == '"' && name.find('"', 1) == name.size() - 1;
      if (!quoted) return wrong(here, "#include {}, expected the name of a file in quotes, and nothing else", shown(name));
      name = name.substr(1, name.size() - 2);
    }
    if (name.empty()) return wrong(here, "@include without a name, expected that of a file");
    if (std::ranges::any_of(name, [](unsigned char c) { return c < ' ' || c == 0x7f; }))
      return wrong(here, "{} has control characters, expected the name of a file", shown(name));
    if (path.empty()) return wrong(here, "it includes {}: that is done for files only, not for standard input", shown(name));
    const std::size_t slash = path.rfind('/');
    const std::string other = name.front() == '/' || slash == std::string::npos
                                  ? std::string(name)
                                  : path.substr(0, slash + 1) + std::string(name);
    if (whole.files.size() > kMostIncluded) return wrong(here, "more than {} files included, expected fewer", kMostIncluded);
    struct stat status {};
    if (::stat(other.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
      return wrong(here, "{} is no regular file, expected one", shown(other));
    const auto text = read_text(other);
    if (!text) return wrong(here, "{}", text.error().message);
    const std::pair<dev_t, ino_t> identity{status.st_dev, status.st_ino};
    if (std::ranges::find(open_, identity) != open_.end()) return wrong(here, "{} includes itself", shown(other));
    if (open_.size() == kDeepestInclude) return wrong(here, "included over more than {} levels", kDeepestInclude);
    open_.push_back(identity);
    whole.files.push_back(other);
    if (auto read_all = read(*text, whole.files.size() - 1, other, here.root_line); !read_all) return read_all;
    open_.pop_back();
    return {};
  }

  ProfileFormat format_;
  std::vector<std::pair<dev_t, ino_t>> open_;  // the files that are being read, each included by the one before it

 public:
  void begin(const std::string& file, const std::string& path) {
    whole.files.push_back(file);
    struct stat status {};
    if (!path.empty() && ::stat(path.c_str(), &status) == 0) open_.emplace_back(status.st_dev, status.st_ino);
  }
};

}  // namespace

const Included::Origin& Included::origin(int line) const {
  static const Origin nowhere;
  if (lines.empty()) return nowhere;
  return lines[std::min(static_cast<std::size_t>(std::max(line, 1)), lines.size()) - 1];
}

Result<Included> with_includes(std::string_view text, const std::string& file, const std::string& path,
                               ProfileFormat format) {
  Includer includer(format);
  includer.begin(file, path);
  if (auto read = includer.read(text, 0, path, 0); !read) return fail(read.error());
  return std::move(includer.whole);
}

std::string in_origin(const Included& whole, const std::string& file, std::string_view message) {
  int line = 0;
  if (!message.starts_with(file + ":")) return std::string(message);
  const std::string_view rest = message.substr(file.size() + 1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), line);
  if (error != std::errc()) return std::string(message);
  const Included::Origin& origin = whole.origin(line);
  std::string text = fmt::format("{}:{}{}", whole.files[origin.file], origin.line,
                                 std::string_view(end, static_cast<std::size_t>(rest.data() + rest.size() - end)));
  // The only message that names a second line: minijail's, of a call that has two.
  constexpr std::string_view kFirst = "(first at line ";
  const auto at = text.find(kFirst);
  if (at == std::string::npos) return text;
  const Included::Origin& first = whole.origin(std::atoi(text.c_str() + at + kFirst.size()));
  return fmt::format("{}(first at {}:{}{}", text.substr(0, at), whole.files[first.file], first.line,
                     text.substr(text.find_first_not_of("0123456789", at + kFirst.size())));
}

void to_root(const Included& whole, Profile& profile) {
  const auto turn = [&whole](TextPlace& place) {
    if (place.line == 0) return;
    const Included::Origin& origin = whole.origin(place.line);
    place = {origin.root_line, origin.file == 0 ? place.column : 1};
  };
  for (RulePlace& places : profile.places) {
    turn(places.rule);
    for (TextPlace& place : places.syscalls) turn(place);
  }
  for (ProfileNote& note : profile.notes) turn(note.place);
}

}  // namespace sandgauge
