#include "app/selection.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "app/profile_input.h"
#include "conformance/topics.h"
#include "policy/call_text.h"
#include "policy/case_yaml.h"

namespace sandgauge {
namespace {

namespace fs = std::filesystem;

bool is_case_file(const fs::path& path) { return path.extension() == ".yaml" || path.extension() == ".yml"; }

Result<std::vector<std::string>> files_below(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error); !error && entry != fs::recursive_directory_iterator();
       entry.increment(error))
    if (entry->is_regular_file(error) && is_case_file(entry->path())) files.push_back(entry->path().string());
  if (error) return fail("{}: {}", folder.string(), error.message());
  std::ranges::sort(files);
  return files;
}

Result<std::vector<std::string>> built_in_files(const Installation& installation) {
  std::error_code error;
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(installation.cases, error)) {
    // programs/ holds sources, and intents/ what `compare` reads: no cases.
    const fs::path name = entry.path().filename();
    if (!entry.is_directory(error) || name == "programs" || name == "intents") continue;
    auto below = files_below(entry.path());
    if (!below) return below;
    files.insert(files.end(), below->begin(), below->end());
  }
  if (error) return fail("{}: {}", installation.cases, error.message());
  std::ranges::sort(files);
  return files;
}

Result<std::vector<std::string>> files_of_suite(const std::string& name, const Installation& installation) {
  std::error_code ignored;
  const fs::path folder = fs::path(installation.cases) / name;
  if (name != "programs" && name != "intents" && fs::is_directory(folder, ignored)) return files_below(folder);
  auto files = built_in_files(installation);
  if (!files) return files;
  std::erase_if(*files, [&name](const std::string& file) { return fs::path(file).stem() != name; });
  return files;
}

std::string names_of_suites(const Installation& installation) {
  std::string names;
  const auto files = built_in_files(installation);
  if (!files) return names;
  std::set<std::string> sorted{"actions", "attach", "conformance"};
  for (const std::string& file : *files) sorted.insert(fs::path(file).stem().string());
  for (const Case& test : conformance_cases()) sorted.insert(test.suite);
  for (const std::string& name : sorted) names += (names.empty() ? "" : ", ") + name;
  return names;
}

Result<std::vector<std::string>> files_of_target(const std::string& target, const Installation& installation) {
  std::error_code ignored;
  if (target == "-") return std::vector<std::string>{target};
  const bool is_path = target.find('/') != std::string::npos || is_case_file(target);
  if (!is_path) {
    auto suite = files_of_suite(target, installation);
    if (!suite || !suite->empty()) return suite;
  }
  if (fs::is_directory(target, ignored)) {
    auto below = files_below(target);
    if (below && below->empty()) return fail("{}: no case files (*.yaml) in this folder", target);
    return below;
  }
  if (fs::exists(target, ignored)) return std::vector<std::string>{target};
  if (is_path) return fail("{}: no such file or folder", target);
  return fail("'{}' is neither a file nor a folder nor a built-in suite, expected one of: {}", target,
              names_of_suites(installation));
}

/// The command as the user's shell would run it: not one of our test programs that has the same name. One that is not there
/// becomes BROKEN later.
void take_command(const RunOptions& options, Case& test) {
  test.attach = Attach::exec;
  test.program = options.command;
  if (auto path = find_command(options.command[0])) test.executable = *std::move(path);
}

Result<std::vector<Case>> cases_of_command(const RunOptions& options) {
  Case test;
  test.suite = "command";
  test.title = "a command under a policy";
  take_command(options, test);
  std::error_code error;
  test.directory = fs::current_path(error).string();
  if (error) return fail("the current directory: {}", error.message());
  test.expect = options.expect;
  if (options.policy_file.empty()) {
    test.mechanism = Mechanism::none;
  } else {
    auto profile = read_profile_aloud(options.policy_file);
    if (!profile) return fail(profile.error());
    if (profile->program)
      return fail("--policy: {} is a compiled filter, expected a policy in any other format", options.policy_file);
    test.policy = std::move(profile->policy);
    test.by_variables = profile->format == ProfileFormat::env;
    if (profile->format == ProfileFormat::oci) test.oci_profile = options.policy_file;
    test.delivery = options.delivery;
  }
  if (!options.call.empty()) {
    auto call = parse_call(options.call.find('(') == std::string::npos ? options.call + "()" : options.call);
    if (!call) return fail("--call: {}", call.error().message);
    test.call = std::move(*call);
  }
  if (test.expect == Expectation{}) test.expect.exit = 0;
  std::vector<Case> cases;
  for (const std::string& name : options.backends) {
    auto backend = parse_backend(name);
    if (!backend) return fail("--backend: {}", backend.error().message);
    test.backend = *backend;
    test.id = options.backends.size() > 1 ? "command/" + name : "command";
    cases.push_back(test);
  }
  return cases;
}

/// The built-in cases that are written in C++ and belong to a target: the whole suite, or one topic.
std::vector<Case> scenarios_of_target(const std::string& target) {
  std::vector<Case> cases = conformance_cases();
  if (target != "conformance") std::erase_if(cases, [&target](const Case& test) { return test.suite != target; });
  return cases;
}

Result<std::vector<Case>> cases_of_targets(const RunOptions& options, const Installation& installation) {
  std::vector<std::string> files;
  std::vector<Case> cases;
  if (options.targets.empty()) {
    auto all = built_in_files(installation);
    if (!all) return fail(all.error());
    files = std::move(*all);
    cases = conformance_cases();
  }
  for (const std::string& target : options.targets) {
    std::vector<Case> scenarios = scenarios_of_target(target);
    const bool has_scenarios = !scenarios.empty();
    std::ranges::move(scenarios, std::back_inserter(cases));
    auto found = files_of_target(target, installation);
    if (!found && has_scenarios) continue;
    if (!found) return fail(found.error());
    for (std::string& file : *found)
      if (std::ranges::find(files, file) == files.end()) files.push_back(std::move(file));
  }
  for (const std::string& file : files) {
    auto read = read_cases(file);
    if (!read) return fail(read.error());
    std::ranges::move(*read, std::back_inserter(cases));
  }
  return cases;
}

Result<void> check_ids(const std::vector<Case>& cases) {
  std::map<std::string, const Case*> seen;
  for (const Case& test : cases) {
    const auto [other, is_new] = seen.emplace(test.id, &test);
    if (!is_new)
      return fail("{}:{}: a second case '{}', the first is {}:{}; give one of the files another suite name", test.place.file,
                  test.place.line, test.id, other->second->place.file, other->second->place.line);
  }
  return {};
}

Result<void> check_matches(const char* option, const std::vector<std::string>& globs, const std::vector<Case>& cases) {
  for (const std::string& glob : globs)
    if (std::ranges::none_of(cases, [&glob](const Case& test) { return matches_glob(glob, test.id); }))
      return fail("{} '{}': no case has such an id; --list shows them", option, glob);
  return {};
}

}  // namespace

bool matches_glob(const std::string& glob, const std::string& id) { return ::fnmatch(glob.c_str(), id.c_str(), 0) == 0; }

void imply_call(Case& test) {
  const Expectation& expect = test.expect;
  const bool claims_the_call = expect.signal || expect.core || expect.action || expect.error || expect.returns ||
                               expect.siginfo || expect.trace || expect.notification || expect.audit;
  const std::vector<Rule>& rules = test.policy.rules;
  if (test.call || test.mechanism != Mechanism::filter || !claims_the_call) return;
  if (rules.size() == 1 && rules[0].syscalls.size() == 1 && rules[0].when.empty())
    test.call = CallRequest{.syscall = rules[0].syscalls[0],
                            .abi = test.policy.architectures.empty() ? native_abi() : test.policy.architectures[0]};
}

Result<std::vector<Case>> select_cases(const RunOptions& options, const Installation& installation) {
  const bool from_options = !options.command.empty() && options.targets.empty();
  auto cases = from_options ? cases_of_command(options) : cases_of_targets(options, installation);
  if (!cases) return cases;
  if (!options.command.empty() && !from_options)
    for (Case& test : *cases) {
      if (test.attach == Attach::scenario)
        return fail("{}: a case in C++ runs no program; name case files or suites of case files before --", test.id);
      take_command(options, test);
    }
  std::ranges::for_each(*cases, imply_call);
  if (auto unique = check_ids(*cases); !unique) return fail(unique.error());
  if (auto matched = check_matches("--require", options.required, *cases); !matched) return fail(matched.error());
  if (auto matched = check_matches("--filter", options.filters, *cases); !matched) return fail(matched.error());
  if (!options.filters.empty())
    std::erase_if(*cases, [&options](const Case& test) {
      return std::ranges::none_of(options.filters, [&test](const std::string& glob) { return matches_glob(glob, test.id); });
    });
  int position = 0;
  std::erase_if(*cases, [&](const Case&) { return position++ % options.shard_count != options.shard_index; });
  return cases;
}

}  // namespace sandgauge
