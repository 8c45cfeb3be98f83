#include "policy/number.h"

#include <charconv>
#include <limits>

#include "base/shown.h"

namespace sandgauge {
namespace {

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

struct Integer {
  bool negative = false;
  std::uint64_t magnitude = 0;
};

Result<Integer> parse(std::string_view text) {
  Integer integer;
  std::string_view digits = text;
  if (digits.starts_with('-')) {
    integer.negative = true;
    digits.remove_prefix(1);
  }
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) base = 16;
  if (digits.starts_with("0o")) base = 8;
  if (base != 10) digits.remove_prefix(2);
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, integer.magnitude, base);
  if (error == std::errc::invalid_argument || end != last)
    return fail("{} is not a number, expected decimal, 0x hexadecimal or 0o octal digits", shown(text));
  if (base == 10 && digits.size() > 1 && digits.front() == '0')
    return fail("{} has a leading zero, expected 0o for octal or no zero for decimal", shown(text));
  if (error != std::errc() || (integer.negative && integer.magnitude > kSignBit))
    return fail("{} does not fit into 64 bits, expected a number from -2^63 to 2^64-1", shown(text));
  return integer;
}

}  // namespace

Result<std::uint64_t> parse_word(std::string_view text) {
  const auto integer = parse(text);
  if (!integer) return fail(integer.error());
  return integer->negative ? ~integer->magnitude + 1 : integer->magnitude;
}

Result<std::int64_t> parse_integer(std::string_view text, std::int64_t least, std::int64_t most) {
  const auto integer = parse(text);
  if (!integer) return fail("{}", integer.error().message);
  const bool fits = integer->negative || integer->magnitude < kSignBit;
  const auto value = static_cast<std::int64_t>(integer->negative ? ~integer->magnitude + 1 : integer->magnitude);
  if (fits && value >= least && value <= most) return value;
  if (least == std::numeric_limits<std::int64_t>::min())
    return fail("{} is out of range, expected 64 bits with sign", shown(text));
  return fail("{} is out of range, expected a number from {} to {}", shown(text), least, most);
}

bool starts_like_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

}  // namespace sandgauge
