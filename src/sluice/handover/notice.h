#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/ledger/records.h"
#include "sluice/store/location.h"

/// What is handed over, as a value. Pure. Nothing in it names a place of a source or a column that is not exported.
namespace sluice::handover {

using Json = nlohmann::ordered_json;

struct ColumnNotice {
  std::string name, parquet, spark, bigquery, snowflake;
  bool nullable = true;
  bool in_path = false;  ///< stands in the folders' names, not in the files
  bool operator==(const ColumnNotice&) const = default;
};

struct TableNotice {
  std::string table, name, pattern;
  std::string watermark;  ///< append only
  std::vector<std::string>
      layout;  ///< below the destination: "events_incremental/dt=YYYY-MM-DD/hr=HH/*.parquet"
  std::string manifests;  ///< folder below the destination
  std::string schedule, timezone;
  std::string late_rows;  ///< append only: export, report, ignore
  int keep = 0;           ///< snapshot only: how many stay at least
  std::vector<ColumnNotice> columns;
  // What follows changes with every export and is not compared.
  int64_t exports = 0;               ///< the newest number; 0 where nothing is exported yet
  std::vector<std::string> samples;  ///< files that lie there; below the destination
};

struct Notice {
  std::string url, region;  ///< region "" where the config does not say it
  std::string encryption;   ///< "none", "sse-s3", "sse-kms"
  std::string program;
  Timestamp made_at;
  std::vector<TableNotice> tables;
  /// What is different from the notice made at `since`, one sentence each; nullopt: there was none.
  std::optional<Timestamp> since;
  std::vector<std::string> changes;
};

/// What a table's exports show, or its source where nothing is exported.
struct TableFacts {
  const config::Table* table = nullptr;    ///< outlives the call
  std::optional<ledger::Manifest> newest;  ///< with a schema and files of the table's own pattern
  int64_t exports = 0;
  std::vector<std::string> samples;   ///< files that lie there, below the destination
  std::vector<delta::Field> columns;  ///< of the source, as chosen; used where `newest` is missing
};

/// kCorrupt where a manifest's schema cannot be read.
Result<Notice> MakeNotice(const config::Config& config, const store::Location& destination,
                          const std::vector<TableFacts>& tables, Timestamp now,
                          std::string_view program);

/// Compares with the notice before and keeps what it finds in `notice`. Where nothing is different, the changes that
/// `before` told stay, so that a notice can be made again before it is sent.
void TellChanges(const Notice& before, Notice& notice);

Json ToJson(const Notice& notice);
/// kCorrupt, naming `file`, for what is not such a notice; kUnsupported for one of a later format.
Result<Notice> ParseNotice(std::string_view text, std::string_view file);

}  // namespace sluice::handover
