#include "policy/yaml_reader.h"

#include <fcntl.h>
#include <unistd.h>
#include <yaml.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <new>

#include "base/errno_text.h"
#include "base/shown.h"
#include "base/unique_fd.h"

namespace sandgauge {
namespace {

constexpr std::size_t kLargestFile = 1 << 20;
constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostKeys = 1000;
constexpr std::size_t kMostNodes = 100'000;
constexpr std::size_t kMostBytes = 16 << 20;

/// A place in the text, both from 0; the column in bytes.
struct Mark {
  int line = 0;
  int column = 0;
};

/// Ends a parse from inside an event; never leaves parse_yaml().
struct Refusal {
  Mark mark;
  std::string message;
};

/// Builds the tree from the parser's events, which come as they are read: a bomb is refused before it is unpacked.
class Builder {
 public:
  YamlNode root() const { return root_; }

  void start_document(Mark mark) {
    if (root_ != nullptr) throw Refusal{mark, "a second YAML document begins here, expected one document in a file"};
  }
  void null(Mark mark, std::string_view anchor) {
    auto node = make(Yaml::Kind::nothing, mark);
    // A missing value has its place behind its key, perhaps on the next line: the key says more.
    if (!open_.empty() && open_.back().key != nullptr) {
      node->line = open_.back().key->line;
      node->column = open_.back().key->column;
    }
    add(std::move(node), anchor, mark);
  }
  void scalar(Mark mark, std::string_view anchor, std::string text) {
    if (text.find('\0') != std::string::npos)
      throw Refusal{mark, "a NUL character in a text, expected text that a C string can hold"};
    auto node = make(Yaml::Kind::scalar, mark);
    node->text = std::move(text);
    node->bytes = node->text.size();
    node->has_brace = node->text.find('{') != std::string::npos;
    count(mark, 0, node->bytes);
    add(std::move(node), anchor, mark);
  }
  void alias(Mark mark, const std::string& anchor) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      const bool inside = std::ranges::any_of(open_, [&anchor](const Open& open) { return open.anchor == anchor; });
      throw Refusal{mark, inside ? "an alias inside of what it stands for, expected an anchor that is complete"
                                 : fmt::format("the alias *{} has no anchor, expected &{} before it", anchor, anchor)};
    }
    const YamlNode& node = found->second;
    count(mark, node->nodes, node->bytes);
    add(node, {}, mark);
  }
  void open(Yaml::Kind kind, Mark mark, std::string_view anchor) {
    if (open_.size() == kDeepest) throw Refusal{mark, fmt::format("nested deeper than {} levels, expected fewer", kDeepest)};
    open_.push_back({make(kind, mark), std::string(anchor), mark, nullptr});
  }
  void close() {
    if (open_.back().node->kind == Yaml::Kind::map) check_keys(*open_.back().node);
    const Open done = std::move(open_.back());
    open_.pop_back();
    add(done.node, done.anchor, done.mark);
  }

 private:
  struct Open {
    std::shared_ptr<Yaml> node;
    std::string anchor;
    Mark mark;
    YamlNode key;
  };

  std::shared_ptr<Yaml> make(Yaml::Kind kind, Mark mark) {
    count(mark, 1, 0);
    auto node = std::make_shared<Yaml>();
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    return node;
  }

  void count(Mark mark, std::size_t nodes, std::size_t bytes) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ > kMostNodes)
      throw Refusal{mark, fmt::format("more than {} YAML nodes with aliases written out, expected fewer", kMostNodes)};
    if (bytes_ > kMostBytes)
      throw Refusal{mark, fmt::format("more than {} MiB of text with aliases written out, expected less", kMostBytes >> 20)};
  }

  void add(YamlNode node, std::string_view anchor, Mark mark) {
    if (!anchor.empty()) anchors_[std::string(anchor)] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.node->nodes += node->nodes;
    parent.node->bytes += node->bytes;
    parent.node->has_brace |= node->has_brace;
    if (parent.node->kind == Yaml::Kind::list) {
      parent.node->items.push_back(std::move(node));
    } else if (parent.key == nullptr) {
      if (node->kind != Yaml::Kind::scalar) throw Refusal{mark, "a key that is not text, expected a word before ':'"};
      parent.key = std::move(node);
    } else {
      if (parent.node->entries.size() == kMostKeys)
        throw Refusal{mark, fmt::format("more than {} keys in a map, expected fewer", kMostKeys)};
      parent.node->entries.emplace_back(std::move(parent.key), std::move(node));
      parent.key = nullptr;
    }
  }

  static void check_keys(const Yaml& map) {
    std::vector<const Yaml*> keys;
    keys.reserve(map.entries.size());
    for (const auto& [key, value] : map.entries) keys.push_back(key.get());
    std::ranges::stable_sort(keys, {}, &Yaml::text);
    const auto twice = std::ranges::adjacent_find(keys, {}, &Yaml::text);
    if (twice == keys.end()) return;
    const Yaml& second = **(twice + 1);
    throw Refusal{
        {second.line - 1, second.column - 1},
        fmt::format("duplicate key {}, expected it only once (first at line {})", shown(second.text), (*twice)->line)};
  }

  std::vector<Open> open_;
  std::map<std::string, YamlNode> anchors_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
  YamlNode root_;
};

/// libyaml's event parser over text that stays where it is, closed when it goes.
class EventParser {
 public:
  explicit EventParser(std::string_view text) : text_(text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  }
  EventParser(const EventParser&) = delete;
  EventParser& operator=(const EventParser&) = delete;
  ~EventParser() { yaml_parser_delete(&parser_); }

  /// Gives the builder every event. Throws a Refusal for what is not YAML.
  void run(Builder& builder) {
    for (bool more = true; more;) {
      yaml_event_t event;
      if (yaml_parser_parse(&parser_, &event) == 0) throw syntax_error();
      const std::unique_ptr<yaml_event_t, void (*)(yaml_event_t*)> owned(&event, yaml_event_delete);
      more = event.type != YAML_STREAM_END_EVENT;
      hand_over(event, builder);
    }
  }

 private:
  void hand_over(const yaml_event_t& event, Builder& builder) {
    const Mark mark = mark_of(event.start_mark);
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT: return builder.start_document(mark);
      case YAML_ALIAS_EVENT: return builder.alias(mark, word(event.data.alias.anchor));
      case YAML_SEQUENCE_START_EVENT:
        check_tag(mark, event.data.sequence_start.tag);
        return builder.open(Yaml::Kind::list, mark, word(event.data.sequence_start.anchor));
      case YAML_MAPPING_START_EVENT:
        check_tag(mark, event.data.mapping_start.tag);
        return builder.open(Yaml::Kind::map, mark, word(event.data.mapping_start.anchor));
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT: return builder.close();
      case YAML_SCALAR_EVENT: return hand_over_scalar(event, mark, builder);
      default: return;
    }
  }

  void hand_over_scalar(const yaml_event_t& event, Mark mark, Builder& builder) {
    const auto& scalar = event.data.scalar;
    check_tag(mark, scalar.tag);
    std::string text(reinterpret_cast<const char*>(scalar.value), scalar.length);
    const bool plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const bool is_null = text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
    if (plain && is_null) return builder.null(mark, word(scalar.anchor));
    builder.scalar(mark, word(scalar.anchor), std::move(text));
  }

  static std::string word(const yaml_char_t* text) {
    return text != nullptr ? std::string(reinterpret_cast<const char*>(text)) : std::string();
  }

  /// "!" only marks a text as text (YAML 1.2, 6.8.2 and 6.9.1).
  static void check_tag(Mark mark, const yaml_char_t* tag) {
    const std::string name = word(tag);
    if (!name.empty() && name != "!")
      throw Refusal{mark, fmt::format("the tag {}, expected a value without a tag", shown(name))};
  }

  /// libyaml counts characters, editors and compilers bytes of a line; it also ends lines at U+0085, which they do not.
  /// Marks come in order, so the walk goes on from the last one, in a file of one long line too.
  Mark mark_of(const yaml_mark_t& mark) {
    if (mark.index < characters_) characters_ = at_ = line_start_ = 0, line_ = 0;
    for (; characters_ < mark.index && at_ < text_.size(); ++characters_) {
      const char passed = text_[at_];
      do ++at_;
      while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xc0) == 0x80);
      const bool ends_line = passed == '\n' || (passed == '\r' && text_.substr(at_, 1) != "\n");
      if (ends_line) ++line_, line_start_ = at_;
    }
    return {line_, static_cast<int>(at_ - line_start_)};
  }

  Refusal syntax_error() {
    const char* problem = parser_.problem != nullptr ? parser_.problem : "unreadable";
    const std::string context = parser_.context != nullptr ? fmt::format(" {}", parser_.context) : "";
    return {mark_of(parser_.problem_mark), fmt::format("not valid YAML: {}{}", problem, context)};
  }

  std::string_view text_;
  yaml_parser_t parser_{};
  std::size_t characters_ = 0;  // before the last mark
  std::size_t at_ = 0;          // bytes before it
  std::size_t line_start_ = 0;  // bytes before its line
  int line_ = 0;
};

/// The length of the UTF-8 character at the front (RFC 3629, section 4); 0 if there is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) >= 0xa0;
  const bool beyond = first == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

}  // namespace

const YamlNode* Yaml::find(std::string_view key) const {
  for (const auto& [name, value] : entries)
    if (name->text == key) return &value;
  return nullptr;
}

Result<void> check_text(std::string_view text) {
  int line = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = character_length(text.substr(i));
    if (length == 0) return fail("{}:{}: byte {:#04x} is not UTF-8, expected UTF-8 text", line, i - line_start + 1, byte);
    if ((byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f)
      return fail("{}:{}: control character {:#04x}, expected text", line, i - line_start + 1, byte);
    i += length;
    if (byte != '\n') continue;
    ++line;
    line_start = i;
  }
  return {};
}

Result<YamlNode> parse_yaml(std::string_view text) {
  if (text.size() > kLargestFile) return fail("1:1: more than {} MiB of text, expected less", kLargestFile >> 20);
  if (auto checked = check_text(text); !checked) return fail(checked.error());
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  Builder builder;
  try {
    EventParser(text).run(builder);
  } catch (const Refusal& refusal) {
    return fail("{}:{}: {}", refusal.mark.line + 1, refusal.mark.column + 1, refusal.message);
  } catch (const std::bad_alloc& error) {
    return fail("1:1: not readable as YAML: {}", error.what());
  }
  if (builder.root() == nullptr || builder.root()->kind == Yaml::Kind::nothing)
    return fail("1:1: there is nothing in it, expected a YAML map");
  return builder.root();
}

Result<std::string> read_text(const std::string& path, std::size_t most) {
  const std::string shown = shown_name(path);
  UniqueFd owned;
  if (path != "-") {
    owned = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!owned) return fail("{}: cannot open it: {}", shown, errno_text(errno));
  }
  const int fd = path == "-" ? STDIN_FILENO : owned.get();
  std::string text;
  char block[65536];
  while (true) {
    const ssize_t count = ::read(fd, block, sizeof block);
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EISDIR) return fail("{}: it is a directory, expected a file", shown);
    if (count < 0) return fail("{}: cannot read it: {}", shown, errno_text(errno));
    text.append(block, static_cast<std::size_t>(count));
    if (text.size() > most) return fail("{}: more than {} MiB, expected less", shown, most >> 20);
  }
}

std::string shown_name(const std::string& path) { return path == "-" ? "<stdin>" : path; }

}  // namespace sandgauge
