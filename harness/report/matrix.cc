#include "report/matrix.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/bounded_json.h"
#include "report/escape.h"
#include "report/page.h"

namespace sandgauge {
namespace {

using json = nlohmann::ordered_json;

std::string string_at(const json& object, const char* key) {
  const auto at = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

MatrixCell cell_of_result(const json& result) {
  return {.word = string_at(result, "status"), .reason = string_at(result, "reason")};
}

MatrixCell cell_of_capability(const json& capability) {
  const auto works = capability.find("works");
  if (works == capability.end()) return {};
  const std::string value = string_at(capability, "value");
  const std::string reason = string_at(capability, "reason");
  return {.word = string_at(*works, "standing") + (value.empty() ? "" : " " + value),
          .reason = reason.empty() ? string_at(*works, "evidence") : reason};
}

bool is_bad(const std::string& word) { return word == "FAIL" || word == "BROKEN"; }

/// Cells of kernels that gave a report: the others say nothing.
std::vector<const MatrixCell*> reported(const Matrix& matrix, const std::vector<MatrixCell>& cells) {
  std::vector<const MatrixCell*> result;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (matrix.troubles[i].empty()) result.push_back(&cells[i]);
  return result;
}

bool differs(const Matrix& matrix, const std::vector<MatrixCell>& cells) {
  const auto given = reported(matrix, cells);
  return std::ranges::any_of(given, [&](const MatrixCell* cell) { return cell->word != given[0]->word; });
}

Status status_of(const std::string& word) {
  if (word == "FAIL" || word.starts_with("no")) return Status::fail;
  if (word == "BROKEN") return Status::broken;
  return word == "PASS" || word.starts_with("yes") ? Status::pass : Status::skip;
}

using Pattern = std::vector<std::string>;

/// Patterns with a FAIL or BROKEN first; then as the words sort.
std::vector<std::pair<Pattern, std::vector<std::string>>> by_pattern(const Matrix& matrix,
                                                                     const std::vector<std::string>& ids) {
  std::map<std::pair<bool, Pattern>, std::vector<std::string>> groups;
  for (const std::string& id : ids) {
    Pattern pattern;
    for (const MatrixCell& cell : matrix.rows.at(id)) pattern.push_back(cell.word);
    groups[{std::ranges::none_of(pattern, is_bad), pattern}].push_back(id);
  }
  std::vector<std::pair<Pattern, std::vector<std::string>>> result;
  for (auto& [key, members] : groups) result.emplace_back(key.second, std::move(members));
  return result;
}

/// "1020 PASS, 3 SKIP": how often each word stands in rows that are the same everywhere.
std::string same_everywhere(const Matrix& matrix) {
  std::map<std::string, int> counts;
  for (const auto& [id, cells] : matrix.rows) {
    const auto given = reported(matrix, cells);
    if (!given.empty() && !differs(matrix, cells)) ++counts[given[0]->word];
  }
  std::string text;
  for (const auto& [word, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, visible(word));
  return text.empty() ? "none" : text;
}

std::string totals_of(const Matrix& matrix, std::size_t column) {
  std::map<std::string, int> counts;
  for (const auto& [id, cells] : matrix.rows) ++counts[cells[column].word.substr(0, cells[column].word.find(' '))];
  std::string text;
  for (const auto& [word, count] : counts)
    if (word != "-") text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  return text;
}

std::string explain_cells(const Matrix& matrix, const std::vector<MatrixCell>& cells) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (!cells[i].reason.empty() && status_of(cells[i].word) != Status::pass)
      text += fmt::format("      {}: {}\n", matrix.columns[i], visible(cells[i].reason));
  return text;
}

}  // namespace

Result<std::map<std::string, MatrixCell>> read_matrix_column(std::string_view text) {
  const auto parsed = parse_bounded(text);
  if (!parsed) return fail("the report is {}, expected that of run or check", parsed.error().message);
  const json& document = *parsed;
  const bool is_run = document.is_object() && document.contains("results") && document["results"].is_array();
  const bool is_check = document.is_object() && document.contains("capabilities") && document["capabilities"].is_array();
  if (!is_run && !is_check) return fail("expected the JSON report of run or check");
  std::map<std::string, MatrixCell> cells;
  for (const json& entry : document[is_run ? "results" : "capabilities"]) {
    const std::string id = string_at(entry, "id");
    if (id.empty()) return fail("expected an id in each entry of the report");
    cells[id] = is_run ? cell_of_result(entry) : cell_of_capability(entry);
  }
  return cells;
}

void add_column(Matrix& matrix, const std::string& kernel, const std::map<std::string, MatrixCell>& cells,
                const std::string& trouble) {
  matrix.columns.push_back(kernel);
  matrix.troubles.push_back(trouble);
  for (const auto& [id, cell] : cells) matrix.rows[id];
  for (auto& [id, row] : matrix.rows) {
    row.resize(matrix.columns.size());
    if (const auto cell = cells.find(id); cell != cells.end()) row.back() = cell->second;
  }
}

std::vector<std::string> differing_rows(const Matrix& matrix) {
  std::vector<std::string> ids;
  for (const auto& [id, cells] : matrix.rows)
    if (differs(matrix, cells)) ids.push_back(id);
  return ids;
}

std::string matrix_text(const Matrix& matrix, Style style, bool all) {
  std::string text = fmt::format("{} on {} kernels\n\n", matrix.command, matrix.columns.size());
  for (std::size_t i = 0; i < matrix.columns.size(); ++i)
    text +=
        fmt::format("{}. {}  {}\n", i + 1, matrix.columns[i],
                    matrix.troubles[i].empty() ? totals_of(matrix, i)
                                               : style.paint(Status::broken, "BROKEN") + ": " + visible(matrix.troubles[i]));
  std::vector<std::string> ids;
  for (const auto& [id, cells] : matrix.rows) ids.push_back(id);
  const auto differing = differing_rows(matrix);
  for (const auto& [pattern, members] : by_pattern(matrix, all ? ids : differing)) {
    text += '\n';
    for (const std::string& word : pattern) text += style.paint(status_of(word), fmt::format("{:<7}", visible(word))) + ' ';
    text += fmt::format(" {} row{}\n", members.size(), members.size() == 1 ? "" : "s");
    for (const std::string& id : members)
      text += fmt::format("    {}\n{}", visible(id), explain_cells(matrix, matrix.rows.at(id)));
  }
  text += fmt::format("\n{} of {} rows differ; the same on all: {}\n", differing.size(), matrix.rows.size(),
                      same_everywhere(matrix));
  return text;
}

std::string matrix_json(const Matrix& matrix) {
  json document{
      {"schema", "sandgauge.matrix/1"}, {"command", matrix.command}, {"kernels", json::array()}, {"rows", json::array()}};
  for (std::size_t i = 0; i < matrix.columns.size(); ++i)
    document["kernels"].push_back({{"release", matrix.columns[i]}, {"trouble", matrix.troubles[i]}});
  for (const auto& [id, cells] : matrix.rows) {
    json row{{"id", id}, {"differs", differs(matrix, cells)}, {"cells", json::array()}};
    for (const MatrixCell& cell : cells) row["cells"].push_back({{"word", cell.word}, {"reason", cell.reason}});
    document["rows"].push_back(row);
  }
  document["differing"] = differing_rows(matrix).size();
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string matrix_html(const Matrix& matrix) {
  std::string text =
      fmt::format("<p>{} of {} rows differ; the same on all: {}.</p>\n<div class=\"wide\"><table><tr><th>id</th>",
                  differing_rows(matrix).size(), matrix.rows.size(), xml_text(same_everywhere(matrix)));
  for (std::size_t i = 0; i < matrix.columns.size(); ++i)
    text += fmt::format("<th>{}{}</th>", xml_text(matrix.columns[i]),
                        matrix.troubles[i].empty() ? "" : "<br>BROKEN: " + xml_text(matrix.troubles[i]));
  text += "</tr>\n";
  constexpr const char* kClasses[] = {"good", "poor", "poor", "none"};
  const auto class_of = [&](const std::string& word) {
    switch (status_of(word)) {
      case Status::pass: return kClasses[0];
      case Status::fail: return kClasses[1];
      case Status::broken: return kClasses[2];
      default: return kClasses[3];
    }
  };
  for (const auto& [pattern, members] : by_pattern(matrix, differing_rows(matrix)))
    for (const std::string& id : members) {
      text += fmt::format("<tr><td>{}</td>", xml_text(id));
      for (const MatrixCell& cell : matrix.rows.at(id))
        text += fmt::format("<td class=\"{}\" title=\"{}\">{}</td>", class_of(cell.word), xml_text(cell.reason),
                            xml_text(cell.word));
      text += "</tr>\n";
    }
  return html_page(matrix.command, "", text + "</table></div>\n");
}

}  // namespace sandgauge
