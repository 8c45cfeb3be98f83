#include "report/grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "report/escape.h"

namespace sandgauge {
namespace {

/// From the strictest to the most permissive, with the action that asks somebody else last.
constexpr std::string_view kColumnOrder[] = {"KILL", "KILL_PROCESS", "TRAP", "ERRNO", "TRACE", "LOG", "ALLOW", "NOTIFY"};

std::ptrdiff_t column_rank(std::string_view action) {
  const auto* place = std::ranges::find(kColumnOrder, action.substr(0, action.find('(')));
  return place - std::begin(kColumnOrder);
}

struct Cell {
  std::string text;
  std::optional<Status> status;  // what colours it
};

Cell cell_of(const std::vector<const CaseResult*>& results) {
  if (results.empty()) return {"-", {}};
  const Totals sum = totals(results);
  if (sum.skipped == results.size()) return {"skip", Status::skip};
  if (sum.passed == results.size()) return {fmt::format("{}", sum.passed), Status::pass};
  Cell cell{fmt::format("{}/{} ", sum.passed, results.size()), Status::skip};
  if (sum.failed > 0) cell.text += 'F';
  if (sum.broken > 0) cell.text += 'B';
  if (sum.skipped > 0) cell.text += 'S';
  if (sum.broken > 0) cell.status = Status::broken;
  if (sum.failed > 0) cell.status = Status::fail;
  return cell;
}

struct Column {
  std::string header;
  std::vector<Cell> cells;  // one for each row
  std::size_t width = 0;
};

Column make_column(const Group& action, const std::vector<Group>& rows) {
  Column column{visible(action.key), {}, 0};
  column.width = column.header.size();
  for (const Group& row : rows) {
    std::vector<const CaseResult*> matching;
    std::ranges::copy_if(row.results, std::back_inserter(matching),
                         [&](const CaseResult* result) { return result->action == action.key; });
    column.cells.push_back(cell_of(matching));
    column.width = std::max(column.width, column.cells.back().text.size());
  }
  return column;
}

/// What a shown text lacks to `width`, and the gap to the next column.
std::string padding(std::size_t shown, std::size_t width) { return std::string(width - shown + 2, ' '); }

std::string table(const std::vector<std::string>& names, std::size_t name_width, const Column* first, const Column* last,
                  Style style) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string line = names[i] + padding(names[i].size(), name_width);
    for (const Column* column = first; column != last; ++column) {
      const Cell cell = i == 0 ? Cell{column->header, {}} : column->cells[i - 1];
      line += cell.status ? style.paint(*cell.status, cell.text) : cell.text;
      line += padding(cell.text.size(), column->width);
    }
    end_line(line);
    text += line;
  }
  return text;
}

std::string single_line(const Group& suite, Style style) {
  const Totals sum = totals(suite.results);
  std::string line = visible(suite.key) + "  ";
  std::string separator;
  const auto add = [&](std::size_t count, Status status, std::string_view word) {
    if (count == 0) return;
    line += separator + style.paint(status, fmt::format("{} {}", count, word));
    separator = ", ";
  };
  add(sum.passed, Status::pass, "passed");
  add(sum.failed, Status::fail, "failed");
  add(sum.broken, Status::broken, "broken");
  add(sum.skipped, Status::skip, "skipped");
  return line + "\n";
}

}  // namespace

bool has_grid(const Group& suite) {
  return grouped(suite.results, by_subject).size() > 1 && grouped(suite.results, by_action).size() > 1;
}

std::string suite_grid(const Group& suite, Style style, int columns) {
  if (!has_grid(suite)) return single_line(suite, style);
  const std::vector<Group> rows = grouped(suite.results, by_subject);
  std::vector<Group> actions = grouped(suite.results, by_action);
  std::ranges::stable_sort(actions, {}, [](const Group& action) { return column_rank(action.key); });

  // The first name is the header's.
  std::vector<std::string> names{visible(suite.key)};
  for (const Group& row : rows) names.push_back("  " + visible(row.key));
  const std::size_t name_width = std::ranges::max(names, {}, &std::string::size).size();

  std::vector<Column> all;
  for (const Group& action : actions) all.push_back(make_column(action, rows));

  std::string text;
  const Column* const end = all.data() + all.size();
  for (const Column* first = all.data(); first != end;) {
    const Column* last = first;
    std::size_t width = name_width;
    while (last != end && (last == first || columns <= 0 || width + 2 + last->width <= static_cast<std::size_t>(columns)))
      width += 2 + (last++)->width;
    if (!text.empty()) text += '\n';
    text += table(names, name_width, first, last, style);
    first = last;
  }
  return text;
}

}  // namespace sandgauge
