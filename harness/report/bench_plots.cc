#include "report/bench_plots.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "report/bench_report.h"
#include "report/escape.h"

namespace sandgauge {
namespace {

std::string data_of(const BenchRow& row, const Interval& interval) {
  return fmt::format(R"(data-row="{}" data-median="{:.3f}" data-low="{:.3f}" data-high="{:.3f}")", xml_text(row.id),
                     interval.median, interval.low, interval.high);
}

const Interval& plotted(const BenchRow& row) { return row.baseline.empty() ? row.cost : row.extra; }

/// From 0 to 100: logarithmic from a tenth of a nanosecond on; what is less stands at the left edge.
class LogScale {
 public:
  explicit LogScale(double most) : decades_(std::max(1.0, std::ceil(std::log10(std::max(most, 1.0) * 10)))) {}
  [[nodiscard]] double at(double nanoseconds) const {
    constexpr double kTenths = 10;
    return std::clamp(100 * std::log10(std::max(nanoseconds * kTenths, 1.0)) / decades_, 0.0, 100.0);
  }

 private:
  double decades_;
};

struct Point {
  const BenchRow* row;
  double x;
};

constexpr double kWidth = 360;
constexpr double kHeight = 230;
constexpr double kLeft = 52;
constexpr double kRight = 10;
constexpr double kTop = 10;
constexpr double kBottom = 34;

/// A frame with linear axes from 0, for points of several series.
class Chart {
 public:
  Chart(double most_x, double most_y, std::string_view x_title, std::string_view id)
      : most_x_(nice(most_x)), most_y_(nice(most_y)) {
    svg_ = fmt::format(R"(<svg class="chart" id="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">)", id, kWidth, kHeight,
                       x_title);
    constexpr int kLines = 4;
    for (int i = 0; i <= kLines; ++i) {
      const double share = static_cast<double>(i) / kLines;
      svg_ += fmt::format(R"(<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>)", kLeft, kWidth - kRight,
                          y(share * most_y_), y(share * most_y_));
      svg_ += fmt::format(R"(<text x="{}" y="{:.1f}" text-anchor="end">{:g}</text>)", kLeft - 5, y(share * most_y_) + 4,
                          share * most_y_);
      svg_ += fmt::format(R"(<text x="{:.1f}" y="{}" text-anchor="middle">{:g}</text>)", x(share * most_x_),
                          kHeight - kBottom + 14, share * most_x_);
    }
    svg_ += fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)", (kLeft + kWidth - kRight) / 2, kHeight - 4,
                        x_title);
    svg_ += fmt::format(R"x(<text x="12" y="{}" text-anchor="middle" transform="rotate(-90 12 {})">ns more</text>)x",
                        kHeight / 2, kHeight / 2);
  }

  [[nodiscard]] double x(double value) const { return kLeft + value / most_x_ * (kWidth - kLeft - kRight); }
  [[nodiscard]] double y(double value) const {
    return kHeight - kBottom - std::max(value, 0.0) / most_y_ * (kHeight - kTop - kBottom);
  }

  void line(double x1, double y1, double x2, double y2, std::string_view style) {
    svg_ += fmt::format(R"(<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>)", style, x(x1), y(y1), x(x2),
                        y(y2));
  }
  void point(const Point& point, std::string_view style) {
    const Interval& extra = point.row->extra;
    svg_ += fmt::format(
        R"(<g class="{}" {}><line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/><circle cx="{:.1f}" cy="{:.1f}" r="3.5"/>)"
        R"(<title>{}: {}</title></g>)",
        style, data_of(*point.row, extra), x(point.x), x(point.x), y(extra.low), y(extra.high), x(point.x), y(extra.median),
        xml_text(point.row->id), xml_text(extra_words(*point.row)));
  }
  std::string take() { return svg_ + "</svg>"; }

 private:
  /// The next 1, 2 or 5 with zeros, times 4 where that is nearer.
  static double nice(double most) {
    if (!(most > 0)) return 1;
    const double unit = std::pow(10, std::floor(std::log10(most)));
    for (const double step : {1.0, 1.2, 1.6, 2.0, 4.0, 6.0, 8.0, 10.0})
      if (step * unit >= most) return step * unit;
    return 10 * unit;
  }
  double most_x_;
  double most_y_;
  std::string svg_;
};

bool has_extra(const BenchRow& row) {
  return row.problem.empty() && !row.baseline.empty() && std::isfinite(row.extra.median);
}

}  // namespace

std::string costs_plot(const Measurement& measurement, std::string_view call) {
  double most = 0;
  for (const BenchRow& row : measurement.rows)
    if (row.call == call && row.problem.empty()) most = std::max(most, plotted(row).high);
  if (!(most > 0)) return "";
  const LogScale scale(most);
  std::string html = "<div class=\"plot\">\n";
  for (const BenchRow& row : measurement.rows) {
    if (row.call != call) continue;
    const bool baseline = row.baseline.empty() && row.group != "install" && row.group != "process";
    html += fmt::format(R"(<div class="bar{}"><span class="name">{}</span>)", row.control ? " control" : "",
                        xml_text(visible(row.condition)));
    if (row.problem.empty() && !baseline) {
      const Interval& value = plotted(row);
      const double low = scale.at(value.low);
      const double high = std::max(scale.at(value.high), low + 0.6);
      html += fmt::format(
          R"(<svg class="mark" viewBox="0 0 100 10" preserveAspectRatio="none" {}><line class="axis" x1="0" x2="100" y1="5" y2="5"/>)"
          R"(<rect class="interval" x="{:.2f}" y="2" width="{:.2f}" height="6"/><rect class="median" x="{:.2f}" y="0" width="0.9" height="10"/></svg>)",
          data_of(row, value), low, high - low, std::max(0.0, scale.at(value.median) - 0.45));
    } else {
      html += "<span class=\"mark\"></span>";
    }
    const std::string words = row.problem.empty() && (baseline || row.baseline.empty())
                                  ? nanoseconds(row.cost.median) + " " + extra_words(row)
                                  : extra_words(row);
    const std::string why = row.bitmap_hit         ? "bitmap hit"
                            : row.instructions > 0 ? fmt::format("{} instructions", row.instructions)
                                                   : "";
    html += fmt::format("<span class=\"value\">{}</span><span class=\"why\">{}{}{}</span></div>\n", xml_text(words),
                        xml_text(why), !why.empty() && !row.placement.empty() ? "; " : "", xml_text(visible(row.placement)));
  }
  return html + "</div>\n<p class=\"legend\">Logarithmic from 0.1 ns. Box: 95% interval; line in it: median.</p>\n";
}

std::string depth_plot(const Measurement& measurement) {
  std::map<std::string, std::vector<Point>> series;
  double most_x = 0;
  double most_y = 0;
  for (const BenchRow& row : measurement.rows) {
    const auto at = row.condition.rfind(" x");
    if (row.call != "getppid" || at == std::string::npos || !has_extra(row)) continue;
    int depth = 0;
    const char* const end = row.condition.data() + row.condition.size();
    if (std::from_chars(row.condition.data() + at + 2, end, depth).ptr != end) continue;
    series[row.condition.substr(0, at)].push_back({&row, static_cast<double>(depth)});
    most_x = std::max(most_x, static_cast<double>(depth));
    most_y = std::max(most_y, row.extra.high);
  }
  if (series.empty()) return "";
  Chart chart(most_x, most_y, "filters loaded", "depth");
  std::string legend;
  int index = 0;
  for (const auto& [name, points] : series) {
    const std::string style = fmt::format("series{}", index++ % 3);
    for (std::size_t i = 1; i < points.size(); ++i)
      chart.line(points[i - 1].x, points[i - 1].row->extra.median, points[i].x, points[i].row->extra.median, style);
    for (const Point& point : points) chart.point(point, style);
    legend += fmt::format("<span class=\"{}\">&#9679;</span> {} ", style, xml_text(visible(name)));
  }
  return chart.take() + fmt::format("<p class=\"legend\">{}</p>\n", legend);
}

std::string length_plot(const Measurement& measurement) {
  std::vector<Point> points;
  double most_x = 0;
  double most_y = 0;
  for (const BenchRow& row : measurement.rows) {
    if (row.call != "getppid" || row.filters != 1 || row.bitmap_hit || row.answered || !has_extra(row)) continue;
    points.push_back({&row, static_cast<double>(row.instructions)});
    most_x = std::max(most_x, points.back().x);
    most_y = std::max(most_y, row.extra.high);
  }
  if (points.empty()) return "";
  Chart chart(most_x, most_y, "BPF instructions executed", "length");
  if (measurement.model.fitted) {
    const double start = measurement.model.entry.median + measurement.model.per_filter.median;
    chart.line(0, start, most_x, start + most_x * measurement.model.per_instruction.median, "model");
  }
  for (const Point& point : points) chart.point(point, "series0");
  return chart.take() +
         "<p class=\"legend\">One filter that the bitmap cannot stand in for; dashed: the fitted model.</p>\n";
}

std::string heat_strip(const Measurement& measurement) {
  if (measurement.strip.empty()) return "";
  double least = 1e300;
  double most = 0;
  for (const StripCell& cell : measurement.strip) {
    if (!cell.allowed || !std::isfinite(cell.nanoseconds)) continue;
    least = std::min(least, cell.nanoseconds);
    most = std::max(most, cell.nanoseconds);
  }
  std::string html = "<div class=\"strip\">";
  for (const StripCell& cell : measurement.strip) {
    const double share = most > least ? std::clamp((cell.nanoseconds - least) / (most - least), 0.0, 1.0) : 0;
    const std::string heat = cell.allowed ? fmt::format(" style=\"--heat:{:.2f}\"", share) : "";
    html += fmt::format("<i class=\"{}\"{} data-call=\"{}\" data-ns=\"{:.3f}\" title=\"{} ({}): {}, {}\"></i>",
                        cell.allowed ? (cell.bitmap_hit ? "hit" : "miss") : "answered", heat, xml_text(cell.name),
                        cell.nanoseconds, xml_text(cell.name), cell.number, xml_text(visible(cell.decision)),
                        cell.bitmap_hit ? std::string("bitmap hit") : fmt::format("{} instructions", cell.instructions));
  }
  return html +
         "</div>\n<p class=\"legend\">A cell for each call, by number. <i class=\"hit\"></i> in the bitmap, <i "
         "class=\"miss\" "
         "style=\"--heat:1\"></i> allowed after running the filter (the darker the longer), <i class=\"answered\"></i> "
         "answered by the filter.</p>\n";
}

}  // namespace sandgauge
