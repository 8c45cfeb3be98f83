#include "observe/observation_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/shown.h"
#include "model/call.h"
#include "model/syscalls.h"
#include "observe/audit.h"

namespace sandgauge {
namespace {

using nlohmann::json;

std::string_view trimmed(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r") - start + 1);
}

std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  text = trimmed(text);
  return word;
}

/// The columns of a table of strace -c, whichever its -U names, or of sandgauge's own, which has no times. No word: no
/// table.
struct TableHead {
  std::vector<std::string_view> columns;
  bool plain = false;  // sandgauge's own
  [[nodiscard]] std::optional<std::size_t> find(std::string_view column) const {
    const auto at = std::ranges::find(columns, column);
    return at == columns.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - columns.begin()));
  }
};

TableHead table_of(std::string_view line) {
  constexpr std::string_view kColumns[] = {"%",       "time",  "seconds", "usecs/call", "shortest",
                                           "longest", "calls", "errors",  "syscall"};
  TableHead head;
  while (!line.empty()) {
    const std::string_view word = take_word(line);
    if (std::ranges::find(kColumns, word) == std::end(kColumns)) return {};
    if (word != "%") head.columns.push_back(word);  // "% time" is one column
  }
  if (head.columns.size() < 2 || !head.find("syscall")) return {};
  head.plain = head.columns == std::vector<std::string_view>{"calls", "errors", "syscall"};
  return head;
}

/// "System call usage summary for 32 bit mode:" stands over the table of another ABI.
std::optional<Abi> abi_of_summary(std::string_view line) {
  constexpr std::string_view kSummary = "System call usage summary for ";
  if (!line.starts_with(kSummary)) return std::nullopt;
  line.remove_prefix(kSummary.size());
  if (line.starts_with("32 bit")) return Abi::i386;
  return line.starts_with("x32") ? Abi::x32 : native_abi();
}

std::optional<std::uint64_t> count_of(std::string_view word) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
  return error == std::errc() && end == word.data() + word.size() ? std::optional(count) : std::nullopt;
}

bool is_name(std::string_view word) {
  return !word.empty() &&
         std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

/// strace's names are the kernel's; a number that has none is syscall_0x1d7.
std::optional<std::int32_t> number_of(Abi abi, std::string_view name) {
  constexpr std::string_view kUnnamed = "syscall_0x";
  if (!name.starts_with(kUnnamed)) return syscall_number(abi, name);
  std::int32_t number = 0;
  const std::string_view digits = name.substr(kUnnamed.size());
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(number) : std::nullopt;
}

/// Takes away what strace puts before a call: "[pid 7]", "30302<sh>", a time, and with -n and -i "[  59]",
/// "[00007f02c0b47ad7]".
void skip_prefixes(std::string_view& line) {
  constexpr int kMostPrefixes = 5;
  for (int i = 0; i < kMostPrefixes; ++i) {
    line = trimmed(line);
    std::size_t end = 0;
    if (line.starts_with('[')) {
      end = line.find(']');
      const bool pid = line.starts_with("[pid");
      if (end == std::string_view::npos || (!pid && line.substr(1, end - 1).find_first_not_of(" 0123456789abcdef?") < end))
        return;
      ++end;
    } else {
      end = std::min(line.find_first_not_of("0123456789:.+-"), line.size());
      if (end == 0) return;
      if (end < line.size() && line[end] == '<') end = std::min(line.find("> ", end), line.size() - 1) + 1;
      if (end < line.size() && line[end] != ' ' && line[end] != '\t') return;
    }
    line.remove_prefix(end);
  }
}

/// The name of the call that a line of strace's log is about; empty if it is about none.
std::string_view name_in_log(std::string_view line) {
  skip_prefixes(line);
  line = trimmed(line);
  const auto parenthesis = line.find('(');
  if (parenthesis == std::string_view::npos || !is_name(line.substr(0, parenthesis))) return {};
  const bool ended = line.find(") = ") != std::string_view::npos || line.find(")  ") != std::string_view::npos ||
                     line.find("<unfinished") != std::string_view::npos || line.ends_with(" = ?");
  return ended ? line.substr(0, parenthesis) : std::string_view();
}

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  Result<void> read(std::string_view line) {
    ++line_;
    line = trimmed(line);
    if (line.empty()) return {};
    if (!table_.columns.empty()) return table(line);
    table_ = table_of(line);
    if (!table_.columns.empty()) return {};
    if (const auto abi = abi_of_summary(line)) {
      abi_ = *abi;
      return {};
    }
    if (line.find("audit(") != std::string_view::npos) return audit(line);
    if (line.starts_with('{')) return go_audit(line);
    if (line.find("bit mode. ]") != std::string_view::npos) {
      abi_ = line.find("32 bit mode") != std::string_view::npos ? Abi::i386 : native_abi();
      return {};
    }
    const std::string_view name = name_in_log(line);
    const auto number = name.empty() ? std::nullopt : number_of(abi_, name);
    if (!number) return {};
    return add(Source::log, abi_, *number, 1, line.find(") = -1 ") != std::string_view::npos ? 1 : 0);
  }

  [[nodiscard]] bool empty() const { return found_.empty(); }
  Observation take() const {
    Observation observation{.calls = {}, .errors_known = !errors_unknown_};
    bool log = false;
    bool table = false;
    for (const Found& found : found_) {
      ObservedCall call = found.call;
      const auto& [other, logged, tabled] = found.by_source;
      // strace -C writes both of the same calls.
      call.count = other.calls + std::max(logged.calls, tabled.calls);
      call.errors = other.errors + std::max(logged.errors, tabled.errors);
      log = log || logged.calls > 0;
      table = table || tabled.calls > 0;
      observation.calls.push_back(std::move(call));
    }
    observation.ends_uncounted = table && !log;
    return observation;
  }

 private:
  template <class... Args>
  Unexpected wrong(fmt::format_string<Args...> format, Args&&... args) const {
    return fail("{}:{}: {}", file_, line_, fmt::format(format, std::forward<Args>(args)...));
  }
  enum class Source : std::uint8_t { other, log, table };  // the last two are strace's
  struct Count {
    std::uint64_t calls = 0;
    std::uint64_t errors = 0;
  };
  struct Found {
    ObservedCall call;
    std::array<Count, 3> by_source;
  };

  Result<void> add(Source source, Abi abi, std::int32_t number, std::uint64_t count, std::uint64_t errors) {
    const auto [at, first] = index_.try_emplace({abi, number}, found_.size());
    constexpr std::size_t kMostCalls = 10'000;
    if (first && found_.size() == kMostCalls)
      return wrong("more than {} different calls, expected those of programs", kMostCalls);
    if (first) found_.push_back({.call = {.abi = abi, .number = number, .first = {file_, line_}}, .by_source = {}});
    Count& sum = found_[at->second].by_source[static_cast<std::size_t>(source)];
    sum.calls += count;
    sum.errors += errors;
    return {};
  }

  /// "100.00    0.000250          50         5         1 openat"; the column of errors may be empty.
  Result<void> table(std::string_view line) {
    if (line.starts_with("---")) return {};
    std::vector<std::string_view> words;
    while (!line.empty()) words.push_back(take_word(line));
    if (std::ranges::find(words, "total") != words.end()) {
      table_ = {};
      abi_ = native_abi();
      return {};
    }
    const auto errors_at = table_.find("errors");
    const bool has_errors = errors_at && words.size() == table_.columns.size();
    if (errors_at && !has_errors && *errors_at <= words.size())
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(*errors_at), "0");
    const auto calls_at = table_.find("calls");
    if (!calls_at) return wrong("a table of strace without the column calls, which its option -U left out");
    const bool whole = words.size() == table_.columns.size();
    const bool unknown = has_errors && table_.plain && words[*errors_at] == "-";
    const auto calls = whole ? count_of(words[*calls_at]) : std::nullopt;
    const auto errors = whole && errors_at && !unknown ? count_of(words[*errors_at]) : std::optional<std::uint64_t>(0);
    if (!calls || !errors)
      return wrong("expected a line of {} table: {}{}", table_.plain ? "sandgauge's" : "strace's",
                   fmt::join(table_.columns, ", "), errors_at ? "; that of errors may be empty" : "");
    const std::string_view name = words[*table_.find("syscall")];
    const auto number = number_of(abi_, name);
    if (!number) return wrong("unknown syscall {}", shown(name));
    if (unknown) errors_unknown_ = true;
    return add(table_.plain ? Source::other : Source::table, abi_, *number, *calls, *errors);
  }

  Result<void> audit(std::string_view line) {
    if (line.find("type=1326") == std::string_view::npos && line.find("type=SECCOMP") == std::string_view::npos) return {};
    const auto record = parse_audit_record(line);
    if (!record) return wrong("{}", record.error().message);
    return add_record(*record);
  }

  Result<void> add_record(const AuditRecord& record) {
    Call call;
    if (!from_seccomp_data({.nr = record.syscall, .arch = record.arch, .instruction_pointer = 0, .args = {}}, call))
      return wrong("arch={:x} is none that sandgauge knows", record.arch);
    errors_unknown_ = true;  // a record is made before the call
    return add(Source::other, call.abi, call.number, 1, 0);
  }

  Result<void> go_audit(std::string_view line) {
    constexpr std::size_t kLargestEvent = 1 << 20;  // as a tree it takes 20 times as much
    if (line.size() > kLargestEvent)
      return wrong("more than {} MiB in a line of JSON, expected an event", kLargestEvent >> 20);
    const json event = json::parse(line, nullptr, false);
    // Half an event would be a call that is missing, as half an audit record is.
    constexpr std::string_view kStart = "{\"sequence\"";
    if (event.is_discarded() && (line.find("\"messages\"") != std::string_view::npos || line.starts_with(kStart) ||
                                 (line.size() > 2 && kStart.starts_with(line))))
      return wrong("a line of JSON that is cut or broken, expected an event of go-audit");
    if (!event.is_object() || !event.contains("messages") || !event["messages"].is_array()) return {};
    for (const json& message : event["messages"]) {
      if (!message.is_object() || message.value("type", json()) != 1326) continue;
      const json data = message.value("data", json());
      if (!data.is_string()) return wrong("a message of type 1326 without 'data', expected the record's text");
      const auto record = parse_audit_record("audit(0:0): " + data.get<std::string>());
      if (!record) return wrong("{}", record.error().message);
      if (auto added = add_record(*record); !added) return added;
    }
    return {};
  }

  const std::string& file_;
  std::vector<Found> found_;                                   // in the order in which they were first seen
  std::map<std::pair<Abi, std::int32_t>, std::size_t> index_;  // into found_: a hostile log has many
  int line_ = 0;
  Abi abi_ = native_abi();
  TableHead table_;
  bool errors_unknown_ = false;
};

/// Calls `read` with each line until it fails or `most` are read.
template <class Read>
Result<void> each_line(std::string_view text, std::size_t most, const Read& read) {
  for (std::size_t start = 0; start < text.size() && most > 0; --most) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    if (auto done = read(text.substr(start, end - start)); !done) return done;
    start = end + 1;
  }
  return {};
}

/// Editors of another system begin a text with it.
std::string_view without_mark(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

}  // namespace

Result<Observation> parse_observation(std::string_view text, const std::string& file) {
  text = without_mark(text);
  if (text.size() > kLargestObservation) return fail("{}: more than {} MiB, expected less", file, kLargestObservation >> 20);
  Reader reader(file);
  if (auto read = each_line(text, text.size(), [&reader](std::string_view line) { return reader.read(line); }); !read)
    return fail(read.error());
  if (reader.empty())
    return fail("{}: no system call in it, expected a table or a log of strace, or audit records of type 1326", file);
  return reader.take();
}

bool looks_like_observation(std::string_view text) {
  constexpr std::size_t kLines = 1000;
  text = without_mark(text);
  bool looks = false;
  const auto ignored =
      each_line(text.substr(0, kLargestObservation), kLines, [&looks](std::string_view line) -> Result<void> {
        line = trimmed(line);
        looks = looks || !table_of(line).columns.empty() || line.find("audit(") != std::string_view::npos ||
                (line.starts_with('{') && line.find("\"messages\"") != std::string_view::npos) || !name_in_log(line).empty();
        return {};
      });
  return ignored && looks;
}

}  // namespace sandgauge
