#include "model/case.h"

namespace sandgauge {

std::string_view delivery_name(Delivery delivery) {
  switch (delivery) {
    case Delivery::direct: return "exec";
    case Delivery::preload: return "preload";
    case Delivery::needed: return "needed";
    case Delivery::runc: return "runc";
    case Delivery::crun: return "crun";
  }
  return "?";
}

std::optional<Delivery> parse_delivery(std::string_view name) {
  for (const Delivery delivery : {Delivery::direct, Delivery::preload, Delivery::needed, Delivery::runc, Delivery::crun})
    if (delivery_name(delivery) == name) return delivery;
  return std::nullopt;
}

}  // namespace sandgauge
