#include "measure/strace_table.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/shown.h"

namespace sandgauge {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos;
       at = line.find_first_not_of(kBlanks, at)) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace

Result<std::vector<CallCount>> parse_strace_table(std::string_view text) {
  std::vector<CallCount> counts;
  std::map<std::string_view, std::size_t> index;  // into counts
  std::size_t calls_column = 0;                   // 0: not in a table
  int number = 0;
  bool any_table = false;
  while (!text.empty()) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::vector<std::string_view> words = words_of(line);
    // "% time" is one title of two words. usecs/call and errors may be left blank, calls is not.
    if (!words.empty() && words.back() == "syscall" && std::ranges::find(words, "calls") != words.end()) {
      calls_column = static_cast<std::size_t>(std::ranges::find(words, "calls") - words.begin()) - (words[0] == "%" ? 1 : 0);
      any_table = true;
      continue;
    }
    if (calls_column == 0 || words.empty() || words[0].starts_with("---")) continue;
    if (words.back() == "total" || words.size() < 2) {
      calls_column = 0;
      continue;
    }
    std::uint64_t count = 0;
    const std::string_view word = calls_column < words.size() - 1 ? words[calls_column] : std::string_view();
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
    if (word.empty() || error != std::errc() || end != word.data() + word.size())
      return fail("line {}: found {}, expected a line of strace -c with a number of calls", number, shown(line));
    const auto [known, first] = index.try_emplace(words.back(), counts.size());
    if (first) {
      counts.push_back({std::string(words.back()), count});
    } else if (counts[known->second].count + count < count) {
      return fail("line {}: more calls than 64 bits can count", number);
    } else {
      counts[known->second].count += count;
    }
  }
  if (!any_table) return fail("no table of strace -c in it: expected a line that ends with calls, errors, syscall");
  if (counts.empty()) return fail("the table of strace -c has no calls");
  return counts;
}

}  // namespace sandgauge
