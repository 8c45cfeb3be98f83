#include "report/style.h"

#include <fmt/format.h>

namespace sandgauge {
namespace {

int sgr_code(Status status) {
  switch (status) {
    case Status::pass: return 32;
    case Status::fail: return 31;
    case Status::broken: return 35;
    case Status::skip: return 33;
  }
  return 0;
}

}  // namespace

std::string Style::paint(Status status, std::string_view text) const {
  if (!colour) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", sgr_code(status), text);
}

}  // namespace sandgauge
