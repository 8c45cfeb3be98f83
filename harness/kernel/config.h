// The configuration that a kernel was built with: a claim, to be held against what the kernel does.
//
//   Result<KernelConfig> config = find_config("6.1.0-30-amd64");
//   config->value("SECCOMP");  // "y", "m", "n", a number or a text; nothing if the file does not know the option
//
// Reading refuses what is no configuration (another kind of line, a NUL, broken or oversized gzip) and names the line.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

struct KernelConfig {
  std::string path;                                        // where it was read
  std::map<std::string, std::string, std::less<>> values;  // without CONFIG_; "n" for "is not set"
  [[nodiscard]] std::optional<std::string> value(std::string_view option) const;
};

/// Reads lines as Kconfig writes them (Linux scripts/kconfig/confdata.c): CONFIG_X=y, CONFIG_X="text", # CONFIG_X is not
/// set, comments and empty lines. `path` is only for messages. An option that is set twice keeps its last value.
Result<KernelConfig> parse_config(std::string_view text, const std::string& path);

/// Unpacks gzip; what is not gzip comes back as it is. Fails on a broken or cut stream, and beyond 16 MiB of content.
Result<std::string> gunzip(std::string_view packed);

/// The running kernel's configuration: /proc/config.gz, /boot/config-RELEASE, /usr/lib/modules/RELEASE/config or
/// /lib/modules/RELEASE/config, the first that can be read. Fails if there is none, naming all of them, and if the first
/// that there is is no configuration.
Result<KernelConfig> find_config(const std::string& release);

}  // namespace sandgauge
