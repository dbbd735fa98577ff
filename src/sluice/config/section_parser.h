#pragma once

#include <string>

#include "sluice/config/config.h"
#include "sluice/config/environment.h"
#include "sluice/config/yaml_map.h"

namespace sluice::config {

/// The sections of a config other than its tables. Mistakes go to the collector given.
class SectionParser {
 public:
  /// Borrows both; they outlive the parser.
  /// `has_catalog`: places may be reached with what the catalog gives for them.
  SectionParser(const Environment& env, Mistakes& mistakes, bool has_catalog)
      : env_(env), mistakes_(mistakes), has_catalog_(has_catalog) {}

  Destination ParseDestination(const YAML::Node& node);
  StoreOptions ParseSource(const YAML::Node& node);
  CatalogOptions ParseCatalog(const YAML::Node& node);
  Partner ParsePartner(const YAML::Node& node);
  Limits ParseLimits(const YAML::Node& node);
  Notify ParseNotify(const YAML::Node& node);
  std::string ParseListen(const YAML::Node& node);

 private:
  StoreOptions ParseStoreOptions(YamlMap& map);
  Auth ParseAuth(const YAML::Node& node, const std::string& what);

  const Environment& env_;
  Mistakes& mistakes_;
  const bool has_catalog_;
};

}  // namespace sluice::config
