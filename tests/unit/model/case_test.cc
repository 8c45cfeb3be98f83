#include "model/case.h"

#include <gtest/gtest.h>

namespace sandgauge::case_test {
namespace {

TEST(CaseTest, EveryDeliveryHasANameThatIsReadBack) {
  for (const Delivery delivery : {Delivery::direct, Delivery::preload, Delivery::needed, Delivery::runc, Delivery::crun})
    EXPECT_EQ(parse_delivery(delivery_name(delivery)), delivery);
  EXPECT_EQ(delivery_name(Delivery::needed), "needed");
  EXPECT_FALSE(parse_delivery("call"));
}

}  // namespace
}  // namespace sandgauge::case_test
