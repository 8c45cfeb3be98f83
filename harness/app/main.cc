#include <fmt/format.h>

#include "app/command_line.h"

int main(int argc, char** argv) {
  sandgauge::CommandLine line;
  sandgauge::parse_command_line(argc, argv, line);
  if (!line.answer) return line.action();
  fmt::print(line.answer->exit_code == sandgauge::kExitAsExpected ? stdout : stderr, "{}", line.answer->text);
  return line.answer->exit_code;
}
