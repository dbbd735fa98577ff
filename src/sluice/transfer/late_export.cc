#include "sluice/transfer/late_export.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/columnar/arrow_io.h"
#include "sluice/columnar/row_hash.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/transfer/late_rows.h"
#include "sluice/transfer/time_slices.h"

namespace sluice::transfer {
namespace {

/// Memory of one row to compare: its place in a growing vector, in a sorted one and in the DropSet.
constexpr int64_t kBytesPerRow = 3 * sizeof(HashedRow);

std::vector<ScanFile> ToScan(const std::vector<plan::SourceFile>& files) {
  std::vector<ScanFile> scans;
  for (const auto& file : files) scans.push_back({&file, /*count_nulls=*/false});
  return scans;
}

/// Which of `count` passes a row is compared in. Rows that may cancel each other share one.
struct Share {
  plan::CancelRule rule = plan::CancelRule::kByRow;
  uint64_t count = 1, index = 0;

  bool Has(const columnar::RowHash& hash, int64_t watermark) const {
    if (count == 1) return true;
    // Watermarks are as regular as clocks are; the multiplier (2^64 / golden ratio) scatters them.
    const uint64_t scattered = rule == plan::CancelRule::kByRow
                                   ? hash.high
                                   : (static_cast<uint64_t>(watermark) * 0x9E3779B97F4A7C15u) >> 32;
    return scattered % count == index;
  }
};

delta::Field ChangeType() {
  delta::Field field;
  field.name = delta::kChangeTypeColumn;
  field.type.id = delta::TypeId::kString;
  return field;
}

/// The rows of one commit that it may have rewritten. Change files hold every kind of change: what was inserted came
/// new, less what was deleted.
class RewrittenRows {
 public:
  RewrittenRows(RowExport& row_export, const plan::ExportTask& task, const plan::LateRead& read,
                const plan::LateCommit& commit)
      : row_export_(row_export),
        window_(read.window),
        commit_(commit),
        projection_(RowProjection::OfOutput(task)) {
    for (const auto& field : read.row_identity) identity_.push_back(projection_.Add(field));
    if (!commit.change_files.empty()) change_column_ = projection_.Add(ChangeType());
  }

  Status Export(int64_t memory_bytes) {
    SLUICE_ASSIGN_OR_RETURN(const int64_t rows, CountRows());
    Share share;
    share.rule = commit_.cancel;
    share.count =
        static_cast<uint64_t>(rows * kBytesPerRow / std::max<int64_t>(memory_bytes, 1)) + 1;
    for (share.index = 0; share.index < share.count; ++share.index) {
      SLUICE_RETURN_IF_ERROR(ExportShare(share));
    }
    return {};
  }

 private:
  const std::vector<plan::SourceFile>& Added() const {
    return change_column_ ? commit_.change_files : commit_.added;
  }
  const std::vector<plan::SourceFile>& Removed() const {
    return change_column_ ? commit_.change_files : commit_.removed;
  }

  /// Upper bound of the rows that are held at one time.
  Result<int64_t> CountRows() {
    SLUICE_ASSIGN_OR_RETURN(int64_t rows,
                            row_export_.CountRows(ToScan(Removed()), window_, projection_));
    if (commit_.cancel == plan::CancelRule::kByRow) return rows;
    SLUICE_ASSIGN_OR_RETURN(const int64_t added,
                            row_export_.CountRows(ToScan(Added()), window_, projection_));
    return rows + added;
  }

  /// Whether the row is a change of that kind; true where the rows are not those of change files.
  bool Is(std::string_view kind, const arrow::RecordBatch& batch, int64_t row) const {
    if (!change_column_) return true;
    const auto& changes = static_cast<const arrow::StringArray&>(*batch.column(*change_column_));
    return !changes.IsNull(row) && changes.GetView(row) == kind;
  }

  Result<std::vector<columnar::RowHash>> Hash(const arrow::RecordBatch& batch) const {
    SLUICE_ARROW_ASSIGN(const auto rows, batch.SelectColumns(identity_), "rows to compare");
    return columnar::HashRows(*rows);
  }

  /// The rows of `files` inside the window that belong to `share`; of change files, those of `kind`.
  Result<std::vector<HashedRow>> Collect(const std::vector<plan::SourceFile>& files,
                                         std::string_view kind, const Share& share) {
    std::mutex mutex;
    std::vector<HashedRow> collected;
    SLUICE_RETURN_IF_ERROR(row_export_.Read(
        ToScan(files), window_, projection_,
        [&](const arrow::RecordBatch& batch, const arrow::TimestampArray& instants) -> Status {
          SLUICE_ASSIGN_OR_RETURN(const auto hashes, Hash(batch));
          const std::lock_guard lock(mutex);
          for (int64_t row = 0; row < batch.num_rows(); ++row) {
            if (instants.IsNull(row) || !Is(kind, batch, row)) continue;
            const int64_t t = instants.Value(row);
            if (t <= window_.start.micros || t > window_.end.micros) continue;
            const columnar::RowHash& hash = hashes[static_cast<size_t>(row)];
            if (share.Has(hash, t)) collected.push_back({hash, t});
          }
          return {};
        }));
    return collected;
  }

  Status ExportShare(const Share& share) {
    SLUICE_ASSIGN_OR_RETURN(auto removed, Collect(Removed(), "delete", share));
    std::vector<HashedRow> added;
    if (commit_.cancel != plan::CancelRule::kByRow && !removed.empty()) {
      SLUICE_ASSIGN_OR_RETURN(added, Collect(Added(), "insert", share));
    }
    DropSet drop(FindRewritten(std::move(added), std::move(removed), commit_.cancel));
    ExportPass pass;
    pass.files = ToScan(Added());
    pass.window = window_;
    pass.filter = [&](const arrow::RecordBatch& batch, const arrow::TimestampArray& instants,
                      std::vector<uint8_t>& keep) -> Status {
      SLUICE_ASSIGN_OR_RETURN(const auto hashes, Hash(batch));
      for (size_t row = 0; row < keep.size(); ++row) {
        const auto at = static_cast<int64_t>(row);
        if (instants.IsNull(at) || !Is("insert", batch, at) ||
            !share.Has(hashes[row], instants.Value(at))) {
          keep[row] = 0;
        }
      }
      drop.Apply(hashes, keep);
      return {};
    };
    return row_export_.Export(std::move(pass), projection_);
  }

  RowExport& row_export_;
  const plan::TimeWindow window_;
  const plan::LateCommit& commit_;
  RowProjection projection_;
  std::vector<int> identity_;
  std::optional<int> change_column_;  ///< set where the commit has change files
};

}  // namespace

Status ExportLateCommit(RowExport& row_export, const plan::ExportTask& task,
                        const plan::LateRead& read, const plan::LateCommit& commit,
                        int64_t memory_bytes) {
  if (!commit.change_files.empty())
    return RewrittenRows(row_export, task, read, commit).Export(memory_bytes);
  const bool may_have_brought =
      std::any_of(commit.added.begin(), commit.added.end(),
                  [&](const plan::SourceFile& file) { return MayHoldRowsOf(read.window, file); });
  if (!may_have_brought) return {};
  if (!commit.removed.empty())
    return RewrittenRows(row_export, task, read, commit).Export(memory_bytes);
  ExportPass pass;
  pass.files = ToScan(commit.added);
  pass.window = read.window;
  return row_export.Export(std::move(pass), RowProjection::OfOutput(task));
}

}  // namespace sluice::transfer
