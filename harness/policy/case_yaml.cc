#include "policy/case_yaml.h"

#include <algorithm>
#include <filesystem>
#include <unordered_map>

#include "base/shown.h"
#include "policy/case_fields.h"
#include "policy/matrix.h"
#include "policy/yaml_value.h"

namespace sandgauge {
namespace {

constexpr std::size_t kMostCases = 10'000;

/// What the reading of one file carries along.
struct Reading {
  std::string file;
  std::string suite;
  Budget budget;
  std::vector<Case> cases;
  std::unordered_map<std::string, int> line_of_id;
};

/// One case as it is written: its own keys over those of the file.
struct Written {
  const Yaml& own;
  const Yaml* defaults;  // null if the file is the case
  std::string name = "case";

  [[nodiscard]] const YamlNode* find(std::string_view key) const {
    const YamlNode* value = own.find(key);
    return value == nullptr && defaults != nullptr ? defaults->find(key) : value;
  }
};

Result<void> check_count(const Yaml& node, std::size_t count) {
  if (count <= kMostCases) return {};
  return fail_at(node, "more than {} cases in a file, expected fewer", kMostCases);
}

/// The key of a case that a matrix key of this name sets by itself; empty if there is none.
std::string_view field_of(std::string_view key) {
  if (key == "backend") return "backends";
  for (const std::string_view field : {"program", "call", "attach", "probe"})
    if (key == field) return field;
  return {};
}

/// Whether the matrix sets the field: what is nearest to the case wins, and at one level the field's own key does.
bool is_set_by_matrix(const Written& written, std::string_view field) {
  if (written.own.find(field) != nullptr) return false;
  const bool own_matrix = written.own.find("matrix") != nullptr;
  return own_matrix || written.defaults == nullptr || written.defaults->find(field) == nullptr;
}

/// The map of one combination, with all its keys and every {key} replaced.
Result<YamlNode> spelled_out(const Written& written, const std::vector<const Choice*>& combination, Reading& reading,
                             std::set<std::string>& used) {
  auto map = std::make_shared<Yaml>();
  map->kind = Yaml::Kind::map;
  map->line = written.own.line;
  map->column = written.own.column;
  map->has_brace = true;
  std::map<std::string, YamlNode> values;
  const auto add = [&map](const YamlNode& key, const YamlNode& value) {
    // The name is read before, and the matrix is not a part of the case that it makes.
    if (key->text != "name" && key->text != "matrix") map->entries.emplace_back(key, value);
  };
  for (const Choice* choice : combination) {
    for (const auto& [key, value] : choice->values) {
      values.emplace(key, value);
      const std::string_view field = field_of(key);
      if (field.empty() || !is_set_by_matrix(written, field)) continue;
      auto name = std::make_shared<Yaml>(*value);
      name->text = field;
      add(name, value);
      used.insert(key);
    }
  }
  for (const auto& [key, value] : written.own.entries) add(key, value);
  if (written.defaults != nullptr) {
    for (const auto& [key, value] : written.defaults->entries)
      if (map->find(key->text) == nullptr) add(key, value);
  }
  Substitution substitution(std::move(values), reading.budget);
  auto replaced = substitution.apply(map);
  used.insert(substitution.used().begin(), substitution.used().end());
  return replaced;
}

std::string backend_name(const Backend& backend) {
  return backend == Backend{Backend::Compiler::libseccomp, 1} ? "libseccomp" : to_string(backend);
}

std::string_view way_name(const AttachWay& way) { return way.attach == Attach::call ? "call" : delivery_name(way.delivery); }

Result<void> add_case(Reading& reading, Case made, const Yaml& place) {
  if (auto counted = check_count(place, reading.cases.size() + 1); !counted) return counted;
  const auto [first, fresh] = reading.line_of_id.emplace(made.id, place.line);
  if (!fresh)
    return fail_at(place, "a second case with the id {} (the first is at line {}), expected another name", shown(made.id),
                   first->second);
  made.suite = reading.suite;
  made.place = {reading.file, place.line};
  reading.cases.push_back(std::move(made));
  return {};
}

Result<void> add_row(Reading& reading, const CaseRow& row, const std::string& id, const Yaml& place) {
  for (const AttachWay& way : row.ways) {
    for (const Backend& backend : row.backends) {
      Case made = row.row;
      made.attach = way.attach;
      made.delivery = way.delivery;
      made.backend = backend;
      made.id = id;
      if (row.ways.size() > 1) made.id += fmt::format("/{}", way_name(way));
      if (row.backends.size() > 1) made.id += fmt::format("/{}", backend_name(backend));
      if (auto added = add_case(reading, std::move(made), place); !added) return added;
    }
  }
  return {};
}

/// Goes to the next combination, the last dimension fastest; false after the last one.
bool advance(std::vector<std::size_t>& indices, const std::vector<Dimension>& dimensions) {
  for (std::size_t i = dimensions.size(); i-- > 0;) {
    if (++indices[i] < dimensions[i].choices.size()) return true;
    indices[i] = 0;
  }
  return false;
}

/// A dimension that changes nothing makes cases that differ in their ids only.
Result<void> check_use(const Written& written, const std::vector<Dimension>& dimensions, const std::set<std::string>& used) {
  const auto is_used = [&used](const auto& value) { return used.contains(value.first); };
  for (const Dimension& dimension : dimensions) {
    const bool any = std::ranges::any_of(dimension.choices,
                                         [&](const Choice& choice) { return std::ranges::any_of(choice.values, is_used); });
    if (any) continue;
    const std::string& key = dimension.choices.front().values.front().first;
    return fail_at(*dimension.key, "the matrix key '{}' changes nothing in the case '{}', expected \"{{{}}}\" in it", key,
                   written.name, key);
  }
  return {};
}

Result<void> add_written(Reading& reading, const Written& written) {
  std::vector<Dimension> dimensions;
  if (const YamlNode* matrix = written.find("matrix")) {
    auto read = dimensions_of(**matrix);
    if (!read) return fail(read.error());
    dimensions = *std::move(read);
    std::size_t count = 1;
    for (const Dimension& dimension : dimensions) {
      count *= dimension.choices.size();
      if (auto counted = check_count(**matrix, count); !counted) return counted;
    }
  }
  std::set<std::string> used;
  std::vector<std::size_t> indices(dimensions.size());
  do {
    std::vector<const Choice*> combination;
    std::string id = fmt::format("{}/{}", reading.suite, written.name);
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
      combination.push_back(&dimensions[i].choices[indices[i]]);
      if (dimensions[i].choices.size() > 1) id += "/" + combination.back()->id;
    }
    const auto map = spelled_out(written, combination, reading, used);
    if (!map) return fail(map.error());
    const auto row = case_row_of(**map, reading.file);
    if (!row) return fail(row.error());
    if (auto added = add_row(reading, *row, id, written.own); !added) return added;
  } while (advance(indices, dimensions));
  return check_use(written, dimensions, used);
}

Result<std::string> slug_text_of(const Yaml& node) {
  if (node.kind == Yaml::Kind::scalar && is_slug(node.text)) return node.text;
  return fail_at(node, "found {}, expected a name of lower-case letters, digits and ._+-", found(node));
}

Result<std::string> name_of(const Yaml& map) {
  const YamlNode* name = map.find("name");
  if (name == nullptr) return fail_at(map, "a case without 'name', expected one: it is part of the id");
  return slug_text_of(**name);
}

/// The root without the keys that belong to the file as a whole.
Result<YamlNode> without_file_keys(const Yaml& root) {
  auto rest = std::make_shared<Yaml>(root);
  std::erase_if(rest->entries,
                [](const auto& entry) { return entry.first->text == "suite" || entry.first->text == "cases"; });
  return YamlNode(std::move(rest));
}

Result<void> add_listed(Reading& reading, const Yaml& defaults, const Yaml& list) {
  if (const YamlNode* name = defaults.find("name"))
    return fail_at(**name, "a 'name' beside 'cases', expected one in each case instead");
  if (list.kind != Yaml::Kind::list) return fail_at(list, "found {}, expected a list of cases", found(list));
  if (list.items.empty()) return fail_at(list, "found an empty list, expected at least one case");
  if (auto counted = check_count(list, list.items.size()); !counted) return counted;
  for (const YamlNode& item : list.items) {
    if (item->kind != Yaml::Kind::map) return fail_at(*item, "found {}, expected a case as a map", found(*item));
    auto name = name_of(*item);
    if (!name) return fail(name.error());
    if (auto added = add_written(reading, {*item, &defaults, *std::move(name)}); !added) return added;
  }
  return {};
}

Result<void> add_all(Reading& reading, const Yaml& root) {
  if (root.kind != Yaml::Kind::map) return fail_at(root, "found {}, expected a map of a suite or a case", found(root));
  reading.suite = slug(std::filesystem::path(reading.file).stem().string());
  if (const YamlNode* suite = root.find("suite")) {
    auto name = slug_text_of(**suite);
    if (!name) return fail(name.error());
    reading.suite = *std::move(name);
  }
  if (!is_slug(reading.suite)) return fail_at(root, "a file name that gives no suite, expected a 'suite'");
  const auto own = without_file_keys(root);
  if (!own) return fail(own.error());
  if (const YamlNode* list = root.find("cases")) return add_listed(reading, **own, **list);
  Written written{**own, nullptr};
  if ((*own)->find("name") != nullptr) {
    auto name = name_of(**own);
    if (!name) return fail(name.error());
    written.name = *std::move(name);
  }
  return add_written(reading, written);
}

}  // namespace

Result<std::vector<Case>> parse_cases(std::string_view text, const std::string& file) {
  const auto root = parse_yaml(text);
  if (!root) return in_file<std::vector<Case>>(file, fail(root.error()));
  Reading reading;
  reading.file = file;
  if (auto added = add_all(reading, **root); !added) return in_file<std::vector<Case>>(file, fail(added.error()));
  return std::move(reading.cases);
}

Result<std::vector<Case>> read_cases(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return fail(text.error());
  return parse_cases(*text, shown_name(path));
}

}  // namespace sandgauge
