// Matrix: what the same cases gave on several kernels, with the differences first.
//
//   Matrix matrix;
//   add_column(matrix, "6.1.0-50-cloud-amd64", rows_of_run);   // one after the other
//   std::string text = matrix_text(matrix, {.colour = false}, /*all=*/false);
//
// Rows whose cells are the same word everywhere are folded into their number; the others are grouped by pattern, those with
// a FAIL or BROKEN first. Nothing here fails: a row that a kernel did not report is "-" there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/style.h"

namespace sandgauge {

struct MatrixCell {
  std::string word = "-";  // PASS, FAIL, BROKEN, SKIP; of `check` also yes, no, and a value
  std::string reason;      // empty when there is nothing to explain
  bool operator==(const MatrixCell&) const = default;
};

struct Matrix {
  std::string command;                                  // what was run: "run conformance"
  std::vector<std::string> columns;                     // kernels, by their releases
  std::vector<std::string> troubles;                    // a sentence for a kernel that gave nothing; else empty
  std::map<std::string, std::vector<MatrixCell>> rows;  // by id; a cell for each column
};

/// Ids to cells, out of the JSON report of `run` or `check`. Fails if it is neither.
Result<std::map<std::string, MatrixCell>> read_matrix_column(std::string_view json);

/// `trouble` says why a kernel gave no report; its cells are "-".
void add_column(Matrix& matrix, const std::string& kernel, const std::map<std::string, MatrixCell>& cells,
                const std::string& trouble = {});

/// Rows that are not the same on all kernels that gave a report.
std::vector<std::string> differing_rows(const Matrix& matrix);

/// With `all`, also the rows that are the same everywhere.
std::string matrix_text(const Matrix& matrix, Style style, bool all);
/// Columns, rows that differ, how many are the same and all rows: docs/report-formats.md.
std::string matrix_json(const Matrix& matrix);
/// One page that needs nothing else; reasons are tooltips.
std::string matrix_html(const Matrix& matrix);

}  // namespace sandgauge
