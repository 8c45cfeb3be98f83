#include "policy/bpf_text.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/shown.h"
#include "policy/yaml_reader.h"

namespace sandgauge {
namespace {

struct BpfConstant {
  std::string_view name;
  std::uint32_t value;
};
#define SANDGAUGE_CONSTANT(name) \
  { #name, name }
constexpr BpfConstant kBpfConstants[] = {SANDGAUGE_CONSTANT(BPF_LD),
                                         SANDGAUGE_CONSTANT(BPF_LDX),
                                         SANDGAUGE_CONSTANT(BPF_ST),
                                         SANDGAUGE_CONSTANT(BPF_STX),
                                         SANDGAUGE_CONSTANT(BPF_ALU),
                                         SANDGAUGE_CONSTANT(BPF_JMP),
                                         SANDGAUGE_CONSTANT(BPF_RET),
                                         SANDGAUGE_CONSTANT(BPF_MISC),
                                         SANDGAUGE_CONSTANT(BPF_W),
                                         SANDGAUGE_CONSTANT(BPF_H),
                                         SANDGAUGE_CONSTANT(BPF_B),
                                         SANDGAUGE_CONSTANT(BPF_IMM),
                                         SANDGAUGE_CONSTANT(BPF_ABS),
                                         SANDGAUGE_CONSTANT(BPF_IND),
                                         SANDGAUGE_CONSTANT(BPF_MEM),
                                         SANDGAUGE_CONSTANT(BPF_LEN),
                                         SANDGAUGE_CONSTANT(BPF_ADD),
                                         SANDGAUGE_CONSTANT(BPF_SUB),
                                         SANDGAUGE_CONSTANT(BPF_MUL),
                                         SANDGAUGE_CONSTANT(BPF_DIV),
                                         SANDGAUGE_CONSTANT(BPF_OR),
                                         SANDGAUGE_CONSTANT(BPF_AND),
                                         SANDGAUGE_CONSTANT(BPF_LSH),
                                         SANDGAUGE_CONSTANT(BPF_RSH),
                                         SANDGAUGE_CONSTANT(BPF_NEG),
                                         SANDGAUGE_CONSTANT(BPF_XOR),
                                         SANDGAUGE_CONSTANT(BPF_JA),
                                         SANDGAUGE_CONSTANT(BPF_JEQ),
                                         SANDGAUGE_CONSTANT(BPF_JGT),
                                         SANDGAUGE_CONSTANT(BPF_JGE),
                                         SANDGAUGE_CONSTANT(BPF_JSET),
                                         SANDGAUGE_CONSTANT(BPF_K),
                                         SANDGAUGE_CONSTANT(BPF_X),
                                         SANDGAUGE_CONSTANT(BPF_A),
                                         SANDGAUGE_CONSTANT(BPF_TAX),
                                         SANDGAUGE_CONSTANT(BPF_TXA),
                                         SANDGAUGE_CONSTANT(SECCOMP_RET_KILL_PROCESS),
                                         SANDGAUGE_CONSTANT(SECCOMP_RET_KILL_THREAD),
                                         SANDGAUGE_CONSTANT(SECCOMP_RET_KILL),
                                         SANDGAUGE_CONSTANT(SECCOMP_RET_TRAP),
                                         SANDGAUGE_CONSTANT(SECCOMP_RET_ERRNO),
                                         SANDGAUGE_CONSTANT(SECCOMP_RET_USER_NOTIF),
                                         SANDGAUGE_CONSTANT(SECCOMP_RET_TRACE),
                                         SANDGAUGE_CONSTANT(SECCOMP_RET_LOG),
                                         SANDGAUGE_CONSTANT(SECCOMP_RET_ALLOW),
                                         SANDGAUGE_CONSTANT(AUDIT_ARCH_X86_64),
                                         SANDGAUGE_CONSTANT(AUDIT_ARCH_I386),
                                         SANDGAUGE_CONSTANT(AUDIT_ARCH_AARCH64)};
#undef SANDGAUGE_CONSTANT

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// Walks through C, and knows where it is.
class Source {
 public:
  explicit Source(std::string_view text) : text_(text) {}

  /// Goes over spaces and comments; false at the end.
  bool skip() {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      if (rest.front() == ' ' || rest.front() == '\t' || rest.front() == '\n' || rest.front() == '\r')
        step(1);
      else if (rest.starts_with("//") || rest.front() == '#')
        step(std::min(rest.find('\n'), rest.size()));
      else if (rest.starts_with("/*"))
        step(std::min(rest.find("*/", 2), rest.size() - 2) + 2);
      else
        return true;
    }
    return false;
  }
  bool take(char c) {
    if (!skip() || text_[at_] != c) return false;
    step(1);
    return true;
  }
  std::string_view word() {
    if (!skip()) return {};
    std::size_t length = 0;
    while (at_ + length < text_.size() && is_word(text_[at_ + length])) ++length;
    const std::string_view found = text_.substr(at_, length);
    step(length);
    return found;
  }
  void step(std::size_t count) {
    for (; count > 0; --count, ++at_) {
      if (text_[at_] != '\n') continue;
      ++line_;
      line_start_ = at_ + 1;
    }
  }
  [[nodiscard]] char peek() const { return text_[at_]; }

  template <class... Args>
  Unexpected wrong(fmt::format_string<Args...> format, Args&&... args) const {
    return fail("{}:{}: {}", line_, at_ - line_start_ + 1, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t line_start_ = 0;
};

std::optional<std::uint32_t> value_of(std::string_view word) {
  const auto* known = std::ranges::find(kBpfConstants, word, &BpfConstant::name);
  if (known != std::end(kBpfConstants)) return known->value;
  while (!word.empty() && (word.back() == 'u' || word.back() == 'U' || word.back() == 'l' || word.back() == 'L'))
    word.remove_suffix(1);
  int base = 10;
  if (word.starts_with("0x") || word.starts_with("0X")) {
    base = 16;
    word.remove_prefix(2);
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// Numbers and names joined by '|' or '+'; parentheses around one of them are skipped.
Result<std::uint32_t> expression(Source& source, std::uint32_t most) {
  std::uint32_t value = 0;
  do {
    int open = 0;
    while (source.take('(')) ++open;
    const std::string_view word = source.word();
    const auto part = value_of(word);
    if (!part) return source.wrong("found {}, expected a number of 32 bits or a constant such as BPF_LD", shown(word));
    value |= *part;
    while (open > 0 && source.take(')')) --open;
  } while (source.take('|'));
  if (value > most) return source.wrong("{:#x} is too large, expected at most {:#x}", value, most);
  return value;
}

/// The fields in the order of the text; `close` ends them.
template <std::size_t count>
Result<std::array<std::uint32_t, count>> fields(Source& source, const std::array<std::uint32_t, count>& most, char close) {
  std::array<std::uint32_t, count> values{};
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = expression(source, most.at(i));
    if (!value) return fail(value.error());
    values.at(i) = *value;
    if (i + 1 < count && !source.take(',')) return source.wrong("expected ',' and {} more fields", count - i - 1);
  }
  source.take(',');
  if (!source.take(close)) return source.wrong("expected '{}' after {} fields", close, count);
  return values;
}

sock_filter instruction(std::uint32_t code, std::uint32_t jt, std::uint32_t jf, std::uint32_t k) {
  return {static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(jt), static_cast<std::uint8_t>(jf), k};
}

Result<void> add(Program& program, sock_filter step, const Source& source) {
  if (program.code.size() == kLongestProgram)
    return source.wrong("more than {} instructions, expected fewer: the kernel takes no more", kLongestProgram);
  program.code.push_back(step);
  return {};
}

/// One instruction, or a piece of what stands around them.
Result<void> read_piece(Source& source, Program& program) {
  const std::string_view word = source.word();
  if (word == "BPF_STMT" && source.take('(')) {
    const auto values = fields<2>(source, {0xffff, 0xffffffff}, ')');
    return values ? add(program, instruction((*values)[0], 0, 0, (*values)[1]), source) : fail(values.error());
  }
  if (word == "BPF_JUMP" && source.take('(')) {
    const auto values = fields<4>(source, {0xffff, 0xffffffff, 0xff, 0xff}, ')');
    return values ? add(program, instruction((*values)[0], (*values)[2], (*values)[3], (*values)[1]), source)
                  : fail(values.error());
  }
  if (!word.empty()) return {};
  if (source.take('{')) {
    // The brace of the array, or of an instruction.
    if (!source.skip() || source.peek() == '{' || source.peek() == '}') return {};
    if (!(source.peek() >= '0' && source.peek() <= '9') && source.peek() != 'B' && source.peek() != '(') return {};
    Source ahead = source;
    const std::string_view first = ahead.word();
    if (first == "BPF_STMT" || first == "BPF_JUMP") return {};
    const auto values = fields<4>(source, {0xffff, 0xff, 0xff, 0xffffffff}, '}');
    return values ? add(program, instruction((*values)[0], (*values)[1], (*values)[2], (*values)[3]), source)
                  : fail(values.error());
  }
  source.step(1);
  return {};
}

Result<Program> not_empty(Program program, const std::string& file) {
  if (program.code.empty()) return fail("{}: no instructions in it, expected at least one", file);
  return program;
}

}  // namespace

Result<Program> parse_bpf_bytes(std::string_view bytes, const std::string& file) {
  if (bytes.size() % sizeof(sock_filter) != 0)
    return fail("{}: {} bytes, expected a multiple of {}: the size of an instruction", file, bytes.size(),
                sizeof(sock_filter));
  if (bytes.size() / sizeof(sock_filter) > kLongestProgram)
    return fail("{}: {} instructions, expected at most {}", file, bytes.size() / sizeof(sock_filter), kLongestProgram);
  Program program;
  program.code.resize(bytes.size() / sizeof(sock_filter));
  if (!bytes.empty()) std::memcpy(program.code.data(), bytes.data(), bytes.size());
  return not_empty(std::move(program), file);
}

Result<Program> parse_bpf_hex(std::string_view text, const std::string& file) {
  if (auto checked = check_text(text); !checked) return in_file<Program>(file, fail(checked.error()));
  std::string bytes;
  int digits = 0;
  unsigned char byte = 0;
  int line = 1;
  for (const char c : text) {
    if (c == '\n') ++line;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return fail("{}:{}: found {}, expected hexadecimal digits", file, line, shown(std::string_view(&c, 1)));
    byte = static_cast<unsigned char>(byte << 4 | digit);
    if (++digits % 2 == 0) bytes.push_back(static_cast<char>(byte));
  }
  if (digits % 16 != 0) return fail("{}: {} digits, expected a multiple of 16: two for each byte", file, digits);
  return parse_bpf_bytes(bytes, file);
}

Result<Program> parse_bpf_c(std::string_view text, const std::string& file) {
  if (auto checked = check_text(text); !checked) return in_file<Program>(file, fail(checked.error()));
  Source source(text);
  Program program;
  while (source.skip())
    if (auto read = read_piece(source, program); !read) return in_file<Program>(file, fail(read.error()));
  return not_empty(std::move(program), file);
}

std::string to_bpf_bytes(const Program& program) {
  return {reinterpret_cast<const char*>(program.code.data()), program.code.size() * sizeof(sock_filter)};
}

std::string to_bpf_hex(const Program& program) {
  const std::string digits = to_hex(program);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); i += 16) text += digits.substr(i, 16) + "\n";
  return text;
}

std::string to_bpf_c(const Program& program) {
  std::string text;
  for (const sock_filter& step : program.code)
    text += fmt::format("{{{:#04x}, {}, {}, {:#010x}}},\n", step.code, step.jt, step.jf, step.k);
  return text;
}

}  // namespace sandgauge
