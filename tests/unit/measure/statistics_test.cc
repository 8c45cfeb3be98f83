#include "measure/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace sandgauge::statistics_test {
namespace {

using Samples = std::vector<double>;

TEST(StatisticsTest, TheMedianIsTheMiddleOrTheMeanOfTwo) {
  EXPECT_DOUBLE_EQ(median(Samples{3, 1, 2}), 2);
  EXPECT_DOUBLE_EQ(median(Samples{4, 1, 2, 3}), 2.5);
  EXPECT_TRUE(std::isnan(median(Samples{})));
  EXPECT_TRUE(std::isnan(median(Samples{1, std::numeric_limits<double>::quiet_NaN()})));
}

TEST(StatisticsTest, QuantilesAreThoseOfRAndNumPy) {
  // numpy.quantile([15, 20, 35, 40, 50], [0.05, 0.3, 0.4, 0.5, 1])
  const Samples samples = {15, 20, 35, 40, 50};
  EXPECT_DOUBLE_EQ(quantile(samples, 0.05), 16);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.3), 23);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.4), 29);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.5), 35);
  EXPECT_DOUBLE_EQ(quantile(samples, 1), 50);
}

TEST(StatisticsTest, TheSpreadOfANormalDistributionIsItsStandardDeviation) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(100, 5);
  Samples samples;
  for (int i = 0; i < 20'000; ++i) samples.push_back(normal(random));
  EXPECT_NEAR(spread(samples), 5, 0.15);
}

TEST(StatisticsTest, OneOutlierMovesNeitherMedianNorSpreadMuch) {
  EXPECT_DOUBLE_EQ(median(Samples{1, 2, 3, 4, 1e9}), 3);
  EXPECT_DOUBLE_EQ(spread(Samples{1, 2, 3, 4, 1e9}), 1.4826);
}

/// How often the interval of a sample from a distribution holds the distribution's median.
template <class Distribution>
double coverage(Distribution distribution, double truth, std::size_t size, double confidence) {
  std::mt19937_64 random(20240817);
  constexpr int kTrials = 1000;
  int inside = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Samples samples;
    for (std::size_t i = 0; i < size; ++i) samples.push_back(distribution(random));
    if (median_interval(samples, confidence, 400, random()).contains(truth)) ++inside;
  }
  return static_cast<double>(inside) / kTrials;
}

TEST(StatisticsTest, NinetyFivePercentIntervalsHoldTheMedianThatOften) {
  EXPECT_NEAR(coverage(std::normal_distribution<double>(10, 3), 10, 60, 0.95), 0.95, 0.03);
  EXPECT_NEAR(coverage(std::exponential_distribution<double>(1), std::log(2.0), 60, 0.95), 0.95, 0.03);
  // Noise as a shared machine has it: one sample in five takes much longer, and only ever longer. The median of the
  // mixture is that of the 5/8 quantile of the quiet samples: 0.3186 standard deviations above their middle.
  const auto noisy = [normal = std::normal_distribution<double>(0, 1)](std::mt19937_64& random) mutable {
    const double quiet = normal(random);
    return random() % 5 == 0 ? 1000 + quiet : quiet;
  };
  EXPECT_NEAR(coverage(noisy, 0.3186, 101, 0.95), 0.95, 0.03);
}

TEST(StatisticsTest, LessConfidenceIsANarrowerInterval) {
  EXPECT_NEAR(coverage(std::normal_distribution<double>(10, 3), 10, 60, 0.5), 0.5, 0.06);
}

TEST(StatisticsTest, TheIntervalOfAMedianHasTheWidthThatTheoryGivesIt) {
  // The standard error of a median of n normal samples is sqrt(pi / 2n) standard deviations.
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal(0, 1);
  Samples widths;
  for (int trial = 0; trial < 200; ++trial) {
    Samples samples;
    for (int i = 0; i < 200; ++i) samples.push_back(normal(random));
    widths.push_back(median_interval(samples, 0.95, 500, random()).width());
  }
  EXPECT_NEAR(median(widths), 2 * 1.96 * std::sqrt(M_PI / 2 / 200), 0.05);
}

TEST(StatisticsTest, IntervalsRepeatWithTheSeed) {
  const Samples samples = {5, 3, 8, 1, 9, 2, 7};
  EXPECT_EQ(median_interval(samples, 0.95, 500, 7), median_interval(samples, 0.95, 500, 7));
  EXPECT_EQ(median_interval(Samples{4}, 0.95), (Interval{4, 4, 4}));
  EXPECT_TRUE(std::isnan(median_interval(Samples{}, 0.95).low));
}

TEST(StatisticsTest, TheExactIntervalOfAMedianIsThatOfTheTables) {
  // Conover, table A3 of the binomial with p = 0.5: for n = 10 at 95% the second and the ninth, for n = 20 the sixth and the
  // fifteenth; five samples cannot give 95%.
  const auto first = [](int n) {
    Samples samples(static_cast<std::size_t>(n));
    std::iota(samples.begin(), samples.end(), 1);
    return exact_median_interval(samples, 0.95);
  };
  EXPECT_EQ(first(10), (Interval{5.5, 2, 9}));
  EXPECT_EQ(first(20), (Interval{10.5, 6, 15}));
  EXPECT_EQ(first(5), (Interval{3, 1, 5}));
  EXPECT_EQ(first(1), (Interval{1, 1, 1}));
  EXPECT_EQ(first(10'000), (Interval{5000.5, 4902, 5099}));  // 5000 - 1.96 * 50
  EXPECT_TRUE(std::isnan(exact_median_interval(Samples{}, 0.95).low));
}

TEST(StatisticsTest, ARatioOfPairedSamplesIsNotDisturbedByWhatDisturbsBoth) {
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> weather(0, 1);  // what both have in common is far larger than what differs
  Samples over;
  Samples under;
  for (int i = 0; i < 200; ++i) {
    const double common = 1 + weather(random);
    under.push_back(80 * common);
    over.push_back(100 * common);
  }
  const Interval ratio = ratio_interval(over, under, 0.95);
  EXPECT_NEAR(ratio.median, 1.25, 1e-9);
  EXPECT_LT(ratio.width(), 1e-9);
}

TEST(StatisticsTest, AnIndependentRatioHasAnIntervalAroundTheTruth) {
  std::mt19937_64 random(6);
  std::normal_distribution<double> noise(0, 4);
  Samples over;
  Samples under;
  for (int i = 0; i < 300; ++i) {
    under.push_back(80 + noise(random));
    over.push_back(90 + noise(random));
  }
  const Interval ratio = ratio_interval(over, under, 0.95);
  EXPECT_TRUE(ratio.contains(1.125)) << ratio.low << ' ' << ratio.high;
  EXPECT_LT(ratio.width(), 0.03);
  EXPECT_TRUE(std::isnan(ratio_interval(Samples{}, Samples{}, 0.95).median));
}

// Published examples.

TEST(WilcoxonTest, DarwinsMaize) {
  // C. Darwin, The Effects of Cross and Self Fertilisation in the Vegetable Kingdom (1876), the heights of 15 pairs of
  // plants in eighths of an inch, as R. A. Fisher tabulated their differences (The Design of Experiments, 1935). The
  // signed-rank test of them is W = 24 on the side of the negative ones, p = 0.041 (Hettmansperger and McKean).
  const Wilcoxon test = wilcoxon(Samples{49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48});
  EXPECT_EQ(test.used, 15U);
  EXPECT_TRUE(test.exact);
  EXPECT_DOUBLE_EQ(120 - test.w_plus, 24);
  EXPECT_NEAR(test.p, 0.04126, 1e-5);
}

TEST(WilcoxonTest, HamiltonDepressionScale) {
  // Hollander and Wolfe, Nonparametric Statistical Methods (1973), table 3.1: nine patients before and after a
  // tranquillizer. T+ = 40, one-sided p = 0.0195.
  const Samples before = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
  const Samples after = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  Samples differences;
  for (std::size_t i = 0; i < before.size(); ++i) differences.push_back(before[i] - after[i]);
  const Wilcoxon test = wilcoxon(differences);
  EXPECT_DOUBLE_EQ(test.w_plus, 40);
  EXPECT_NEAR(test.p / 2, 0.0195, 5e-5);
}

TEST(WilcoxonTest, TabulatedCriticalValues) {
  // The largest T with two-sided p <= 0.05: 0 for n = 6, 2 for 7, 3 for 8, 8 for 10 (Wilcoxon 1945 and every table since).
  const auto p_of = [](std::size_t n, std::size_t t) {
    Samples differences;  // ranks 1..n, those that add up to t positive
    for (std::size_t rank = n; rank > 0; --rank) {
      const bool positive = rank <= t;
      if (positive) t -= rank;
      differences.push_back(positive ? static_cast<double>(rank) : -static_cast<double>(rank));
    }
    return wilcoxon(differences).p;
  };
  for (const auto& [n, critical] : {std::pair{6, 0}, {7, 2}, {8, 3}, {10, 8}}) {
    EXPECT_LE(p_of(n, critical), 0.05) << n;
    EXPECT_GT(p_of(n, critical + 1), 0.05) << n;
  }
}

TEST(WilcoxonTest, ZerosAreDroppedAndTiesShareTheirRank) {
  const Wilcoxon test = wilcoxon(Samples{0, 1, 1, -1, 2, 0});
  EXPECT_EQ(test.used, 4U);
  EXPECT_DOUBLE_EQ(test.w_plus, 2 + 2 + 4);
  EXPECT_FALSE(test.exact);
  EXPECT_DOUBLE_EQ(wilcoxon(Samples{0, 0}).p, 1);
}

TEST(WilcoxonTest, TheApproximationMeetsTheExactDistribution) {
  Samples small;
  for (int i = 1; i <= 25; ++i) small.push_back(i % 3 == 0 ? -i : i);
  const Wilcoxon exact = wilcoxon(small);
  ASSERT_TRUE(exact.exact);
  small.push_back(1e-9);  // the 26th, of the least rank: the sum grows by 26 at most
  const Wilcoxon approximate = wilcoxon(small);
  ASSERT_FALSE(approximate.exact);
  EXPECT_NEAR(exact.p, approximate.p, 0.05);
}

TEST(WilcoxonTest, UnderSymmetryAFewPercentAreSignificantAndAShiftIsFound) {
  std::mt19937_64 random(9);
  std::normal_distribution<double> normal(0, 1);
  int false_alarms = 0;
  int found = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    Samples same;
    Samples shifted;
    for (int i = 0; i < 50; ++i) {
      same.push_back(normal(random));
      shifted.push_back(normal(random) + 0.6);
    }
    if (wilcoxon(same).p < 0.05) ++false_alarms;
    if (wilcoxon(shifted).p < 0.05) ++found;
  }
  EXPECT_NEAR(false_alarms, 50, 20);
  EXPECT_GT(found, 950);
}

}  // namespace
}  // namespace sandgauge::statistics_test
