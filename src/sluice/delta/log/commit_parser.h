#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"

namespace sluice::delta {

/// Parses one commit file's text; `name` is used in errors.
Result<Commit> ParseCommit(Version version, std::string_view text, std::string_view name);

/// ParseCommit without the last step: `metadata->schema` stays empty until ResolveSchema.
/// Log replay needs only the newest schema, and an old one that this program can't read does no harm.
///
/// PROTOCOL.md, "Actions": unknown actions and fields are ignored; kCorrupt, with the line's number,
/// for what is no JSON object, lacks a required field or has one of a wrong type, and for a commit
/// without any action (a torn write). Of several actions for one logical file the last one counts.
Result<Commit> ParseCommitActions(Version version, std::string_view text, std::string_view name);

/// The primary key of a logical file (PROTOCOL.md, "Add File and Remove File"): path and vector id.
std::string LogicalFileKey(std::string_view path,
                           const std::optional<DeletionVectorDescriptor>& dv);

/// Parses `metadata.schema_string`. kUnsupported or kCorrupt, as ParseSchema.
Status ResolveSchema(Metadata& metadata);

}  // namespace sluice::delta
