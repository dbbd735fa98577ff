#include "sluice/config/yaml_map.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <utility>

#include "sluice/config/nearest.h"

namespace sluice::config {
namespace {

/// Replaces ${NAME} and leaves any other dollar alone. Adds the names that are not set to `unset`.
std::string Expand(const std::string& text, const Environment& env,
                   std::vector<std::string>& unset) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t end = text.compare(i, 2, "${") == 0 ? text.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      out.push_back(text[i]);
      continue;
    }
    const std::string name = text.substr(i + 2, end - i - 2);
    if (const auto value = env(name)) {
      out += *value;
    } else {
      unset.push_back(name);
    }
    i = end;
  }
  return out;
}

std::optional<int64_t> ParseBytes(std::string_view text) {
  int64_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count < 0) return std::nullopt;
  std::string_view unit(stop, static_cast<size_t>(text.data() + text.size() - stop));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  static const std::vector<std::pair<std::string_view, int64_t>> kUnits{{"", 1},
                                                                        {"B", 1},
                                                                        {"KiB", 1 << 10},
                                                                        {"MiB", 1 << 20},
                                                                        {"GiB", 1 << 30},
                                                                        {"TiB", int64_t{1} << 40},
                                                                        {"KB", 1'000},
                                                                        {"MB", 1'000'000},
                                                                        {"GB", 1'000'000'000},
                                                                        {"TB", 1'000'000'000'000}};
  for (const auto& [name, size] : kUnits) {
    int64_t bytes = 0;
    if (name == unit) {
      return __builtin_mul_overflow(count, size, &bytes) ? std::nullopt : std::optional(bytes);
    }
  }
  return std::nullopt;
}

/// What of a text a message shows.
std::string Shorten(const std::string& text) {
  constexpr size_t kMost = 120;
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

std::string_view KindOf(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  return node.IsNull() ? "empty" : "a value";
}

}  // namespace

YamlMap::YamlMap(const YAML::Node& node, std::string what, const Environment& env,
                 Mistakes& mistakes)
    : mark_(node.IsDefined() ? node.Mark() : YAML::Mark::null_mark()),
      what_(std::move(what)),
      env_(env),
      mistakes_(mistakes) {
  if (!node.IsDefined() || node.IsNull()) return;
  if (!node.IsMap()) {
    mistakes_.Add(node.Mark(),
                  fmt::format("{} must be a map of keys, not {}", what_, KindOf(node)));
    is_map_ = false;
    return;
  }
  Take(node, 0);
}

void YamlMap::Take(const YAML::Node& map, int depth) {
  std::set<std::string> seen;
  std::vector<YAML::Node> merged;
  for (const auto& item : map) {
    if (!item.first.IsScalar()) {
      mistakes_.Add(item.first.Mark(), fmt::format("a key of {} must be a plain word", what_));
    } else if (!seen.insert(item.first.Scalar()).second) {
      mistakes_.Add(item.first.Mark(),
                    fmt::format("key '{}' appears twice in {}", item.first.Scalar(), what_),
                    item.first.Scalar());
    } else if (item.first.Scalar() == "<<") {
      merged.push_back(item.second);
    } else {
      entries_.try_emplace(item.first.Scalar(), Entry{item.first.Mark(), item.second});
    }
  }
  for (const auto& node : merged) Merge(node, depth);
}

void YamlMap::Merge(const YAML::Node& merged, int depth) {
  constexpr int kDeepest = 8;  // an anchor may merge itself
  if (merged.IsMap() && depth < kDeepest) {
    Take(merged, depth + 1);
  } else if (merged.IsSequence() && depth == 0) {
    for (const auto& item : merged) Merge(item, kDeepest - 1);
  } else {
    mistakes_.Add(merged.Mark(),
                  fmt::format("'<<' in {} must name maps, not {}", what_,
                              merged.IsMap() ? "one that holds itself" : KindOf(merged)));
  }
}

const YAML::Node* YamlMap::Find(const std::string& key) const {
  const auto entry = entries_.find(key);
  return entry == entries_.end() || entry->second.value.IsNull() ? nullptr : &entry->second.value;
}

bool YamlMap::Has(const std::string& key) const { return Find(key) != nullptr; }

YAML::Mark YamlMap::MarkOf(const std::string& key) const {
  const YAML::Node* node = Find(key);
  return node != nullptr ? node->Mark() : mark_;
}

std::string YamlMap::Written(const std::string& key) const {
  const YAML::Node* node = Find(key);
  return node != nullptr && node->IsScalar() ? Shorten(node->Scalar()) : std::string();
}

void YamlMap::Add(const std::string& key, std::string message) {
  mistakes_.Add(MarkOf(key), std::move(message), key);
}

void YamlMap::Missing(const std::string& key, const std::string& why) {
  if (!is_map_ || Mentions(key)) return;  // reported already
  mistakes_.Add(mark_,
                fmt::format("{} needs the key '{}'{}", what_, key, why.empty() ? "" : ": " + why),
                key);
}

void YamlMap::NotOneOf(const std::string& key, const std::vector<std::string>& names) {
  const auto nearest = Nearest(Written(key), names);
  Add(key, fmt::format("'{}' cannot be '{}': use {}{}", key, Written(key), fmt::join(names, ", "),
                       nearest ? fmt::format("; did you mean '{}'?", *nearest) : ""));
}

std::optional<std::string> YamlMap::Scalar(const YAML::Node& node, const std::string& key) {
  if (!node.IsScalar()) {
    mistakes_.Add(node.Mark(), fmt::format("'{}' must be one value, not {}", key, KindOf(node)),
                  key);
    return std::nullopt;
  }
  std::vector<std::string> unset;
  std::string text = Expand(node.Scalar(), env_, unset);
  for (const auto& name : unset) {
    mistakes_.Add(node.Mark(),
                  fmt::format("'{}': the environment variable {} is not set", key, name), key);
  }
  if (!unset.empty()) return std::nullopt;
  return text;
}

std::optional<std::string> YamlMap::Text(const std::string& key) {
  const YAML::Node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  auto text = Scalar(*node, key);
  if (text && text->empty()) {
    Add(key, fmt::format("'{}' is empty; leave it out or give it a value", key));
    return std::nullopt;
  }
  return text;
}

std::optional<std::string> YamlMap::EnvName(const std::string& key) {
  auto text = Text(key);
  if (!text) return std::nullopt;
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  if (!std::all_of(text->begin(), text->end(), is_word) ||
      std::isdigit(static_cast<unsigned char>(text->front()))) {
    Add(key,
        fmt::format("'{}' takes the name of an environment variable, not the secret itself", key));
    return std::nullopt;
  }
  return text;
}

std::optional<std::string> YamlMap::Location(const std::string& key) {
  auto text = Text(key);
  if (!text) return std::nullopt;
  const size_t colon = text->find("://");
  if (colon == std::string::npos) return text;
  const std::string scheme = text->substr(0, colon);
  const bool is_s3 = scheme == "s3" || scheme == "s3a";
  if (!is_s3 && scheme != "file") {
    Add(key, fmt::format("'{}' must be s3://bucket/prefix or a local folder", key));
    return std::nullopt;
  }
  const std::string rest = text->substr(colon + 3);
  if (rest.empty() || (is_s3 && rest.front() == '/')) {
    Add(key, fmt::format("'{}' does not name a {}", key, is_s3 ? "bucket" : "folder"));
    return std::nullopt;
  }
  return text;
}

std::optional<std::string> YamlMap::Url(const std::string& key,
                                        const std::vector<std::string>& schemes) {
  auto text = Text(key);
  if (!text) return std::nullopt;
  const size_t colon = text->find("://");
  const bool known =
      colon != std::string::npos &&
      std::find(schemes.begin(), schemes.end(), text->substr(0, colon)) != schemes.end();
  if (!known || colon + 3 == text->size()) {
    Add(key, fmt::format("'{}' must be a URL that begins with {}://", key,
                         fmt::join(schemes, ":// or ")));
    return std::nullopt;
  }
  const std::string authority = text->substr(colon + 3, text->find('/', colon + 3) - colon - 3);
  if (authority.find('@') != std::string::npos) {
    Add(key, fmt::format("'{}' must not contain a user or password", key));
    return std::nullopt;
  }
  return text;
}

std::optional<int64_t> YamlMap::Integer(const std::string& key, int64_t least, int64_t most) {
  const auto text = Text(key);
  if (!text) return std::nullopt;
  int64_t value = 0;
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || stop != text->data() + text->size() || value < least ||
      value > most) {
    Add(key, fmt::format("'{}' must be a whole number from {} to {}, not '{}'", key, least, most,
                         Written(key)));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> YamlMap::Bool(const std::string& key) {
  const auto text = Text(key);
  if (!text) return std::nullopt;
  if (*text == "true") return true;
  if (*text == "false") return false;
  Add(key, fmt::format("'{}' must be true or false, not '{}'", key, Written(key)));
  return std::nullopt;
}

std::optional<int64_t> YamlMap::Bytes(const std::string& key) {
  const auto text = Text(key);
  if (!text) return std::nullopt;
  const auto bytes = ParseBytes(*text);
  if (!bytes || *bytes == 0) {
    Add(key, fmt::format("'{}' must be a size like 256MiB or 1GiB, not '{}'", key, Written(key)));
    return std::nullopt;
  }
  return bytes;
}

std::optional<Duration> YamlMap::Length(const std::string& key) {
  const auto text = Text(key);
  if (!text) return std::nullopt;
  const auto duration = ParseDuration(*text);
  if (!duration) {
    Add(key,
        fmt::format("'{}' must be a duration like 15m, 36h or 60d, not '{}'", key, Written(key)));
    return std::nullopt;
  }
  return *duration;
}

std::optional<std::vector<std::string>> YamlMap::Texts(const std::string& key,
                                                       std::vector<LineColumn>* places) {
  const YAML::Node* list = Find(key);
  if (list == nullptr) return std::nullopt;
  if (!list->IsSequence()) {
    Add(key, list->IsScalar() ? fmt::format("'{}' must be a list: write [{}]", key, Written(key))
                              : fmt::format("'{}' must be a list, not {}", key, KindOf(*list)));
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const auto& item : *list) {
    const auto text = Scalar(item, key);
    if (!text) continue;
    if (text->empty()) {
      mistakes_.Add(item.Mark(), fmt::format("an entry of '{}' is empty", key), key);
    }
    texts.push_back(*text);
    if (places != nullptr) places->push_back(LineColumnOf(item.Mark()));
  }
  return texts;
}

YAML::Node YamlMap::Child(const std::string& key) {
  const YAML::Node* node = Find(key);
  return node != nullptr ? *node : YAML::Node(YAML::NodeType::Undefined);
}

void YamlMap::RefuseUnknown(const std::vector<std::string>& known,
                            const std::vector<std::string>& sections) {
  std::vector<std::string> all = known;
  all.insert(all.end(), sections.begin(), sections.end());
  for (const auto& [key, entry] : entries_) {
    if (std::find(known.begin(), known.end(), key) != known.end()) {
      if (!entry.value.IsNull()) continue;
      mistakes_.Add(entry.mark, fmt::format("'{}' is empty; leave it out or give it a value", key),
                    key);
    } else if (std::find(sections.begin(), sections.end(), key) == sections.end()) {
      const auto nearest = Nearest(key, all);
      mistakes_.Add(entry.mark,
                    nearest ? fmt::format("unknown key '{}' in {}; did you mean '{}'?",
                                          Shorten(key), what_, *nearest)
                            : fmt::format("unknown key '{}' in {}; valid keys: {}", Shorten(key),
                                          what_, fmt::join(all, ", ")),
                    Shorten(key));
    }
  }
}

}  // namespace sluice::config
