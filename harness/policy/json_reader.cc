#include "policy/json_reader.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/shown.h"

namespace sandgauge {
namespace {

using nlohmann::json;

constexpr std::size_t kLargestText = 1 << 20;
constexpr std::size_t kDeepestJson = 64;
constexpr std::size_t kMostJsonKeys = 1000;
constexpr std::size_t kMostValues = 100'000;

/// Where the tokens of a text stand. The parser tells of each token in their order, but not of its place; between two tokens
/// that it has accepted there are only spaces, commas and colons.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  /// Goes to the next token and past it; returns its text.
  std::string_view next() {
    while (at_ < text_.size() && std::string_view(" \t\r\n,:").find(text_[at_]) != std::string_view::npos) step();
    line = line_;
    column = static_cast<int>(at_ - line_start_) + 1;
    const std::size_t start = at_;
    if (at_ == text_.size()) return {};
    const char first = text_[at_];
    step();
    if (first == '"') {
      while (at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '\\') step();
        step();
      }
      step();
    } else if (std::string_view("{}[]").find(first) == std::string_view::npos) {
      while (at_ < text_.size() && std::string_view(" \t\r\n,:{}[]\"").find(text_[at_]) == std::string_view::npos) step();
    }
    return text_.substr(start, at_ - start);
  }

  int line = 1;  // of the token that next() gave
  int column = 1;

 private:
  void step() {
    if (at_ == text_.size()) return;
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t line_start_ = 0;
};

std::string place_of_byte(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line_start = before.rfind('\n');
  const std::size_t column = line_start == std::string_view::npos ? before.size() : before.size() - line_start - 1;
  return fmt::format("{}:{}", std::ranges::count(before, '\n') + 1, column + 1);
}

/// Takes the parser's events, which come as they are read: what is too much is refused before it is kept.
class JsonBuilder final : public nlohmann::json_sax<json> {
 public:
  explicit JsonBuilder(std::string_view text) : text_(text), tokens_(text) {}

  bool null() override { return add(Yaml::Kind::nothing, ""); }
  bool boolean(bool value) override { return add(Yaml::Kind::scalar, value ? "true" : "false"); }
  bool number_integer(number_integer_t /*value*/) override { return add_number(); }
  bool number_unsigned(number_unsigned_t /*value*/) override { return add_number(); }
  bool number_float(number_float_t /*value*/, const string_t& /*digits*/) override { return add_number(); }
  bool string(string_t& value) override {
    if (value.find('\0') != string_t::npos) return tokens_.next(), refuse("a NUL in a string, expected text");
    return add(Yaml::Kind::scalar, value, true);
  }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*elements*/) override { return open(Yaml::Kind::map); }
  bool start_array(std::size_t /*elements*/) override { return open(Yaml::Kind::list); }
  bool end_object() override {
    const auto& entries = open_.back()->entries;
    std::vector<const Yaml*> keys;
    keys.reserve(entries.size());
    for (const auto& [key, value] : entries) keys.push_back(key.get());
    std::ranges::stable_sort(keys, {}, &Yaml::text);
    const auto twice = std::ranges::adjacent_find(keys, {}, &Yaml::text);
    if (twice != keys.end()) {
      const Yaml& second = **(twice + 1);
      error = fmt::format("{}:{}: duplicate key {}, expected it only once (first at line {})", second.line, second.column,
                          shown(second.text), (*twice)->line);
      return false;
    }
    return close();
  }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (open_.back()->entries.size() == kMostJsonKeys)
      return tokens_.next(), refuse(fmt::format("more than {} keys in an object, expected fewer", kMostJsonKeys));
    if (name.find('\0') != string_t::npos) return tokens_.next(), refuse("a NUL in a key, expected text");
    key_ = make(Yaml::Kind::scalar);
    key_->text = name;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*last*/, const json::exception& problem) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: what" - the place is given in our own way.
    std::string_view what = problem.what();
    const auto colon = what.find(": ");
    if (colon != std::string_view::npos) what.remove_prefix(colon + 2);
    error = fmt::format("{}: not valid JSON: {}", place_of_byte(text_, position == 0 ? 0 : position - 1), what);
    return false;
  }

  YamlNode root;
  std::string error;

 private:
  bool refuse(std::string_view what) {
    error = fmt::format("{}:{}: {}", tokens_.line, tokens_.column, what);
    return false;
  }

  /// The node of the next token.
  std::shared_ptr<Yaml> make(Yaml::Kind kind) {
    auto node = std::make_shared<Yaml>();
    node->kind = kind;
    node->text = tokens_.next();
    node->line = tokens_.line;
    node->column = tokens_.column;
    return node;
  }

  bool put(std::shared_ptr<Yaml> node) {
    if (++values_ > kMostValues) return refuse(fmt::format("more than {} values, expected fewer", kMostValues));
    if (open_.empty()) {
      root = std::move(node);
    } else if (open_.back()->kind == Yaml::Kind::list) {
      open_.back()->items.push_back(std::move(node));
    } else {
      open_.back()->entries.emplace_back(std::exchange(key_, nullptr), std::move(node));
    }
    return true;
  }

  bool add(Yaml::Kind kind, std::string_view text, bool quoted = false) {
    auto node = make(kind);
    node->text = text;
    node->quoted = quoted;
    return put(std::move(node));
  }
  bool add_number() { return put(make(Yaml::Kind::scalar)); }

  bool open(Yaml::Kind kind) {
    auto node = make(kind);
    node->text.clear();
    if (open_.size() == kDeepestJson)
      return refuse(fmt::format("nested deeper than {} levels, expected fewer", kDeepestJson));
    if (!put(node)) return false;
    open_.push_back(std::move(node));
    return true;
  }
  bool close() {
    tokens_.next();
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  Tokens tokens_;
  std::vector<std::shared_ptr<Yaml>> open_;
  std::shared_ptr<Yaml> key_;
  std::size_t values_ = 0;
};

bool find_path(const Yaml& node, int line, int column, std::string& path) {
  const std::size_t length = path.size();
  for (const auto& [key, value] : node.entries) {
    path += (length == 0 ? "" : ".") + key->text;
    const bool here = (key->line == line && key->column == column) || (value->line == line && value->column == column);
    if (here || find_path(*value, line, column, path)) return true;
    path.resize(length);
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    path += fmt::format("[{}]", i);
    if (node.items[i]->line == line && node.items[i]->column == column) return true;
    if (find_path(*node.items[i], line, column, path)) return true;
    path.resize(length);
  }
  return false;
}

}  // namespace

Result<YamlNode> parse_json(std::string_view text) {
  if (text.size() > kLargestText) return fail("1:1: more than {} MiB of text, expected less", kLargestText >> 20);
  if (auto checked = check_text(text); !checked) return fail(checked.error());
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  JsonBuilder builder(text);
  try {
    if (!json::sax_parse(text.begin(), text.end(), &builder))
      return fail("{}", builder.error.empty() ? "1:1: not valid JSON" : builder.error);
  } catch (const std::exception& error) {
    return fail("1:1: not readable as JSON: {}", error.what());
  }
  return builder.root;
}

std::string json_path(const Yaml& root, int line, int column) {
  std::string path;
  if (!find_path(root, line, column, path)) path.clear();
  constexpr std::size_t kLongest = 200;  // keys can be anything, and this goes into a line of a message
  const bool fits = path.size() <= kLongest && std::ranges::none_of(path, [](char c) { return c >= 0 && c < ' '; });
  return fits ? path : "";
}

Error in_json_file(const std::string& file, const Yaml& root, const Error& error) {
  int line = 0;
  int column = 0;
  int length = 0;
  if (std::sscanf(error.message.c_str(), "%d:%d: %n", &line, &column, &length) != 2 || length == 0)
    return {fmt::format("{}:{}", file, error.message)};
  const std::string path = json_path(root, line, column);
  return {fmt::format("{}:{}:{}: {}{}{}", file, line, column, path, path.empty() ? "" : ": ",
                      error.message.substr(static_cast<std::size_t>(length)))};
}

}  // namespace sandgauge
