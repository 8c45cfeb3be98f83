#include "compile/graph.h"

#include <gtest/gtest.h>
#include <linux/filter.h>

#include <algorithm>

#include "compile/listing.h"
#include "evaluate/evaluate.h"

namespace sandgauge::graph_test {
namespace {

TEST(GraphTest, TheExampleOfTheHeaderIsTrue) {
  Graph graph;
  const Graph::Node allow = graph.ret(0x7fff0000);
  const Graph::Node deny = graph.ret(0x00050001);
  EXPECT_EQ(listing(graph.emit(graph.load(0, graph.jump(BPF_JEQ, 63, deny, allow)))),
            "   0  ld   nr\n"
            "   1  jeq  63, 2, 3\n"
            "   2  ret  0x00050001             ; ERRNO(EPERM)\n"
            "   3  ret  0x7fff0000             ; ALLOW\n");
}

TEST(GraphTest, TheSameNodeIsMadeOnce) {
  Graph graph;
  const Graph::Node a = graph.ret(1);
  const Graph::Node b = graph.ret(2);
  EXPECT_EQ(a, graph.ret(1));
  EXPECT_EQ(graph.jump(BPF_JGT, 5, a, b), graph.jump(BPF_JGT, 5, a, b));
  EXPECT_NE(graph.jump(BPF_JGT, 5, a, b), graph.jump(BPF_JGT, 5, b, a));
  EXPECT_NE(graph.jump(BPF_JGT, 5, a, b), graph.jump(BPF_JGE, 5, a, b));
}

TEST(GraphTest, TestsWithOneOutcomeVanish) {
  Graph graph;
  const Graph::Node a = graph.ret(1);
  const Graph::Node b = graph.ret(2);
  EXPECT_EQ(graph.jump(BPF_JEQ, 5, a, a), a);
  EXPECT_EQ(graph.jump(BPF_JGE, 0, a, b), a);
  EXPECT_EQ(graph.jump(BPF_JGT, 0xffffffff, a, b), b);
  EXPECT_EQ(graph.jump(BPF_JSET, 0, a, b), b);
  EXPECT_EQ(graph.load(16, a), a);
  EXPECT_EQ(graph.mask(0xffffffff, a), a);
}

TEST(GraphTest, AWordThatIsLoadedAlreadyIsNotLoadedAgain) {
  Graph graph;
  const Graph::Node second = graph.load(16, graph.jump(BPF_JEQ, 2, graph.ret(2), graph.ret(0)));
  const Graph::Node first = graph.load(16, graph.jump(BPF_JEQ, 1, graph.ret(1), second));
  EXPECT_EQ(graph.emit(first).code.size(), 1 + 2 + 3U);
}

TEST(GraphTest, AMaskedWordIsLoadedAgain) {
  Graph graph;
  const Graph::Node second = graph.load(16, graph.jump(BPF_JEQ, 2, graph.ret(2), graph.ret(0)));
  const Graph::Node first = graph.load(16, graph.mask(3, graph.jump(BPF_JEQ, 1, graph.ret(1), second)));
  EXPECT_EQ(listing(graph.emit(first)),
            "   0  ld   arg0.low\n"
            "   1  and  0x3\n"
            "   2  jeq  1, 3, 4\n"
            "   3  ret  0x00000001             ; KILL\n"
            "   4  ld   arg0.low\n"
            "   5  jeq  2, 6, 7\n"
            "   6  ret  0x00000002             ; KILL\n"
            "   7  ret  0x00000000             ; KILL\n");
}

TEST(GraphTest, BothTargetsOfAJumpCanBeFarAway) {
  Graph graph;
  const Graph::Node a = graph.load(16, graph.jump(BPF_JEQ, 1, graph.ret(1), graph.ret(2)));
  const Graph::Node b = graph.load(24, graph.jump(BPF_JEQ, 1, graph.ret(3), graph.ret(4)));
  Graph::Node between = graph.ret(5);
  for (std::uint32_t i = 0; i < 300; ++i) between = graph.jump(BPF_JEQ, i, graph.ret(5 + i % 2), between);
  const Graph::Node far = graph.jump(BPF_JGT, 1000, a, b);
  const Program program = graph.emit(graph.load(0, graph.jump(BPF_JGE, 1000, far, between)));
  const sock_filter& jump = program.code[2];  // after the load and the root
  EXPECT_EQ(jump.k, 1000U);
  EXPECT_EQ(program.code[3 + jump.jt].code, BPF_JMP | BPF_JA);
  EXPECT_EQ(program.code[3 + jump.jf].code, BPF_JMP | BPF_JA);
  const std::size_t to_a = 3U + jump.jt + 1 + program.code[3 + jump.jt].k;
  const std::size_t to_b = 3U + jump.jf + 1 + program.code[3 + jump.jf].k;
  ASSERT_LT(std::max(to_a, to_b), program.code.size());
  EXPECT_EQ(program.code[to_a].k, 16U);
  EXPECT_EQ(program.code[to_b].k, 24U);
}

TEST(GraphTest, AReturnThatIsTooFarAwayIsCopied) {
  Graph graph;
  const Graph::Node far = graph.ret(9);
  Graph::Node node = graph.ret(1);
  for (std::uint32_t i = 0; i < 300; ++i) node = graph.jump(BPF_JEQ, i, i % 2 == 0 ? far : graph.ret(1), node);
  node = graph.jump(BPF_JGT, 1000, far, node);
  const Program program = graph.emit(graph.load(0, node));
  EXPECT_TRUE(std::ranges::none_of(program.code, [](const sock_filter& step) { return step.code == (BPF_JMP | BPF_JA); }));
  EXPECT_EQ(std::ranges::count_if(program.code,
                                  [](const sock_filter& step) { return step.k == 9 && BPF_CLASS(step.code) == BPF_RET; }),
            2);
}

TEST(GraphTest, JumpsOfEveryLengthAroundTheLongestArrive) {
  for (std::uint32_t length = 250; length < 262; ++length) {
    Graph graph;
    const Graph::Node far = graph.load(4, graph.jump(BPF_JEQ, 7, graph.ret(107), graph.ret(100)));
    Graph::Node between = graph.ret(0);
    for (std::uint32_t i = 0; i < length; ++i) between = graph.jump(BPF_JEQ, i, graph.ret(1), between);
    const Program program = graph.emit(graph.load(0, graph.jump(BPF_JGT, 1000, far, between)));
    ASSERT_TRUE(validate(program)) << validate(program).error().message;
    const auto value = [&program](int nr, std::uint32_t arch) {
      return evaluate(program, {.nr = nr, .arch = arch, .instruction_pointer = 0, .args = {}}).value;
    };
    EXPECT_EQ(value(1001, 7), 107U) << length;
    EXPECT_EQ(value(1001, 8), 100U) << length;
    EXPECT_EQ(value(0, 7), 1U) << length;
    EXPECT_EQ(value(999, 7), 0U) << length;
  }
}

}  // namespace
}  // namespace sandgauge::graph_test
