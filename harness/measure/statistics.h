// Statistics for paired measurements: medians, intervals by resampling, a signed-rank test.
//
//   Interval cost = median_interval(differences, 0.95);        // of this round's condition minus this round's control
//   if (cost.contains(0)) ...                                  // below the noise floor
//   wilcoxon(differences).p < 0.01;                            // it is no accident
//
// Headlines are medians: a mean follows the few samples in which something else ran. All functions are pure, and repeat
// exactly with the same seed. Samples are in any unit. What cannot be computed (no samples, NaN) is NaN.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/interval.h"

namespace sandgauge {

/// Without those that were not taken (NaN).
std::vector<double> taken(std::span<const double> samples);

/// The middle value, or the mean of the two in the middle.
double median(std::span<const double> samples);
/// Linear interpolation between order statistics, Hyndman and Fan's type 7: what R and NumPy do. 0 <= q <= 1.
double quantile(std::span<const double> samples, double q);
/// Median absolute deviation from the median, times 1.4826: a normal distribution's standard deviation.
double spread(std::span<const double> samples);

/// The median with its percentile bootstrap interval (Efron 1979). One sample gives an interval without width.
Interval median_interval(std::span<const double> samples, double confidence, std::size_t resamples = 2000,
                         std::uint64_t seed = 1);
/// The same from order statistics alone: the samples between which the median of their distribution lies with at least this
/// probability, whatever the distribution (binomial; Conover, Practical Nonparametric Statistics, 3.2). Too few samples for
/// that give the least and the greatest. Wider than the bootstrap's, which is too narrow for a dozen of samples.
Interval exact_median_interval(std::span<const double> samples, double confidence);
/// The same of median(over) / median(under), whose samples are paired: a resample takes whole rounds. Both are of one size.
Interval ratio_interval(std::span<const double> over, std::span<const double> under, double confidence,
                        std::size_t resamples = 2000, std::uint64_t seed = 1);
/// The bootstrap distribution behind ratio_interval(), sorted: to compare two runs.
std::vector<double> ratio_resamples(std::span<const double> over, std::span<const double> under, std::size_t resamples,
                                    std::uint64_t seed);

struct Wilcoxon {
  double w_plus = 0;     // the sum of the ranks of positive differences
  std::size_t used = 0;  // differences that are not 0
  double p = 1;          // two-sided
  bool exact = false;    // from the distribution itself; else from its normal approximation
};
/// Signed-rank test that the differences are symmetric about 0 (Wilcoxon 1945). Zeros are dropped, ties share their mean
/// rank. Exact up to 25 differences without ties, as the tables are; above with correction for ties and continuity.
Wilcoxon wilcoxon(std::span<const double> differences);

}  // namespace sandgauge
