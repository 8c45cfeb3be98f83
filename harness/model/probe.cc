#include "model/probe.h"

namespace sandgauge {

std::string to_string(const Probe& probe) {
  std::string text;
  const auto add = [&text](bool present, const char* name) {
    if (!present) return;
    if (!text.empty()) text += '+';
    text += name;
  };
  add(probe.handler, "handler");
  add(probe.threads, "threads");
  add(probe.tracer, "tracer");
  add(probe.listener, "listener");
  add(probe.audit, "audit");
  return text.empty() ? "plain" : text;
}

}  // namespace sandgauge
