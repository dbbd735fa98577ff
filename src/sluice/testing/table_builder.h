#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sluice/delta/log/actions.h"
#include "sluice/runtime/entropy.h"
#include "sluice/store/object_store.h"

namespace sluice::testing {

/// One row of a built table: columns `id`, `ts` and `text`; nullopt is null.
struct Row {
  int64_t id = 0;
  std::optional<int64_t> ts = {};  ///< micros since the epoch, in whatever type the column has
  std::optional<std::string> text = {};
  std::optional<std::string> added = {};  ///< value of the columns that AddColumn added
  auto operator<=>(const Row&) const = default;
};

struct TableOptions {
  std::string id = "11111111-1111-4111-8111-111111111111";
  delta::TypeId watermark_type = delta::TypeId::kTimestamp;  ///< or kTimestampNtz, kDate, kString
  std::map<std::string, std::string> properties = {};  ///< e.g. delta.enableChangeDataFeed = true
};

/// Builds a small Delta table in any store through the real write path, a commit a call, and knows what
/// stands in it: Rows() is the second source of truth of a test. Each call answers with the version that
/// it made; failures are failures of the running test. With delta.enableChangeDataFeed = true, calls that
/// rewrite files write change data files, as Spark does. Not thread-safe.
class TableBuilder {
 public:
  using Predicate = std::function<bool(const Row&)>;

  explicit TableBuilder(std::shared_ptr<store::ObjectStore> table_store, TableOptions options = {});

  /// The time that the next commits carry, in their commitInfo (and as in-commit timestamp where the
  /// table asks for it).
  TableBuilder& At(Timestamp now);

  /// One file.
  Version Append(const std::vector<Row>& rows);
  /// Rewrites the files that hold such rows; a file that keeps none goes.
  Version Delete(const Predicate& rows);
  Version Update(const Predicate& rows, const std::string& text);
  /// Makes one file of all, without a data change.
  Version Optimize();
  /// A nullable string column at the end.
  Version AddColumn(const std::string& name);
  Version SetProperty(const std::string& key, const std::string& value);
  /// CREATE OR REPLACE: another table id, no rows, and as the log goes on the next version.
  Version Replace(const std::string& id);
  /// DROP and CREATE at the same path: all objects go, and a new log begins.
  Version Recreate(const std::string& id);

  void Checkpoint();
  /// Deletes the data files that are no longer live.
  void Vacuum();
  /// Deletes commits below `version`. Checkpoint first.
  void CleanLog(Version version);

  /// Live rows, sorted.
  std::vector<Row> Rows() const;
  /// What was live at `version`, sorted.
  std::vector<Row> RowsAt(Version version) const;
  /// One row that a file holds; `change` is "" outside of change data files.
  struct FileRow {
    Row row;
    std::string change;
  };
  /// The rows of any file ever written; empty for a path that is not known.
  const std::vector<FileRow>& RowsIn(const std::string& path) const;
  /// Whether a data file was live at `version`.
  bool WasLive(const std::string& path, Version version) const;
  /// The latest version.
  Version version() const { return version_; }
  const std::shared_ptr<store::ObjectStore>& store() const { return store_; }
  /// Paths of the live data files.
  std::vector<std::string> Files() const;

 private:
  struct File {
    delta::AddFile add;
    std::vector<Row> rows;
  };

  Version Commit(const std::string& operation, delta::Commit commit);
  delta::Metadata NewMetadata(const std::string& id) const;
  bool feed_on() const;
  File Write(const std::vector<Row>& rows);
  /// Replaces the files in which `change` (nullopt: the row goes) alters a row.
  Version Rewrite(const std::string& operation,
                  const std::function<std::optional<Row>(const Row&)>& change);
  void RemoveAll(delta::Commit& commit, bool data_change);

  const std::shared_ptr<store::ObjectStore> store_;
  const TableOptions options_;
  const std::shared_ptr<runtime::Entropy> entropy_ = runtime::SeededEntropy(11);
  Timestamp now_{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z
  Version version_;
  delta::Metadata metadata_;
  std::vector<File> files_;
  std::map<Version, std::vector<Row>> history_;
  std::map<Version, std::set<std::string>> live_;        ///< paths
  std::map<std::string, std::vector<FileRow>> written_;  ///< by path
};

}  // namespace sluice::testing
