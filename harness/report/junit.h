// A run's report as JUnit XML, in the form that Jenkins' xunit plugin describes and other CI systems read.
//
//   <testsuites name="sandgauge" tests="1" failures="1" errors="0" time="0.004">
//     <testsuite name="uname" tests="1" failures="1" errors="0" skipped="0" time="0.003">
//       <properties><property name="kernel" value="6.1.0"/></properties>
//       <testcase classname="uname" name="uname/deny" time="0.003">
//         <failure type="expectation" message="exit is 0">...</failure>
//
// FAIL is a failure, BROKEN an error, SKIP skipped. Nothing here fails: what XML cannot hold is dropped or replaced.
#pragma once

#include <string>

#include "model/verdict.h"

namespace sandgauge {

/// The body of a failure or error repeats all that is known, because some readers show nothing else. A run that was ended
/// early gets an error "sandgauge/run", and --mutate a test case "sandgauge/mutation" that fails if a mutant survived,
/// both in a suite "sandgauge" of their own.
std::string to_junit(const Report& report);

}  // namespace sandgauge
