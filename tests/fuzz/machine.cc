// What kernels say of themselves.

#include "kernel/apparmor.h"
#include "kernel/config.h"
#include "kernel/environment.h"
#include "kernel/host.h"
#include "kernel/surroundings.h"
#include "kernel/text_file.h"
#include "target.h"

namespace sandgauge::fuzz {
namespace {

const Target kernel_config("kernel_config", [](std::string_view packed) {
  const auto text = gunzip(packed);
  if (!accepted(text)) return;
  expect(text->size() <= std::size_t{16} << 20, "no more is unpacked than 16 MiB");
  const auto config = parse_config(*text, "input");
  if (!accepted(config)) return expect(config.error().message.starts_with("input:"), "an error names its file");
  for (const auto& [option, value] : config->values)
    expect(!option.empty() && config->value(option) == value, "an option has its value");
});

const Target kernel_settings("kernel_settings", [](std::string_view text) {
  for (const auto& names : {parse_lsm_list(text), parse_action_list(text)})
    if (accepted(names))
      for (const std::string& name : *names)
        expect(!name.empty() && name.find_first_of(", \n") == std::string::npos, "a name is one");
  (void)accepted(parse_status_line(text, "Seccomp"));
  (void)accepted(parse_capabilities(text));
  (void)accepted(cgroup_version(text));
  (void)accepted(parse_step_report(std::string(text)));
  if (const auto count = parse_filter_count(text); accepted(count)) expect(*count >= -1, "filters are counted from -1");
  if (const auto version = parse_kernel_version(text); accepted(version))
    expect(version->major >= 0 && version->minor >= 0, "a version has no sign");
  parse_words(text);
  names_core_file(text);
  parse_stolen_ticks(text);
});

}  // namespace
}  // namespace sandgauge::fuzz
