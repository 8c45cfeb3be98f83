#include "measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace sandgauge {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double quantile_of_sorted(std::span<const double> sorted, double q) {
  if (sorted.empty()) return kNan;
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Reorders the samples.
double median_in_place(std::vector<double>& samples) {
  if (samples.empty()) return kNan;
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::ranges::nth_element(samples, middle);
  if (samples.size() % 2 == 1) return *middle;
  return (*std::max_element(samples.begin(), middle) + *middle) / 2;
}

bool any_nan(std::span<const double> samples) {
  return std::ranges::any_of(samples, [](double sample) { return std::isnan(sample); });
}

Interval interval_of(double middle, const std::vector<double>& sorted, double confidence) {
  const double tail = (1 - confidence) / 2;
  return {middle, quantile_of_sorted(sorted, tail), quantile_of_sorted(sorted, 1 - tail)};
}

/// An index below `size`, by the high half of a product (Lemire 2019): the same on every standard library.
std::size_t draw(std::mt19937_64& random, std::size_t size) {
  return static_cast<std::size_t>(((random() >> 32) * size) >> 32);
}

/// P(W+ <= w) under symmetry, by counting the subsets of ranks 1..n with each sum.
double exact_tail(std::size_t n, double w) {
  const std::size_t most = n * (n + 1) / 2;
  std::vector<double> ways(most + 1);
  ways[0] = 1;
  for (std::size_t rank = 1; rank <= n; ++rank)
    for (std::size_t sum = most; sum >= rank; --sum) ways[sum] += ways[sum - rank];
  double below = 0;
  for (std::size_t sum = 0; sum <= most && static_cast<double>(sum) <= w; ++sum) below += ways[sum];
  return below / std::exp2(static_cast<double>(n));
}

}  // namespace

std::vector<double> taken(std::span<const double> samples) {
  std::vector<double> kept;
  std::ranges::copy_if(samples, std::back_inserter(kept), [](double sample) { return !std::isnan(sample); });
  return kept;
}

double median(std::span<const double> samples) {
  if (any_nan(samples)) return kNan;
  std::vector<double> copy(samples.begin(), samples.end());
  return median_in_place(copy);
}

double quantile(std::span<const double> samples, double q) {
  if (any_nan(samples)) return kNan;
  std::vector<double> sorted(samples.begin(), samples.end());
  std::ranges::sort(sorted);
  return quantile_of_sorted(sorted, q);
}

double spread(std::span<const double> samples) {
  const double middle = median(samples);
  std::vector<double> deviations;
  deviations.reserve(samples.size());
  for (const double sample : samples) deviations.push_back(std::abs(sample - middle));
  constexpr double kOfANormalDistribution = 1.4826;
  return kOfANormalDistribution * median(deviations);
}

Interval median_interval(std::span<const double> samples, double confidence, std::size_t resamples, std::uint64_t seed) {
  const double middle = median(samples);
  if (std::isnan(middle)) return {kNan, kNan, kNan};
  std::mt19937_64 random(seed);
  std::vector<double> medians(resamples);
  std::vector<double> resample(samples.size());
  for (double& each : medians) {
    for (double& sample : resample) sample = samples[draw(random, samples.size())];
    each = median_in_place(resample);
  }
  std::ranges::sort(medians);
  return interval_of(middle, medians, confidence);
}

Interval exact_median_interval(std::span<const double> samples, double confidence) {
  const double middle = median(samples);
  if (std::isnan(middle)) return {kNan, kNan, kNan};
  std::vector<double> sorted(samples.begin(), samples.end());
  std::ranges::sort(sorted);
  const std::size_t n = sorted.size();
  // The chance that no more than k of n samples are below the median: the sum of C(n, i) / 2^n.
  double log_term = -static_cast<double>(n) * std::log(2.0);
  double below = std::exp(log_term);
  std::size_t k = 0;
  while (k + 1 < n / 2) {
    log_term += std::log(static_cast<double>(n - k) / static_cast<double>(k + 1));
    below += std::exp(log_term);
    if (below > (1 - confidence) / 2) break;
    ++k;
  }
  return {middle, sorted[k], sorted[n - 1 - k]};
}

std::vector<double> ratio_resamples(std::span<const double> over, std::span<const double> under, std::size_t resamples,
                                    std::uint64_t seed) {
  const std::size_t size = std::min(over.size(), under.size());
  if (size == 0 || any_nan(over) || any_nan(under)) return {};
  std::mt19937_64 random(seed);
  std::vector<double> ratios(resamples);
  std::vector<double> above(size);
  std::vector<double> below(size);
  for (double& ratio : ratios) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t round = draw(random, size);
      above[i] = over[round];
      below[i] = under[round];
    }
    ratio = median_in_place(above) / median_in_place(below);
  }
  std::ranges::sort(ratios);
  return ratios;
}

Interval ratio_interval(std::span<const double> over, std::span<const double> under, double confidence,
                        std::size_t resamples, std::uint64_t seed) {
  const std::vector<double> ratios = ratio_resamples(over, under, resamples, seed);
  if (ratios.empty()) return {kNan, kNan, kNan};
  return interval_of(median(over) / median(under), ratios, confidence);
}

Wilcoxon wilcoxon(std::span<const double> differences) {
  std::vector<double> used;
  for (const double difference : differences)
    if (difference != 0 && !std::isnan(difference)) used.push_back(difference);
  std::ranges::sort(used, {}, [](double difference) { return std::abs(difference); });
  const std::size_t n = used.size();
  Wilcoxon result{.w_plus = 0, .used = n, .p = 1, .exact = false};
  if (n == 0) return result;

  double ties = 0;  // the sum of t^3 - t over groups of t equal sizes
  for (std::size_t first = 0; first < n;) {
    std::size_t end = first;
    while (end < n && std::abs(used[end]) == std::abs(used[first])) ++end;
    const auto size = static_cast<double>(end - first);
    const double rank = static_cast<double>(first + 1 + end) / 2;  // the mean of first+1..end
    for (std::size_t i = first; i < end; ++i)
      if (used[i] > 0) result.w_plus += rank;
    ties += size * size * size - size;
    first = end;
  }
  const auto count = static_cast<double>(n);
  const double most = count * (count + 1) / 2;
  constexpr std::size_t kTabulated = 25;
  if (n <= kTabulated && ties == 0) {
    result.exact = true;
    result.p = std::min(1.0, 2 * exact_tail(n, std::min(result.w_plus, most - result.w_plus)));
    return result;
  }
  const double variance = count * (count + 1) * (2 * count + 1) / 24 - ties / 48;
  const double distance = std::max(0.0, std::abs(result.w_plus - most / 2) - 0.5);
  result.p = std::min(1.0, std::erfc(distance / std::sqrt(variance) / std::sqrt(2.0)));
  return result;
}

}  // namespace sandgauge
