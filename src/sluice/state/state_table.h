#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/runtime/entropy.h"
#include "sluice/state/state_change.h"
#include "sluice/state/state_rows.h"
#include "sluice/store/object_store.h"

/// _export_state as a Delta table at one version: loaded whole, and turned into the next commit.
namespace sluice::state {

enum class Columns {
  kGuide,  ///< the guide's four, for looking
  kAll,    ///< what a rewrite must keep
};

struct StateFile {
  delta::LiveFile file;
  std::shared_ptr<arrow::Table> rows;  ///< live ones
};

struct LoadedState {
  delta::Snapshot snapshot;
  delta::TableSchema
      schema;  ///< of the rows: all columns but void ones, which no file holds, or the guide's
  StateColumns columns;  ///< in the rows
  /// Of the rows, after those of `schema`: each row's id and the version that last wrote it, where the table
  /// tracks rows and Columns::kAll is wanted; else empty.
  std::vector<delta::Field> hidden;
  std::vector<StateFile> files;

  std::vector<StateRow> Rows() const;
  std::vector<StateRow> RowsNamed(std::string_view source_table) const;
  std::optional<int64_t> FollowedThrough(const std::string& app_id) const;
};

/// The newest version's snapshot without files; nullopt if there is no Delta table yet: nothing at all
/// lies in `_delta_log`.
Result<std::optional<delta::Snapshot>> LoadMarks(
    const std::shared_ptr<store::ObjectStore>& table_store);
/// The newest version with its rows; nullopt as above. kUnsupported if the columns are not the guide's, and for
/// Columns::kAll if others are of types that a rewrite could not keep; kCorrupt, with a remedy for a state table,
/// where a file of rows is lost, damaged or lies outside the table's folder.
Result<std::optional<LoadedState>> LoadState(const std::shared_ptr<store::ObjectStore>& table_store,
                                             Columns columns);

/// Brings `state`, loaded with Columns::kAll, to the version of `commit`, which was made from it and is in the log.
/// `file`: that commit as listed. False, with `state` as it was, for a commit that changes more than rows.
Result<bool> TakeCommit(const std::shared_ptr<store::ObjectStore>& table_store,
                        const delta::Commit& commit, const delta::CommitFile& file,
                        LoadedState& state);

/// Who commits, and when.
struct Author {
  std::string app_id;
  int64_t n = 0;
  Timestamp now;
  std::string engine;  ///< "sluice/0.1.0"
};

/// Commit 0: the guide's table, with a retention of one day. `author.app_id` is not used.
delta::Commit CreationCommit(const Author& author, runtime::Entropy& entropy);

/// The commit after `state` that carries `change` out, with the txn action; writes its data files. Files
/// that hold the row are rewritten, and with them all others while the table is small, so that it stays
/// one file. `state` must be loaded with Columns::kAll. kUnsupported if the table asks too much of
/// a writer (delta::CheckWritable) or is partitioned by a column that the change moves.
Result<delta::Commit> ChangeCommit(store::ObjectStore& table_store, runtime::Entropy& entropy,
                                   const LoadedState& state, const RowChange& change,
                                   const Author& author);

/// The error that a ChangeCommit of `change` would end in, whatever the store does; writes nothing. `table`: as
/// messages call it.
Status RehearseCommit(const LoadedState& state, const RowChange& change, std::string_view table);

}  // namespace sluice::state
