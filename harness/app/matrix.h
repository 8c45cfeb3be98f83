// `sandgauge matrix`: one command on several kernels, as one table.
#pragma once

#include "app/lab.h"

namespace sandgauge {

struct MatrixOptions {
  LabOptions lab;               // its words have no --format and no -o
  bool here = false;            // the running kernel is the first column
  bool all = false;             // rows that are the same everywhere too
  std::string format = "text";  // text, json or html
  std::string output = "-";
};

/// The worst exit code of the command on any kernel; kExitCouldNotRun if a kernel gave no report. Whatever could be learnt
/// is reported.
int matrix(const MatrixOptions& options);

}  // namespace sandgauge
