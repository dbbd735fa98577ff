#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/base/result.h"
#include "sluice/delta/read/data_file.h"
#include "sluice/plan/export_task.h"
#include "sluice/store/object_store.h"
#include "sluice/transfer/progress.h"
#include "sluice/transfer/watermark_column.h"

namespace sluice::transfer {

/// A file to read.
struct ScanFile {
  const plan::SourceFile* source = nullptr;  ///< borrowed
  /// Its rows without a watermark are to be counted; false where an earlier scan did it.
  bool count_nulls = false;
};

/// One row group to read.
struct ScanUnit {
  std::shared_ptr<const delta::DataFile> data;
  ScanFile file;
  int row_group = 0;
  /// Its rows lie outside of the window; only those without a watermark are wanted.
  bool nulls_only = false;
  size_t file_index = 0, group_index = 0;  ///< for Done()
};

/// Hands out the row groups that may hold rows of a window, in the order of their watermarks as far as
/// that is known, to as many threads as ask. Files are opened as they are needed. Thread-safe.
class FileScan {
 public:
  /// Borrows `watermark` and `progress`.
  FileScan(std::shared_ptr<store::ObjectStore> source, std::vector<ScanFile> files,
           delta::Projection projection, const WatermarkColumn& watermark, plan::TimeWindow window,
           Progress& progress);

  /// The next row group; nullopt when there are no more. An error, as DataFile::Open gives it, ends
  /// the scan for everybody.
  Result<std::optional<ScanUnit>> Next();
  /// Every row of `unit` is where it belongs.
  void Done(const ScanUnit& unit);
  /// Ends the scan: Next() gives nullopt from now on.
  void Stop();

  /// No row that is not done yet has an earlier watermark (micros); INT64_MIN while nothing is known,
  /// INT64_MAX when all is done.
  int64_t LowWatermark();
  /// Rows without a watermark in row groups that need not be read.
  int64_t skipped_nulls() const;

 private:
  enum class State { kPending, kOpening, kOpen, kDone };
  struct Group {
    int row_group = 0;
    int64_t low = 0;
    bool nulls_only = false;
    bool done = false;
  };
  struct File {
    ScanFile file;
    int64_t low = 0;  ///< no row has an earlier watermark
    State state = State::kPending;
    std::shared_ptr<const delta::DataFile> data;  ///< while open
    std::vector<Group> groups;
    size_t next_group = 0;
    size_t groups_left = 0;  ///< not done
  };

  Status OpenFile(size_t index, const plan::SourceFile& source) SLUICE_EXCLUDES(mutex_);
  void AddGroups(File& file) SLUICE_REQUIRES(mutex_);
  std::optional<ScanUnit> TakeUnit() SLUICE_REQUIRES(mutex_);

  const std::shared_ptr<store::ObjectStore> source_;
  const delta::Projection projection_;
  const WatermarkColumn& watermark_;
  const plan::TimeWindow window_;
  Progress& progress_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<File> files_ SLUICE_GUARDED_BY(mutex_);  ///< ascending by low; entries never move
  size_t first_left_ SLUICE_GUARDED_BY(mutex_) = 0;    ///< all before it are done
  size_t first_pending_ SLUICE_GUARDED_BY(mutex_) =
      0;  ///< all before it have been taken for opening
  int64_t skipped_nulls_ SLUICE_GUARDED_BY(mutex_) = 0;
  bool stopped_ SLUICE_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice::transfer
