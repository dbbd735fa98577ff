#include "sluice/delta/snapshot/version_checksum.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/log/file_address.h"
#include "sluice/delta/log/log_limits.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/schema/json_object.h"
#include "sluice/delta/schema/schema.h"

namespace sluice::delta {
namespace {

using Differences = std::vector<std::string>;

// The checksum's protocol, metadata and files as the actions that they are.
Result<Commit> ActionsIn(const JsonObject& checksum, std::string_view name) {
  std::string lines = "{}\n";
  const auto append = [&](std::string_view kind, simdjson::dom::element value) {
    lines += fmt::format("{{\"{}\":{}}}\n", kind, simdjson::minify(value));
  };
  if (const auto protocol = checksum.Get("protocol")) append("protocol", *protocol);
  if (const auto metadata = checksum.Get("metadata")) append("metaData", *metadata);
  simdjson::dom::array files;
  if (const auto all = checksum.Get("allFiles"); all && all->get(files) == simdjson::SUCCESS) {
    for (const auto file : files) append("add", file);
  }
  return ParseCommit(Version(), lines, name);
}

Status CompareNumber(const JsonObject& checksum, std::string_view key, int64_t in_log,
                     Differences& out) {
  SLUICE_ASSIGN_OR_RETURN(const auto number, checksum.Int64(key));
  if (number && *number != in_log) {
    out.push_back(fmt::format("{} is {}, the log has {}", key, *number, in_log));
  }
  return {};
}

Status CompareNumbers(const JsonObject& checksum, const Snapshot& snapshot, Differences& out) {
  int64_t vectors = 0, masked = 0;
  for (const LiveFile& file : snapshot.files) {
    if (!file.deletion_vector) continue;
    ++vectors;
    masked += file.deletion_vector->cardinality;
  }
  SLUICE_RETURN_IF_ERROR(CompareNumber(checksum, "tableSizeBytes", snapshot.total_bytes, out));
  SLUICE_RETURN_IF_ERROR(CompareNumber(checksum, "numFiles", snapshot.num_files, out));
  SLUICE_RETURN_IF_ERROR(CompareNumber(checksum, "numMetadata", 1, out));
  SLUICE_RETURN_IF_ERROR(CompareNumber(checksum, "numProtocol", 1, out));
  SLUICE_RETURN_IF_ERROR(CompareNumber(checksum, "numDeletionVectorsOpt", vectors, out));
  return CompareNumber(checksum, "numDeletedRecordsOpt", masked, out);
}

std::set<std::string> AsSet(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

// However the two texts are spelled.
bool SameSchema(const Metadata& a, const Metadata& b) {
  if (a.schema_string == b.schema_string) return true;
  const auto parsed = ParseSchema(a.schema_string), in_log = ParseSchema(b.schema_string);
  return parsed && in_log && *parsed == *in_log;
}

void CompareTable(const Commit& checksum, const Snapshot& snapshot, Differences& out) {
  if (checksum.protocol) {
    const Protocol& a = *checksum.protocol;
    const Protocol& b = snapshot.protocol;
    if (a.min_reader_version != b.min_reader_version ||
        a.min_writer_version != b.min_writer_version ||
        AsSet(a.reader_features) != AsSet(b.reader_features) ||
        AsSet(a.writer_features) != AsSet(b.writer_features)) {
      out.emplace_back("the protocol is not the log's");
    }
  }
  if (!checksum.metadata) return;
  const Metadata& a = *checksum.metadata;
  const Metadata& b = snapshot.metadata;
  const std::pair<bool, std::string_view> kParts[] = {
      {a.id == b.id, "the table id is"},
      {SameSchema(a, b), "the schema is"},
      {a.partition_columns == b.partition_columns, "the partition columns are"},
      {a.configuration == b.configuration, "the table properties are"}};
  for (const auto& [same, what] : kParts) {
    if (!same) out.push_back(fmt::format("{} not the log's", what));
  }
}

void CompareFiles(const Commit& checksum, const Snapshot& snapshot, std::string_view root,
                  Differences& out) {
  std::map<std::string, int64_t> in_checksum;
  for (const AddFile& add : checksum.adds) {
    in_checksum.emplace(LogicalFileKey(add.path, add.deletion_vector, root), add.size);
  }
  for (const LiveFile& file : snapshot.files) {
    const auto found = in_checksum.find(LogicalFileKey(file.path, file.deletion_vector, root));
    if (found == in_checksum.end()) {
      out.push_back(fmt::format("allFiles lacks '{}', which the log has", file.path));
      return;
    }
    if (found->second != file.size) {
      out.push_back(fmt::format("allFiles says that '{}' has {} bytes, the log says {}", file.path,
                                found->second, file.size));
      return;
    }
    in_checksum.erase(found);
  }
  if (in_checksum.empty()) return;
  const std::string& key = in_checksum.begin()->first;
  out.push_back(
      fmt::format("allFiles has '{}', which the log lacks", key.substr(0, key.find('\0'))));
}

// nullopt for a text that is not JSON: writers do not make the file in one step, and it may be torn.
std::optional<Differences> Compare(std::string_view text, std::string_view name,
                                   const Snapshot& snapshot, std::string_view root) {
  JsonParser parser;
  const auto json = parser.Parse(text, name);
  if (!json) return std::nullopt;
  Differences out;
  const auto unreadable = [&](const Error& error) {
    out.push_back(fmt::format("a part of it cannot be read ({})", error.message));
  };
  const auto checksum = JsonObject::From(*json, "checksum");
  if (!checksum) {
    unreadable(checksum.error());
    return out;
  }
  if (const Status numbers = CompareNumbers(*checksum, snapshot, out); !numbers) {
    unreadable(numbers.error());
  }
  const auto actions = ActionsIn(*checksum, "checksum");
  if (!actions) {
    unreadable(actions.error());
    return out;
  }
  CompareTable(*actions, snapshot, out);
  if (checksum->Get("allFiles")) CompareFiles(*actions, snapshot, root, out);
  return out;
}

}  // namespace

Result<bool> HasChecksum(const Log& log, Version version) {
  if (version.value < 0) return false;
  const auto info = log.store().Head(ChecksumKey(version));
  if (!info && info.error().kind != ErrorKind::kNotFound) return Fail(info.error());
  return info.has_value();
}

Result<Differences> DifferencesToChecksum(const Log& log, const Snapshot& snapshot) {
  const store::Key key = ChecksumKey(snapshot.version);
  const std::string name = log.store().DisplayName(key);
  const auto info = log.store().Head(key);
  if (!info && info.error().kind == ErrorKind::kNotFound) return Differences();
  if (!info) return Fail(info.error());
  if (!RequireFits(info->size, kMostChecksumBytes, name)) return Differences();
  SLUICE_ASSIGN_OR_RETURN(const std::string text, log.store().Get(key));
  auto found = Compare(text, name, snapshot, log.store().DisplayName(""));
  if (!found) return Differences();
  for (std::string& difference : *found) difference = fmt::format("{}: {}", name, difference);
  return *std::move(found);
}

}  // namespace sluice::delta
