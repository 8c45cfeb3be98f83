// The calls that trials themselves rely on: whether they do what they should, here.
//
//   if (const std::string broken = find_broken_tool(); !broken.empty()) ...   // "getppid(2) does not work here: EPERM"
//
// A filter around this process, or a limit, can take one of them away. Then a trial sees something fail, and not because of
// what it tries: attempt() (kernel/trial.h) makes "untested" of its "no".
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace sandgauge {

/// Tries each of them in a child, or those named ("kill(2)"). Says which does not work and why; empty if all do. If
/// no child can be had, that is what it says.
std::string find_broken_tool(const std::set<std::string_view>& only = {});
/// The first that is broken of all, found once.
const std::string& broken_tool();

}  // namespace sandgauge
