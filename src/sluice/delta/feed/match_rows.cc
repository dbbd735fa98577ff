#include "sluice/delta/feed/match_rows.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/columnar/row_hash.h"
#include "sluice/delta/feed/change_projection.h"

/// Rows are matched in passes: each holds the removed rows of one share of the ids (or hashes), sorted, and lets the
/// added rows of that share go by. So memory does not grow with the commit, but for two bits a row that is matched;
/// a commit of n times the memory is read n times, of which each reads the hidden columns only (kRows: all columns).
namespace sluice::delta {
namespace {

using columnar::RowHash;

constexpr int64_t kBatchRows = 16 * 1024;

/// A row that the commit removed.
struct Removed {
  RowHash key;  ///< kRows: of its values; kRowTracking: its id
  std::optional<int64_t> commit_version;
  uint32_t file = 0;
  int64_t position = 0;
};
/// With its place in a vector that grows, and the counter of those that were found.
constexpr int64_t kBytesPerRow = 2 * sizeof(Removed) + sizeof(uint32_t);

bool ByKey(const Removed& a, const Removed& b) {
  return std::tie(a.key, a.file, a.position) < std::tie(b.key, b.file, b.position);
}

Field HiddenColumn(std::string name) {
  return Field{std::move(name), DataType{TypeId::kLong, 0, 0, {}}, true, "{}"};
}

/// Which of `count` passes a row is matched in.
struct Share {
  uint64_t count = 1, index = 0;

  bool Has(const RowHash& key) const {
    // Row ids follow one another; the multiplier (2^64 / golden ratio) scatters them.
    return count == 1 || ((key.low * 0x9E3779B97F4A7C15u) >> 32) % count == index;
  }
};

/// One row of a file, as it is matched.
struct Seen {
  RowHash key;
  std::optional<int64_t> commit_version;
  int64_t position = 0;
};

class RowMatcher {
 public:
  RowMatcher(std::shared_ptr<store::ObjectStore> table_store, const MatchOptions& options,
             CommitChanges& changes)
      : store_(std::move(table_store)), options_(options), changes_(changes), era_(*changes.match) {
    fates_.resize(changes.files.size());
    seen_.resize(changes.files.size());
    if (era_.source == ChangeSource::kRows) {
      columns_ = options.row;
      return;
    }
    for (const std::string* name : {&era_.hidden.row_id, &era_.hidden.row_commit_version}) {
      hidden_.push_back(name->empty() ? -1 : static_cast<int>(columns_.size()));
      if (!name->empty()) columns_.push_back(HiddenColumn(*name));
    }
  }

  Status Match() {
    SLUICE_ASSIGN_OR_RETURN(const int64_t rows, CountRemoved());
    Share share;
    share.count =
        static_cast<uint64_t>(rows * kBytesPerRow / std::max<int64_t>(options_.memory_bytes, 1)) +
        1;
    for (share.index = 0; share.index < share.count; ++share.index) {
      SLUICE_RETURN_IF_ERROR(MatchShare(share));
    }
    Finish();
    return {};
  }

 private:
  Result<std::unique_ptr<DataFile>> Open(const ChangeFile& file) const {
    SLUICE_ASSIGN_OR_RETURN(Projection projection, ProjectionOf(file, columns_, options_.zone));
    projection.positions = true;
    auto opened =
        DataFile::OpenRows(store_, file.path, file.partition_values, file.rows, projection);
    if (!opened) return Fail(WithinVersion(std::move(opened).error(), changes_.version));
    return opened;
  }

  /// Upper bound of the removed rows. The log has no count of those in removed files.
  Result<int64_t> CountRemoved() const {
    int64_t rows = 0;
    for (const ChangeFile& file : changes_.files) {
      if (file.kind != ChangeKind::kDelete) continue;
      if (file.rows.only) {
        rows += file.rows.only->cardinality;
        continue;
      }
      SLUICE_RETURN_IF_ERROR(options_.check());
      SLUICE_ASSIGN_OR_RETURN(const auto data, Open(file));
      rows += data->num_rows();
    }
    return rows;
  }

  Status MatchShare(const Share& share) {
    std::vector<Removed> removed;
    for (size_t i = 0; i < changes_.files.size(); ++i) {
      if (changes_.files[i].kind != ChangeKind::kDelete) continue;
      SLUICE_RETURN_IF_ERROR(VisitRows(i, share, [&](const Seen& row) -> Status {
        removed.push_back({row.key, row.commit_version, static_cast<uint32_t>(i), row.position});
        return {};
      }));
    }
    std::sort(removed.begin(), removed.end(), ByKey);
    SLUICE_RETURN_IF_ERROR(RequireDistinctIds(removed));
    // How many rows of one key were found is counted at the first of them.
    std::vector<uint32_t> found(removed.size(), 0);
    for (size_t i = 0; i < changes_.files.size(); ++i) {
      if (changes_.files[i].kind != ChangeKind::kInsert) continue;
      SLUICE_RETURN_IF_ERROR(VisitRows(i, share, [&](const Seen& row) -> Status {
        const auto first =
            std::lower_bound(removed.begin(), removed.end(), row.key,
                             [](const Removed& a, const RowHash& key) { return a.key < key; });
        if (first == removed.end() || first->key != row.key) return {};
        const auto place = static_cast<size_t>(first - removed.begin());
        const size_t match = place + found[place];
        if (match >= removed.size() || removed[match].key != row.key) return {};
        ++found[place];
        Note(removed[match], i, row);
        return {};
      }));
    }
    return {};
  }

  Status RequireDistinctIds(const std::vector<Removed>& removed) const {
    if (era_.source != ChangeSource::kRowTracking) return {};
    const auto twice =
        std::adjacent_find(removed.begin(), removed.end(),
                           [](const Removed& a, const Removed& b) { return a.key == b.key; });
    if (twice == removed.end()) return {};
    return Fail(Error{
        ErrorKind::kCorrupt,
        fmt::format(
            "version {}: two of the rows that it removed have row id {}, one in {}, one in {}",
            changes_.version.value, twice->key.low, changes_.files[twice->file].path,
            changes_.files[std::next(twice)->file].path),
        std::string(kStartAgain)});
  }

  /// Both rows are one: copied, or updated.
  void Note(const Removed& before, size_t file, const Seen& after) {
    const bool copied = era_.source == ChangeSource::kRows || Copied(before, after);
    const auto note = [&](RowFates& fates, int64_t position) {
      (copied ? fates.copied : fates.updated).Add(position);
    };
    note(fates_[before.file], before.position);
    note(fates_[file], after.position);
  }

  bool Copied(const Removed& before, const Seen& after) const {
    if (!after.commit_version) return false;
    if (before.commit_version) return *before.commit_version == *after.commit_version;
    return *after.commit_version < changes_.version.value;
  }

  Status VisitRows(size_t file, const Share& share,
                   const std::function<Status(const Seen&)>& visit) {
    SLUICE_ASSIGN_OR_RETURN(const auto data, Open(changes_.files[file]));
    for (int group = 0; group < data->num_row_groups(); ++group) {
      SLUICE_RETURN_IF_ERROR(data->ReadRowGroup(
          group, kBatchRows, [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
            SLUICE_RETURN_IF_ERROR(options_.check());
            SLUICE_ASSIGN_OR_RETURN(const auto rows, RowsOf(*batch, changes_.files[file].ids));
            for (const Seen& row : rows) {
              if (!share.Has(row.key)) continue;
              ++seen_[file];
              SLUICE_RETURN_IF_ERROR(visit(row));
            }
            return {};
          }));
    }
    return {};
  }

  Result<std::vector<Seen>> RowsOf(const arrow::RecordBatch& batch,
                                   const RowTrackingIds& ids) const {
    std::vector<Seen> rows(static_cast<size_t>(batch.num_rows()));
    const int last = batch.num_columns() - 1;
    const auto& positions = static_cast<const arrow::Int64Array&>(*batch.column(last));
    std::vector<RowHash> hashes;
    if (era_.source == ChangeSource::kRows) {
      SLUICE_ARROW_ASSIGN(const auto values, batch.RemoveColumn(last), "rows to compare");
      SLUICE_ASSIGN_OR_RETURN(hashes, columnar::HashRows(*values));
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      rows[i].position = positions.Value(row);
      if (era_.source == ChangeSource::kRows) {
        rows[i].key = hashes[i];
        continue;
      }
      const auto id = Hidden(batch, hidden_[0], row);
      rows[i].key.low = id ? static_cast<uint64_t>(*id)
                           : static_cast<uint64_t>(ids.base_row_id.value_or(0)) +
                                 static_cast<uint64_t>(rows[i].position);
      const auto version = Hidden(batch, hidden_[1], row);
      rows[i].commit_version = version ? version : ids.default_row_commit_version;
    }
    return rows;
  }

  static std::optional<int64_t> Hidden(const arrow::RecordBatch& batch, int column, int64_t row) {
    if (column < 0) return std::nullopt;
    const auto& values = static_cast<const arrow::Int64Array&>(*batch.column(column));
    if (values.IsNull(row)) return std::nullopt;
    return values.Value(row);
  }

  void Finish() {
    std::vector<ChangeFile> files;
    for (size_t i = 0; i < changes_.files.size(); ++i) {
      if (fates_[i].copied.size() == seen_[i]) continue;
      files.push_back(std::move(changes_.files[i]));
      if (fates_[i].copied.size() + fates_[i].updated.size() == 0) continue;
      files.back().fates = std::make_shared<const RowFates>(std::move(fates_[i]));
    }
    changes_.files = std::move(files);
  }

  const std::shared_ptr<store::ObjectStore> store_;
  const MatchOptions& options_;
  CommitChanges& changes_;
  const FeedEra era_;
  std::vector<Field> columns_;   ///< that are read, but for the position
  std::vector<int> hidden_;      ///< of row id and row commit version, among them; -1: none
  std::vector<RowFates> fates_;  ///< by file
  std::vector<int64_t> seen_;    ///< rows, by file
};

}  // namespace

Status MatchRows(const std::shared_ptr<store::ObjectStore>& table_store,
                 const MatchOptions& options, CommitChanges& changes) {
  if (!changes.match) return {};
  SLUICE_RETURN_IF_ERROR(RowMatcher(table_store, options, changes).Match());
  changes.match.reset();
  return {};
}

}  // namespace sluice::delta
