#include "kernel/config.h"

#include <zlib.h>

#include <algorithm>

#include "base/shown.h"
#include "kernel/text_file.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostConfig = 16 << 20;
constexpr std::string_view kPrefix = "CONFIG_";

bool is_option_character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// The name after CONFIG_, up to the first character that belongs to none. Empty if the text does not begin with CONFIG_.
std::string_view take_option(std::string_view text) {
  if (!text.starts_with(kPrefix)) return {};
  text.remove_prefix(kPrefix.size());
  const auto* const end = std::ranges::find_if_not(text, is_option_character);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

Result<void> read_line(std::string_view line, KernelConfig& config) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return {};
  if (line.starts_with('#')) {
    constexpr std::string_view kUnset = " is not set";
    if (!line.starts_with("# ") || !line.ends_with(kUnset)) return {};  // a comment
    const std::string_view option = take_option(line.substr(2));
    if (!option.empty() && line.size() == 2 + kPrefix.size() + option.size() + kUnset.size())
      config.values.insert_or_assign(std::string(option), "n");
    return {};
  }
  const std::string_view option = take_option(line);
  const std::size_t equals = kPrefix.size() + option.size();
  if (option.empty() || equals >= line.size() || line[equals] != '=' || line.find('\0') != std::string_view::npos)
    return fail("expected CONFIG_NAME=VALUE or a comment");
  std::string_view value = line.substr(equals + 1);
  if (value.empty()) return fail("{} has no value", shown(line.substr(0, equals)));
  if (value.starts_with('"')) {
    if (value.size() < 2 || !value.ends_with('"'))
      return fail("the text of {} has no closing quote", shown(line.substr(0, equals)));
    value = value.substr(1, value.size() - 2);
  }
  config.values.insert_or_assign(std::string(option), std::string(value));
  return {};
}

}  // namespace

std::optional<std::string> KernelConfig::value(std::string_view option) const {
  const auto found = values.find(option);
  if (found == values.end()) return std::nullopt;
  return found->second;
}

Result<KernelConfig> parse_config(std::string_view text, const std::string& path) {
  KernelConfig config{path, {}};
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (auto read = read_line(line, config); !read) return fail("{}:{}: {}", path, number, read.error().message);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  if (config.values.empty()) return fail("{}: no kernel configuration: it sets no option", path);
  return config;
}

Result<std::string> gunzip(std::string_view packed) {
  constexpr std::string_view kMagic = "\x1f\x8b";
  if (!packed.starts_with(kMagic)) {
    if (packed.size() > kMostConfig) return fail("larger than {} bytes", kMostConfig);
    return std::string(packed);
  }
  z_stream stream{};
  constexpr int kGzipOnly = 16 + MAX_WBITS;  // zlib.h, inflateInit2
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return fail("gzip: cannot begin");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  int state = Z_OK;
  while (state == Z_OK && text.size() <= kMostConfig) {
    char part[16384];
    stream.next_out = reinterpret_cast<Bytef*>(part);
    stream.avail_out = sizeof part;
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(part, sizeof part - stream.avail_out);
  }
  inflateEnd(&stream);
  if (text.size() > kMostConfig) return fail("gzip: larger than {} bytes", kMostConfig);
  if (state != Z_STREAM_END) return fail("gzip: the stream is broken or cut off");
  return text;
}

Result<KernelConfig> find_config(const std::string& release) {
  const std::string paths[] = {"/proc/config.gz", "/boot/config-" + release, "/usr/lib/modules/" + release + "/config",
                               "/lib/modules/" + release + "/config"};
  for (const std::string& path : paths) {
    const auto packed = read_text_file(path.c_str(), kMostConfig);
    if (!packed) continue;
    const auto text = gunzip(*packed);
    if (!text) return fail("{}: {}", path, text.error().message);
    return parse_config(*text, path);
  }
  return fail("no kernel configuration: looked for {}, {} and {}", paths[0], paths[1], paths[2]);
}

}  // namespace sandgauge
