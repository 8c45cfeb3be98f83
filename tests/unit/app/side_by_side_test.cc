#include "app/side_by_side.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <latch>

namespace sandgauge::side_by_side_test {
namespace {

using testing::ElementsAre;

/// What was printed, as a string.
struct Paper {
  char* bytes = nullptr;
  std::size_t size = 0;
  FILE* stream = ::open_memstream(&bytes, &size);
  ~Paper() {
    std::fclose(stream);
    std::free(bytes);
  }
  std::string text() {
    std::fflush(stream);
    return {bytes, size};
  }
};

TEST(SideBySideTest, AsManyAsThereAreJobsRunAtATime) {
  std::barrier all_three(3);  // one after another they would wait here for ever
  std::vector<std::size_t> order;
  side_by_side(
      3, 3, [&](std::size_t) { all_three.arrive_and_wait(); }, [&](std::size_t i) { order.push_back(i); });
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST(SideBySideTest, NoMoreThanThereAreJobsRunAtATime) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  side_by_side(
      20, 2,
      [&](std::size_t) {
        most = std::max<int>(most, ++running);
        std::this_thread::yield();
        --running;
      },
      [](std::size_t) {});
  EXPECT_LE(most, 2);
}

TEST(SideBySideTest, WhatEndsFirstIsTakenInItsOrder) {
  std::latch second_has_ended(1);
  std::vector<std::size_t> order;
  side_by_side(
      2, 2, [&](std::size_t i) { i == 1 ? second_has_ended.count_down() : second_has_ended.wait(); },
      [&](std::size_t i) { order.push_back(i); });
  EXPECT_THAT(order, ElementsAre(0, 1));
}

TEST(SideBySideTest, NothingToDoIsDone) {
  side_by_side(
      0, 2, [](std::size_t) { FAIL(); }, [](std::size_t) { FAIL(); });
}

TEST(TurnsTest, WhoseTurnItIsPrintsAtOnceAndTheOthersAreKept) {
  Paper paper;
  Turns turns(3);
  turns.print(2, paper.stream, "c");
  turns.print(1, paper.stream, "b");
  turns.print(0, paper.stream, "a");
  EXPECT_EQ(paper.text(), "a");
  turns.print(1, paper.stream, "B");
  EXPECT_TRUE(turns.end(0));
  EXPECT_EQ(paper.text(), "abB");
  turns.print(1, paper.stream, "!");
  EXPECT_EQ(paper.text(), "abB!");
  EXPECT_TRUE(turns.end(1));
  EXPECT_TRUE(turns.end(2));
  EXPECT_EQ(paper.text(), "abB!c");
}

TEST(TurnsTest, TheStreamsOfOneKeepTheirOrder) {
  Paper paper;
  Paper other;
  Turns turns(2);
  turns.print(1, paper.stream, "1");
  turns.print(1, other.stream, "2");
  turns.print(1, paper.stream, "3");
  turns.end(0);
  EXPECT_EQ(paper.text() + other.text(), "132");
}

TEST(TurnsTest, TextThatCannotBeKeptIsToldOf) {
  Paper paper;
  Turns turns(2);
  const std::string mebibytes(std::size_t{200} * 1024 * 1024, 'x');
  turns.print(1, paper.stream, mebibytes);
  turns.print(1, paper.stream, mebibytes);
  EXPECT_TRUE(turns.end(0));
  EXPECT_FALSE(turns.end(1));
  EXPECT_EQ(paper.text().size(), mebibytes.size());
}

}  // namespace
}  // namespace sandgauge::side_by_side_test
