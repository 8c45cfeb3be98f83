#include "base/shared_slot.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace sandgauge::shared_slot_test {
namespace {

struct Numbers {
  int first;
  std::array<int, 2000> others;  // more than a page
};

/// True if the kernel has memory mapped at this page.
bool is_mapped(void* page) { return ::msync(page, 1, MS_ASYNC) == 0; }

TEST(SharedSlotTest, StartsAsZeroBytes) {
  auto slot = SharedSlot<Numbers>::make();
  ASSERT_TRUE(slot);
  EXPECT_EQ((*slot)->first, 0);
  EXPECT_EQ((**slot).others, (std::array<int, 2000>{}));
}

TEST(SharedSlotTest, TheParentSeesWhatAChildStores) {
  auto slot = SharedSlot<Numbers>::make();
  ASSERT_TRUE(slot);
  const pid_t child = ::fork();
  if (child == 0) {
    (*slot)->first = 7;
    (*slot)->others.back() = 8;
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ((*slot)->first, 7);
  EXPECT_EQ((*slot)->others.back(), 8);
}

TEST(SharedSlotTest, IsUnmappedWhenItsOwnerGoes) {
  auto slot = SharedSlot<Numbers>::make();
  ASSERT_TRUE(slot);
  Numbers* const memory = slot->get();
  ASSERT_TRUE(is_mapped(memory));
  { const SharedSlot<Numbers> owner = *std::move(slot); }
  EXPECT_FALSE(is_mapped(memory));
}

TEST(SharedSlotTest, MoveAssignmentLeavesOneOwnerOfEach) {
  auto first = SharedSlot<int>::make();
  auto second = SharedSlot<int>::make();
  ASSERT_TRUE(first && second);
  int* const kept = second->get();
  int* const dropped = first->get();
  {
    SharedSlot<int> source = *std::move(second);
    *first = std::move(source);
  }
  EXPECT_EQ(first->get(), kept);
  EXPECT_TRUE(is_mapped(kept));
  EXPECT_FALSE(is_mapped(dropped));
}

}  // namespace
}  // namespace sandgauge::shared_slot_test
