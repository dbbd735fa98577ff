#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/feed/change_source.h"
#include "sluice/delta/feed/row_fates.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/log/commit_times.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/read/data_file.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/store/object_store.h"

/// The change data feed (PROTOCOL.md, "Change Data Files"), row for row what Spark's
/// `table_changes` gives, and an error where Spark would pass over a hole. In steps: SurveyFeed says
/// what of a range can be read, VisitChanges which files hold the changes of each version, MatchRows
/// (match_rows.h) which of their rows a commit merely copied, where no feed says it, and
/// OpenChangeFile reads one of them. All of it is thread-safe and writes nothing.
namespace sluice::delta {

/// The columns that a feed has behind those of the table.
inline constexpr std::string_view kChangeTypeColumn = "_change_type";            ///< string
inline constexpr std::string_view kCommitVersionColumn = "_commit_version";      ///< long
inline constexpr std::string_view kCommitTimestampColumn = "_commit_timestamp";  ///< timestamp

/// What remedies say where only a new snapshot helps. Callers that have a command for it add the command.
inline constexpr std::string_view kStartAgain = "start again from a snapshot";

/// Why a range ends early.
enum class FeedCutCause {
  kFeedOff,       ///< changes were not recorded, and no other way to learn them is wanted
  kSchemaChange,  ///< a column dropped, renamed, retyped or tightened: no schema holds both sides
  kUnsupported,   ///< the table used a feature that sluice can't read, and gave it up later
  kLogCleanedUp,  ///< the log's retention took the commits (only at the beginning of a range)
};

struct FeedCut {
  FeedCutCause cause = FeedCutCause::kFeedOff;
  Version at;                     ///< the first version that the range can't hold
  std::optional<Version> resume;  ///< the next at which a range can begin; nullopt: none yet
  /// For a person: the versions, the cause, the remedy. kSourceGone; kUnsupported for kUnsupported;
  /// for kSchemaChange it says what changed and is not a failure unless the caller makes it one.
  Error error;

  /// False where the next range may begin at `at`, so that cutting there loses nothing.
  bool loses_changes() const { return resume != at; }
};

/// What of a wanted range can be read in one piece: [first, last], both inclusive.
struct FeedRange {
  Version first, last;  ///< last < first: nothing
  TableSchema schema;   ///< of every row in the range; the feed's own columns are not in it
  CommitTimes times;
  FeedOptions options;
  std::vector<FeedEra> eras;   ///< ascending; the first begins at `first` or before
  std::optional<FeedCut> cut;  ///< why it ends before the wanted last version
  bool empty() const { return last < first; }
};

/// Looks at the metadata of [first, last] without looking at data. `source` is the snapshot that
/// bounds the feed (SnapshotOptions::with_files is not needed): a `last` beyond it becomes its
/// version, and first = its version + 1 gives an empty range without a cut ("nothing new").
///
/// The schema is that of `source`, as Spark serves plain tables, even where the range ends before a
/// column was added. Where the range's first version does not fit into it (Spark refuses then), it
/// is the schema of the range's last version, as Spark serves tables with column mapping.
///
/// kConflict if first is beyond source + 1; kCorrupt for a hole in the log within the range, which
/// Spark passes over; otherwise as LoadSnapshot.
Result<FeedRange> SurveyFeed(const Log& log, const Snapshot& source, Version first, Version last,
                             const FeedOptions& options = {});

/// The version that last turned the feed on, so that [it, source.version] can be read as far as the
/// feed goes; where the feed is off in `source`, the version since which its changes can be learned in
/// another way. kSourceGone, naming the first readable version, where the log does not reach back to
/// it or no way is open in `source`.
Result<Version> FeedEnabledSince(const Log& log, const Snapshot& source,
                                 ChangesWanted wanted = ChangesWanted::kFeed);

/// What the rows of a change file are.
enum class ChangeKind {
  kInsert,  ///< every selected row is an `insert`
  kDelete,  ///< every selected row is a `delete`
  kInFile,  ///< a change data file: its column `_change_type` says it row by row
};

/// A part of one version's changes: some rows of one file. Value type.
struct ChangeFile {
  ChangeKind kind = ChangeKind::kInsert;
  std::string path;                  ///< as in the log
  PartitionValues partition_values;  ///< whose names are the columns that are not in the file
  std::optional<int64_t> size;       ///< bytes of the whole file, where the log says it
  RowSelection rows;  ///< the whole file, what is live in it, or a difference of vectors
  RowTrackingIds ids;
  std::shared_ptr<const RowFates> fates;  ///< by MatchRows; null: every row is what `kind` says
  bool operator==(const ChangeFile&) const = default;
};

/// One version's changes, in no particular order; a version without changes has no files.
struct CommitChanges {
  Version version;
  Timestamp committed;  ///< `_commit_timestamp`
  std::vector<ChangeFile> files;
  /// Set where rows may stand in what the commit removed and in what it added: MatchRows finds them.
  std::optional<FeedEra> match;
};

/// The changes of one commit as the feed tells them: its cdc files alone if it has any, else what its add and remove
/// actions with dataChange say. One path added and removed gives the difference of its two deletion
/// vectors: rows newly masked are deletes, rows unmasked (RESTORE) inserts. A MERGE that reports no
/// changed row gives nothing, whatever it rewrote. kUnsupported for a removed file without extended
/// metadata (its writer was old): its partition values are unknown. `root` as in AddressOf: one file may be
/// spelled in several ways.
Result<std::vector<ChangeFile>> ChangesOf(Commit commit, std::string_view root);

/// Calls `visit` for each version of `range`, ascending, versions without changes included. Commits
/// are fetched a few ahead and dropped once visited: memory does not grow with the range. An error
/// of `visit` ends it and is returned.
Status VisitChanges(const Log& log, const FeedRange& range,
                    const std::function<Status(CommitChanges)>& visit);

/// Opens the rows of `file`: schema() is `fields` (of the range's schema, any choice of them), then
/// the feed's three columns. TIMESTAMP partition values without an offset are read in `zone`. Columns that the file is too old for are null; a stray `_change_type`
/// in a data file (PROTOCOL.md, "Add CDC File") is never looked at. Row counts and sizes of row
/// groups are those of the file, selected rows or not.
///
/// kSourceGone naming version, file and remedy where it was vacuumed; otherwise as DataFile::Open.
Result<std::unique_ptr<DataFile>> OpenChangeFile(std::shared_ptr<store::ObjectStore> table_store,
                                                 Version version, Timestamp committed,
                                                 const ChangeFile& file,
                                                 const std::vector<Field>& fields,
                                                 const TimeZone& zone);

/// `fields` with the feed's three columns behind them: the schema of what OpenChangeFile reads.
std::vector<Field> WithFeedColumns(std::vector<Field> fields);

}  // namespace sluice::delta
