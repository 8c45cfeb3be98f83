// A small CapabilityReport for the tests of its formats.
#pragma once

#include "model/capability.h"

namespace sandgauge {

inline CapabilityReport sample_capabilities() {
  CapabilityReport report;
  report.version = "1.2.3";
  report.kernel = "6.1.0";
  report.machine = "x86_64";
  report.user = "root";
  report.notes = {"a note"};
  report.capabilities = {
      {.id = "a.works",
       .group = "a",
       .title = "it works",
       .meaning = "Something.",
       .since = {5, 13},
       .source = "a(2)",
       .claimed = {Standing::yes, "CONFIG_A=y"},
       .advertised = {Standing::yes, "a(2) says so"},
       .works = {Standing::yes, "it did"},
       .value = "7",
       .reason = ""},
      {.id = "a.claimed_only",
       .group = "a",
       .title = "it is claimed",
       .meaning = "Something else.",
       .since = {},
       .source = "b(2)",
       .claimed = {Standing::yes, "CONFIG_B=y"},
       .advertised = {},
       .works = {Standing::no, "it did not: \x1b[31m"},
       .value = "",
       .reason = "claimed yes (CONFIG_B=y); works no (it did not)"},
      {.id = "b.untested",
       .group = "b",
       .title = "not tried",
       .meaning = "Who knows.",
       .since = {},
       .source = "c(2)",
       .claimed = {Standing::unknown, "no configuration"},
       .advertised = {},
       .works = {Standing::untested, "needs CAP_X"},
       .value = "odd value/with:stuff-",
       .reason = "not tried: needs CAP_X"},
  };
  return report;
}

}  // namespace sandgauge
