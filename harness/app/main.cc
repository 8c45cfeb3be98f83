#include <fmt/format.h>

#include "app/command_line.h"
#include "app/run.h"

int main(int argc, char** argv) {
  const sandgauge::CommandLine line = sandgauge::parse_command_line(argc, argv);
  if (line.answer) {
    fmt::print(line.answer->exit_code == sandgauge::kExitAsExpected ? stdout : stderr, "{}", line.answer->text);
    return line.answer->exit_code;
  }
  return sandgauge::run(line.run);
}
