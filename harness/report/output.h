// Writes a report where the user wants it: whole, or not at all.
//
//   if (auto written = write_report("results.xml", to_junit(report)); !written) return complain(written.error());
//
// A regular file is replaced in one step: the content goes to a temporary file in the same directory, which is synced and
// renamed. If anything fails, the temporary file is removed, the old file stays as it was, and the error names the path,
// the step and the errno.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

/// "-" and "/dev/stdout" are the standard output. A link is followed; one that leads nowhere is replaced. An existing file
/// keeps its mode and, where the process may set it, its owner; a new one gets 0666 less the umask. What is neither a file
/// nor a directory (a fifo, /dev/null) is written directly; a directory is an error. A full disk, a closed pipe (EPIPE)
/// and the file size limit (EFBIG) are errors too, not deaths by SIGPIPE or SIGXFSZ.
Result<void> write_report(const std::string& path, std::string_view content);

/// What write_report() would say of the place alone: for work that takes long, before it begins. Writes nothing.
Result<void> check_report_path(const std::string& path);

}  // namespace sandgauge
