#pragma once

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/types.h"
#include "sluice/config/config.h"
#include "sluice/config/environment.h"
#include "sluice/config/mistake.h"

namespace sluice::config {

/// yaml-cpp counts from 0, and says -1 for what it made itself.
inline LineColumn LineColumnOf(const YAML::Mark& mark) {
  return {std::max(0, mark.line + 1), std::max(0, mark.column + 1)};
}

/// Collects mistakes while a file is read. Not thread-safe.
class Mistakes {
 public:
  void Add(const YAML::Mark& mark, std::string message, std::string key = {}) {
    const LineColumn at = LineColumnOf(mark);
    list_.push_back({at.line, at.column, std::move(message), std::move(key)});
  }
  bool empty() const { return list_.empty(); }
  size_t size() const { return list_.size(); }
  std::vector<Mistake> Sorted() const { return config::Sorted(list_); }

 private:
  std::vector<Mistake> list_;
};

/// A map of the file whose keys are known: every getter reads one key, notes what is wrong with its
/// value, and returns nullopt where it is absent or wrong. `${NAME}` is replaced in every value;
/// messages show a value as it is written, because what the environment holds may be secret.
/// Merge keys (`<<: *anchor`) count as if their keys stood here, after the map's own.
class YamlMap {
 public:
  /// A node that is not a map is a mistake (an absent or null one is an empty map). `what` names it in
  /// messages.
  YamlMap(const YAML::Node& node, std::string what, const Environment& env, Mistakes& mistakes);

  bool Has(const std::string& key) const;
  /// Has the key, with or without a value.
  bool Mentions(const std::string& key) const { return entries_.contains(key); }
  YAML::Mark MarkOf(const std::string& key) const;
  YAML::Mark mark() const { return mark_; }
  /// The value of a one-value key as written, before `${NAME}` is replaced; "" for anything else.
  std::string Written(const std::string& key) const;

  /// Never an empty text: that is a mistake.
  std::optional<std::string> Text(const std::string& key);
  /// The name of an environment variable. Anything else might be the secret itself and is not shown.
  std::optional<std::string> EnvName(const std::string& key);
  /// A folder, or an s3:// URL that names a bucket.
  std::optional<std::string> Location(const std::string& key);
  /// A URL without user and password in it.
  std::optional<std::string> Url(const std::string& key, const std::vector<std::string>& schemes);
  std::optional<int64_t> Integer(const std::string& key, int64_t least, int64_t most);
  std::optional<bool> Bool(const std::string& key);
  /// Bytes: "256MiB", "1GB", "1048576".
  std::optional<int64_t> Bytes(const std::string& key);
  std::optional<Duration> Length(const std::string& key);
  /// A list of texts, none of them empty. `places` gets the position of each.
  std::optional<std::vector<std::string>> Texts(const std::string& key,
                                                std::vector<LineColumn>* places = nullptr);
  YAML::Node Child(const std::string& key);

  template <typename Enum>
  std::optional<Enum> OneOf(const std::string& key, const std::vector<Enum>& values) {
    const auto text = Text(key);
    if (!text) return std::nullopt;
    std::vector<std::string> names;
    for (const Enum value : values) {
      if (Name(value) == *text) return value;
      names.emplace_back(Name(value));
    }
    NotOneOf(key, names);
    return std::nullopt;
  }

  /// Notes every key that is not in `known`, with the nearest one that is, and every one without a value;
  /// those of `sections`, which are known too, may be empty.
  void RefuseUnknown(const std::vector<std::string>& known,
                     const std::vector<std::string>& sections = {});
  void Add(const std::string& key, std::string message);
  /// Adds nothing where the node is not a map, or has the key without a value: both are reported already.
  void Missing(const std::string& key, const std::string& why);
  void NotOneOf(const std::string& key, const std::vector<std::string>& names);

 private:
  struct Entry {
    YAML::Mark mark;  ///< of the key
    YAML::Node value;
  };
  void Take(const YAML::Node& map, int depth);
  void Merge(const YAML::Node& merged, int depth);
  const YAML::Node* Find(const std::string& key) const;
  std::optional<std::string> Scalar(const YAML::Node& node, const std::string& key);

  std::map<std::string, Entry> entries_;
  YAML::Mark mark_;
  bool is_map_ = true;
  std::string what_;
  const Environment& env_;
  Mistakes& mistakes_;
};

}  // namespace sluice::config
