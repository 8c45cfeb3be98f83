#include "app/matrix.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "app/command_line.h"
#include "app/complain.h"
#include "app/guest_command.h"
#include "app/side_by_side.h"
#include "lab/file.h"
#include "lab/guest.h"
#include "lab/tool.h"
#include "report/matrix.h"
#include "report/output.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostReport = std::size_t{256} * 1024 * 1024;

/// What one kernel gave.
struct Column {
  std::string kernel;
  std::string report;   // JSON
  std::string trouble;  // why there is none
  int exit = kExitCouldNotRun;
};

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

Column column_here(std::vector<std::string> words, const TempDir& scratch, const Interrupts& interrupts) {
  std::error_code ignored;
  const std::string report = scratch.path() + "/report.json";
  words.insert(words.begin(), std::filesystem::read_symlink("/proc/self/exe", ignored).string());
  words.insert(words.begin() + 2, {"--format", "json", "-o", report});
  Column column{.kernel = "here", .report = {}, .trouble = {}};
  const auto ran = run_tool(words, {.timeout = std::chrono::hours(24)}, interrupts);
  if (!ran) return column.trouble = ran.error().message, column;
  column.exit = ran->exit;
  auto content = read_file(report, kMostReport);
  if (content)
    column.report = std::move(*content);
  else
    column.trouble = "it wrote no report: " + complaint_of(*ran);
  return column;
}

/// In a thread of its own.
Column column_of(const KernelName& name, const Result<Kernel>& kernel, const LabOptions& options,
                 const Interrupts& interrupts) {
  Column column{.kernel = name.text, .report = {}, .trouble = {}};
  if (!kernel) return column.trouble = kernel.error().message, column;
  std::vector<std::string> words = options.words;
  words.insert(words.begin() + 1, {"--format", "json", "-o", "/lab/report.json"});
  const auto command =
      prepare_guest_command(words, {.files = options.files, .config = kernel->config, .quiet = options.icount}, interrupts);
  if (!command) return column.trouble = command.error().message, column;
  std::string messages;
  const auto keep = [&messages](std::string_view text) {
    messages += text.substr(0, 10'000 - std::min<std::size_t>(10'000, messages.size()));
  };
  GuestRun run = run_guest(guest_options(options, *kernel, command->initramfs),
                           {.out = [](std::string_view) {}, .err = keep}, interrupts);
  if (!run.release.empty()) column.kernel = run.release;
  if (run.end != GuestEnd::finished) return column.trouble = run.trouble, column;
  if (WIFEXITED(run.status)) column.exit = WEXITSTATUS(run.status);
  if (run.has_file.empty() || !run.has_file[0])
    column.trouble = "it wrote no report: " + last_line(messages);
  else
    column.report = std::move(run.files[0]);
  return column;
}

/// Takes what can be understood into the matrix; the column's exit code otherwise.
int take(Matrix& matrix, Column& column) {
  std::map<std::string, MatrixCell> cells;
  if (column.trouble.empty()) {
    auto read = read_matrix_column(column.report);
    if (read)
      cells = std::move(*read);
    else
      column.trouble = read.error().message;
  }
  if (!column.trouble.empty()) {
    complain(fmt::format("{}: {}", column.kernel, column.trouble));
    column.exit = kExitCouldNotRun;
  }
  add_column(matrix, column.kernel, cells, column.trouble);
  return column.exit;
}

}  // namespace

int matrix(const MatrixOptions& options) {
  const auto interrupts = Interrupts::hold();
  if (!interrupts) return complain(interrupts.error().message, kExitCouldNotRun);
  Matrix result;
  for (const std::string& word : options.lab.words) result.command += (result.command.empty() ? "" : " ") + word;
  const auto scratch = TempDir::make();
  if (!scratch) return complain(scratch.error().message, kExitCouldNotRun);
  int code = kExitAsExpected;
  // Before the guests are there: here a case has seconds, and they load this machine.
  if (options.here) {
    Column column = column_here(options.lab.words, *scratch, *interrupts);
    code = worse_exit(code, take(result, column));
  }
  // One after another: two that fetch would be in each other's way.
  std::vector<Result<Kernel>> kernels;
  std::vector<TempDir> unpacked;
  for (const KernelName& name : options.lab.kernels) {
    auto folder = TempDir::make();
    if (!folder) return complain(folder.error().message, kExitCouldNotRun);
    kernels.push_back(find_kernel(name, *folder, *interrupts, [](const std::string& message) { complain(message); }));
    unpacked.push_back(std::move(*folder));
  }
  std::vector<Column> columns(kernels.size());
  side_by_side(
      kernels.size(), guest_jobs(options.lab),
      [&](std::size_t i) { columns[i] = column_of(options.lab.kernels[i], kernels[i], options.lab, *interrupts); },
      [&](std::size_t i) { code = worse_exit(code, take(result, columns[i])); });
  const bool colour = options.output == "-" && ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  const std::string text = options.format == "json"   ? matrix_json(result)
                           : options.format == "html" ? matrix_html(result)
                                                      : matrix_text(result, {.colour = colour}, options.all);
  if (auto written = write_report(options.output, text); !written)
    return complain(written.error().message, kExitCouldNotRun);
  return interrupts->pending() != 0 ? kExitCouldNotRun : code;
}

}  // namespace sandgauge
