// parse_audit_record(): the text of a record, apart from where it comes from.
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/shown.h"
#include "observe/audit.h"

namespace sandgauge {
namespace {

// auditd puts 0x1d between the kernel's fields and its own; the kernel may end a record with NUL.
constexpr std::string_view kSeparators(" \t\n\x1d\0", 5);

std::optional<std::string> decode_hex(std::string_view digits) {
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned char byte = 0;
    const char* const end = digits.data() + i + 2;
    const auto [stopped, error] = std::from_chars(digits.data() + i, end, byte, 16);
    if (error != std::errc() || stopped != end) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

/// The fields of one record: key=value or key="value", in any order, with other words between them.
class Fields {
 public:
  explicit Fields(std::string_view body) : body_(body) {}

  /// The raw value with its quotes. The last field of a name counts: subj=, which comes first, may hold what looks like one.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const {
    std::optional<std::string_view> found;
    for (std::size_t at = body_.find_first_not_of(kSeparators); at != std::string_view::npos;
         at = body_.find_first_not_of(kSeparators, at)) {
      const std::size_t end = word_end(at);
      const std::string_view word = body_.substr(at, end - at);
      if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) found = word.substr(name.size() + 1);
      at = end;
    }
    return found;
  }

  /// A number, with "0x" before it or not.
  template <class T>
  Result<void> number(std::string_view name, int base, T& into) const {
    const auto text = find(name);
    if (!text) return fail("audit record: no field {}=", name);
    std::string_view digits = *text;
    if (base == 16 && digits.starts_with("0x")) digits.remove_prefix(2);
    const char* const end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, into, base);
    if (error != std::errc() || stopped != end)
      return fail("audit record: {}= is {}, expected a number", name, shown(*text));
    return {};
  }

  /// A string as the kernel's audit_log_untrustedstring() writes it. Unquoted text that is not hex is taken as it is.
  Result<void> string(std::string_view name, std::string& into) const {
    const auto text = find(name);
    if (!text) return fail("audit record: no field {}=", name);
    if (text->starts_with('"')) {
      if (text->size() < 2 || !text->ends_with('"'))
        return fail("audit record: {}= is {}, expected a closing quote", name, shown(*text));
      into = text->substr(1, text->size() - 2);
    } else {
      into = decode_hex(*text).value_or(std::string(*text));
    }
    return {};
  }

 private:
  [[nodiscard]] std::size_t word_end(std::size_t begin) const {
    std::size_t end = std::min(body_.find_first_of(kSeparators, begin), body_.size());
    const std::size_t quote = body_.find("=\"", begin);
    if (quote >= end) return end;
    end = body_.find('"', quote + 2);
    return end == std::string_view::npos ? body_.size() : end + 1;
  }
  std::string_view body_;
};

/// Fails if the text before the stamp names another type.
Result<void> check_type(std::string_view before) {
  const std::size_t at = before.find("type=");
  if (at == std::string_view::npos) return {};
  const std::string_view type = before.substr(at + 5, before.find_first_of(kSeparators, at) - at - 5);
  if (type == "1326" || type == "SECCOMP") return {};
  return fail("audit record: of type {}, expected 1326 (SECCOMP)", shown(type));
}

}  // namespace

Result<AuditRecord> parse_audit_record(std::string_view text) {
  constexpr std::string_view kStamp = "audit(";
  const std::size_t open = text.find(kStamp);
  const std::size_t close = text.find(')', open == std::string_view::npos ? text.size() : open);
  if (close == std::string_view::npos) return fail("audit record: no audit(time:serial)");
  if (const auto checked = check_type(text.substr(0, open)); !checked) return fail(checked.error());

  AuditRecord record;
  const std::string_view stamp = text.substr(open + kStamp.size(), close - open - kStamp.size());
  const std::string_view serial = stamp.substr(stamp.rfind(':') + 1);
  const auto [stopped, error] = std::from_chars(serial.data(), serial.data() + serial.size(), record.serial);
  if (error != std::errc() || stopped != serial.data() + serial.size() || serial.size() == stamp.size())
    return fail("audit record: no serial number in the stamp {}", shown(stamp));

  const Fields fields(text.substr(close + 1));
  int compat = 0;
  for (const Result<void>& read : {
           fields.number("pid", 10, record.pid),
           fields.string("comm", record.comm),
           fields.string("exe", record.exe),
           fields.number("sig", 10, record.signal),
           fields.number("arch", 16, record.arch),
           fields.number("syscall", 10, record.syscall),
           fields.number("compat", 10, compat),
           fields.number("ip", 16, record.instruction_pointer),
           fields.number("code", 16, record.code),
       }) {
    if (!read) return fail(read.error());
  }
  record.compat = compat != 0;
  if (fields.find("ses"))
    if (const auto read = fields.number("ses", 10, record.session); !read) return fail(read.error());
  return record;
}

}  // namespace sandgauge
