#include "observe/observation_text.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

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

/// The head of a table of strace -c, or of sandgauge's own, which has no times.
enum class TableKind : std::uint8_t { none, strace, plain };

TableKind table_of(std::string_view line) {
  if (line.starts_with("% time") && line.ends_with("syscall")) return TableKind::strace;
  std::string_view rest = line;
  const bool plain = take_word(rest) == "calls" && take_word(rest) == "errors" && rest == "syscall";
  return plain ? TableKind::plain : TableKind::none;
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

/// The name of the call that a line of strace's log is about; empty if it is about none.
std::string_view name_in_log(std::string_view line) {
  const auto is_prefix = [](std::string_view word) {  // a pid, a time
    return !word.empty() && word.find_first_not_of("0123456789:.+-") == std::string_view::npos;
  };
  if (line.starts_with("[pid")) line.remove_prefix(std::min(line.find(']'), line.size() - 1) + 1);
  for (int i = 0; i < 3; ++i) {
    std::string_view rest = line;
    if (is_prefix(take_word(rest))) line = rest;
  }
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
    if (table_ != TableKind::none) return table(line);
    table_ = table_of(line);
    if (table_ != TableKind::none) return {};
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
    return add(abi_, *number, 1, line.find(") = -1 ") != std::string_view::npos ? 1 : 0);
  }

  Observation take() {
    observation.errors_known = !errors_unknown_;
    return std::move(observation);
  }

  Observation observation;

 private:
  template <class... Args>
  Unexpected wrong(fmt::format_string<Args...> format, Args&&... args) const {
    return fail("{}:{}: {}", file_, line_, fmt::format(format, std::forward<Args>(args)...));
  }
  Result<void> add(Abi abi, std::int32_t number, std::uint64_t count, std::uint64_t errors) {
    const auto [at, first] = index_.try_emplace({abi, number}, observation.calls.size());
    if (!first) {
      observation.calls[at->second].count += count;
      observation.calls[at->second].errors += errors;
      return {};
    }
    constexpr std::size_t kMostCalls = 10'000;
    if (observation.calls.size() == kMostCalls)
      return wrong("more than {} different calls, expected those of programs", kMostCalls);
    observation.calls.push_back({abi, number, count, {file_, line_}, errors});
    return {};
  }

  /// "100.00    0.000250          50         5         1 openat"; the column of errors may be empty.
  Result<void> table(std::string_view line) {
    if (line.starts_with("---")) return {};
    std::vector<std::string_view> words;
    while (!line.empty()) words.push_back(take_word(line));
    if (words.back() == "total") {
      table_ = TableKind::none;
      abi_ = native_abi();
      return {};
    }
    const bool plain = table_ == TableKind::plain;
    const std::size_t column = plain ? 0 : 3;  // of the number of calls; errors, which may be empty, and the name follow
    const auto calls = words.size() > column + 1 ? count_of(words[column]) : std::nullopt;
    const bool has_errors = words.size() == column + 3;
    const bool unknown = has_errors && plain && words[column + 1] == "-";
    const auto errors = has_errors && !unknown ? count_of(words[column + 1]) : std::optional<std::uint64_t>(0);
    if (!calls || !errors || words.size() > column + 3)
      return wrong("{}", plain ? "expected a line of sandgauge's table: calls, errors, name"
                               : "expected a line of strace's table: share, seconds, usecs/call, calls, errors, name");
    const auto number = number_of(abi_, words.back());
    if (!number) return wrong("unknown syscall {}", shown(words.back()));
    if (unknown) errors_unknown_ = true;
    return add(abi_, *number, *calls, *errors);
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
    return add(call.abi, call.number, 1, 0);
  }

  Result<void> go_audit(std::string_view line) {
    constexpr std::size_t kLargestEvent = 1 << 20;  // as a tree it takes 20 times as much
    if (line.size() > kLargestEvent)
      return wrong("more than {} MiB in a line of JSON, expected an event", kLargestEvent >> 20);
    const json event = json::parse(line, nullptr, false);
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
  std::map<std::pair<Abi, std::int32_t>, std::size_t> index_;  // into observation.calls: a hostile log has many
  int line_ = 0;
  Abi abi_ = native_abi();
  TableKind table_ = TableKind::none;
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

}  // namespace

Result<Observation> parse_observation(std::string_view text, const std::string& file) {
  if (text.size() > kLargestObservation) return fail("{}: more than {} MiB, expected less", file, kLargestObservation >> 20);
  Reader reader(file);
  if (auto read = each_line(text, text.size(), [&reader](std::string_view line) { return reader.read(line); }); !read)
    return fail(read.error());
  if (reader.observation.calls.empty())
    return fail("{}: no system call in it, expected a table or a log of strace, or audit records of type 1326", file);
  return reader.take();
}

bool looks_like_observation(std::string_view text) {
  constexpr std::size_t kLines = 1000;
  bool looks = false;
  const auto ignored =
      each_line(text.substr(0, kLargestObservation), kLines, [&looks](std::string_view line) -> Result<void> {
        line = trimmed(line);
        looks = looks || table_of(line) != TableKind::none || line.find("audit(") != std::string_view::npos ||
                (line.starts_with('{') && line.find("\"messages\"") != std::string_view::npos) || !name_in_log(line).empty();
        return {};
      });
  return ignored && looks;
}

}  // namespace sandgauge
