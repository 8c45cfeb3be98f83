// A median and the interval that it lies in with some confidence. Without samples all three are NaN.
#pragma once

namespace sandgauge {

struct Interval {
  double median = 0;
  double low = 0;
  double high = 0;
  [[nodiscard]] bool contains(double value) const { return low <= value && value <= high; }
  [[nodiscard]] double width() const { return high - low; }
  bool operator==(const Interval&) const = default;
};

}  // namespace sandgauge
