#include "conformance/scenario.h"

#include <utility>

namespace sandgauge {

std::vector<Case> topic(std::string_view suite, std::vector<Scenario> scenarios) {
  std::vector<Case> cases;
  for (Scenario& scenario : scenarios) {
    Case test;
    test.suite = suite;
    test.id = fmt::format("{}/{}", suite, scenario.name);
    test.title = std::move(scenario.title);
    test.why = std::move(scenario.why);
    test.source = std::move(scenario.source);
    test.also = std::move(scenario.also);
    test.difference = std::move(scenario.difference);
    test.mechanism = Mechanism::none;
    test.attach = Attach::scenario;
    test.scenario = scenario.run;
    test.parameters = std::move(scenario.parameters);
    test.timeout = scenario.timeout;
    test.core_unlimited = scenario.core_unlimited;
    test.exclusive = scenario.exclusive;
    test.expect = std::move(scenario.ends);
    test.needs = std::move(scenario.needs);
    const std::string_view file = scenario.file;
    const auto folder = file.rfind("cases/");
    test.place = {std::string(folder == std::string_view::npos ? file : file.substr(folder)), scenario.line};
    cases.push_back(std::move(test));
  }
  return cases;
}

}  // namespace sandgauge
