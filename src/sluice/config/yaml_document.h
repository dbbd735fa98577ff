#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "sluice/config/yaml_map.h"

namespace sluice::config {

/// The one document of `text`, safe to walk: no anchor holds itself, nothing is nested deeper than a
/// config can be, and with its aliases followed it is not larger than one. What is wrong is added to
/// `mistakes`, and the node is then null. Throws YAML::Exception where `text` is not YAML.
YAML::Node LoadDocument(const std::string& text, Mistakes& mistakes);

/// What yaml-cpp says, as a person would: what is wrong there, and what was probably meant.
std::string YamlMistake(const YAML::Exception& error);

}  // namespace sluice::config
