// A table in text: columns as wide as their widest cell, two blanks between them, each line indented by two.
//
//   text_table({{"backend", "length"}, {"bpf", "21"}}) == "  backend  length\n  bpf      21\n"
#pragma once

#include <string>
#include <vector>

namespace sandgauge {

/// A row may have fewer cells than others. Every character counts as one column wide.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace sandgauge
