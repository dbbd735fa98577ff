#pragma once

#include <nlohmann/json.hpp>

#include "sluice/delta/log/actions.h"

/// Actions as the JSON objects of a commit file (PROTOCOL.md, "Actions"): `{"path": ...}`, without the
/// outer key. Optional fields that are not set are left out; the order of fields is Spark's.
namespace sluice::delta {

using ActionJson = nlohmann::ordered_json;

ActionJson ToJson(const CommitInfo& info);
ActionJson ToJson(const Protocol& protocol);
ActionJson ToJson(const Metadata& metadata);
ActionJson ToJson(const SetTransaction& txn);
ActionJson ToJson(const AddFile& add);
ActionJson ToJson(const RemoveFile& remove);
ActionJson ToJson(const AddCdcFile& cdc);
ActionJson ToJson(const DomainMetadata& domain);

/// On one line. Bytes that are no UTF-8 become U+FFFD; never throws.
std::string Dump(const ActionJson& json);

}  // namespace sluice::delta
