#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sluice/base/time_zone.h"
#include "sluice/base/types.h"
#include "sluice/columnar/parquet_encoder.h"
#include "sluice/config/config.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/plan/column_choice.h"
#include "sluice/plan/output_layout.h"

/// The work of one export as a value: what to read, which rows, where to. Made by planning, carried out
/// by transfer; it can be printed and compared.
namespace sluice::plan {

/// A data file (or change data file) of the source.
struct SourceFile {
  std::string path;  ///< as in the log
  delta::PartitionValues partition_values;
  std::optional<delta::DeletionVectorDescriptor> deletion_vector;
  int64_t size = 0;  ///< bytes
  /// Live rows by the log's statistics; nullopt where it has none.
  std::optional<int64_t> rows;
  /// Bounds of the watermark in micros, widened so that no row lies outside; nullopt: not known.
  std::optional<int64_t> watermark_min, watermark_max;
};

/// (start, end] of the watermark; start exclusive, end inclusive.
struct TimeWindow {
  Timestamp start, end;
};
/// Holds every instant that a row can have.
inline constexpr TimeWindow kAllTime{Timestamp{std::numeric_limits<int64_t>::min()},
                                     Timestamp{std::numeric_limits<int64_t>::max()}};

/// How rows that one commit rewrote are distinguished from rows that it brought.
enum class CancelRule {
  /// Rows added less rows removed, as a multiset of whole rows.
  kByRow,
  /// As kByRow; what is then left of the added rows, less, as a multiset of watermarks, what is left
  /// of the removed ones: an update keeps its row's watermark (MERGE with inserts and updates).
  kByRowThenWatermark,
};

/// What one commit after the last export's source version did, as far as late rows need it.
struct LateCommit {
  Version version;
  std::vector<SourceFile> added;
  std::vector<SourceFile> removed;  ///< read only to cancel rewritten rows
  /// Change data files of the commit; if there are any they alone count: rows with `_change_type` insert, less
  /// those with delete.
  std::vector<SourceFile> change_files;
  CancelRule cancel = CancelRule::kByRow;
};

/// Append: the rows whose watermark lies in `window`.
struct WindowRead {
  delta::Field watermark;  ///< whether exported or not
  TimeWindow window;
  std::vector<SourceFile> files;  ///< may hold rows of the window
  /// Files outside `files` whose number of NULL watermarks only their column says.
  std::vector<SourceFile> count_nulls;
  int64_t known_null_watermarks = 0;  ///< of files that are neither in `files` nor `count_nulls`
};

/// Append: rows of `window` that commits brought after it was exported.
struct LateRead {
  delta::Field watermark;
  TimeWindow window;
  std::vector<delta::Field> row_identity;  ///< all columns of the source: what kByRow compares
  std::vector<LateCommit> commits;
};

/// Every row at one version, all into one folder. An empty table still gives one file, which holds the schema.
struct WholeTableRead {
  std::vector<SourceFile> files;
};

/// Change feed: which versions; their schema and times.
struct FeedRead {
  delta::FeedRange range;
};

/// Everything transfer must know.
struct ExportTask {
  int64_t n = 0;
  std::string attempt;      ///< 16 hex digits
  std::string data_folder;  ///< below the destination, with trailing '/'

  /// In the table's order, partition columns of the export left out; for the feed with `_change_type`,
  /// `_commit_version` and `_commit_timestamp` at the end.
  std::vector<delta::Field> output_fields;
  std::vector<std::string> source_partition_columns;
  Partitioning partitioning;

  columnar::EncoderOptions encoder;  ///< int96_timestamps is decided by `timestamps`
  config::Timestamps timestamps = config::Timestamps::kMicros;
  int64_t target_file_bytes = int64_t{256} << 20;

  std::variant<WindowRead, LateRead, WholeTableRead, FeedRead> read;
};

/// The column that says when a row belongs; nullptr where no row is chosen by it.
const delta::Field* WatermarkOf(const ExportTask& task);

/// The data files whose rows may be exported; for late rows also those with what commits changed. Empty for the
/// feed, whose files only its commits name.
std::vector<const SourceFile*> FilesToExport(const ExportTask& task);

/// A task with everything but what to read: columns, partition columns and encoding, as `table` wants
/// them of a source that looks like `metadata`. kConfig and kUnsupported as ChooseColumns.
Result<ExportTask> BeginTask(const config::Table& table, const delta::Metadata& metadata);
/// The same with columns that were chosen already.
Result<ExportTask> BeginTask(const config::Table& table, const delta::Metadata& metadata,
                             Result<ColumnChoice> choice);

/// A live file as planning hands it on, without bounds.
SourceFile ToSourceFile(const delta::LiveFile& file);

}  // namespace sluice::plan
