#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"

namespace sluice::delta {

/// Parses one commit file's text; `name` is used in errors. `metadata->schema` stays empty until ResolveSchema:
/// an old schema that this program cannot read does no harm to those who do not need it.
///
/// PROTOCOL.md, "Actions": unknown actions and fields are ignored; kCorrupt, with the line's number,
/// for what is no JSON object, lacks a required field or has one of a wrong type, and for a commit
/// without any action (a torn write). So are actions that contradict each other: a logical file that is added
/// twice, removed twice, or added and then removed; two protocols, two metadata, two of one transaction or domain; and a line that
/// is longer than any action.
Result<Commit> ParseCommit(Version version, std::string_view text, std::string_view name);

/// The same for the top-level file of a v2 checkpoint in JSON.
Result<CheckpointActions> ParseCheckpoint(std::string_view text, std::string_view name);

/// Parses `metadata.schema_string` and maps its columns. kUnsupported or kCorrupt, as ParseSchema and MapColumns.
Status ResolveSchema(Metadata& metadata);

}  // namespace sluice::delta
