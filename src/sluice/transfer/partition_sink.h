#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <semaphore>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/base/result.h"
#include "sluice/columnar/parquet_encoder.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/store/object_store.h"
#include "sluice/transfer/output_file.h"
#include "sluice/transfer/partition_index.h"
#include "sluice/transfer/progress.h"
#include "sluice/transfer/row_sink.h"
#include "sluice/transfer/staged_rows.h"
#include "sluice/transfer/transfer_result.h"

namespace sluice::transfer {

struct SinkOptions {
  std::shared_ptr<arrow::Schema> schema;
  columnar::EncoderOptions encoder;
  std::string data_folder;  ///< with trailing '/'
  int64_t n = 0;            ///< number of the export
  std::string attempt;
  int64_t target_file_bytes = 0;
  int64_t row_group_bytes = 0;  ///< decoded bytes at which a partition's rows are encoded
  int max_open_files = 1;
  int encoding_threads = 1;  ///< row groups that are encoded at once
};

/// Collects the rows of each partition and encodes them into files: a partition's rows wait in memory
/// until they make a good row group, its file grows until it has the wanted size or no more rows
/// can come. Where memory or open files run out, the partitions that wait longest are written
/// first and the file idle longest is finished; such a partition gets more than one file.
///
/// Thread-safe: many threads add rows; the one that fills a partition encodes it. One thread at a
/// time works on a partition ("busy"); no thread waits while it is the one that works.
class PartitionSink : public RowSink {
 public:
  /// Borrows everything, for its own life.
  PartitionSink(store::ObjectStore& destination, PartitionIndex& index, MemoryBudget& budget,
                SinkOptions options, Progress& progress);

  /// Encodes what is full, and makes room where the budget is exceeded.
  Status Add(std::shared_ptr<const StagedRows> rows, const std::vector<Run>& runs) override;
  /// No row before `instant` (micros) is to come any more: finishes the files of such partitions.
  Status CloseBefore(int64_t instant);
  /// Encodes what is left and finishes every file, on up to `threads` threads. No Add may run.
  Status CloseAll(int threads, const runtime::CancelToken& cancel);

  /// Finishes a file without rows in `partition`, if there is no file at all. After CloseAll.
  Status EnsureOneFile(int partition);

  /// The finished files, ordered by key.
  std::vector<ExportedFile> TakeFiles();
  /// Aborts every upload, finished or not, best effort. No other call may run.
  void Abort();

 private:
  struct Partition {
    int number = -1;
    std::vector<Piece> pieces;
    int64_t rows = 0, bytes = 0;  ///< of pieces
    int64_t oldest = 0;           ///< sequence number of the first piece
    int64_t end = 0;              ///< key in by_end_
    bool busy = false;
    bool close_wanted = false;         ///< to be finished by the thread that is busy with it
    int64_t last_write = 0;            ///< key in open_, while it has a file
    std::unique_ptr<OutputFile> file;  ///< touched only by the thread that set busy
  };

  Partition& Find(int number) SLUICE_REQUIRES(mutex_);
  bool IsFull(const Partition& partition) const;
  /// The first partition of `queue` that no thread works on; null where there is none.
  Partition* FindIdle(const std::set<std::pair<int64_t, int>>& queue) SLUICE_REQUIRES(mutex_);
  std::vector<Piece> Claim(Partition& partition) SLUICE_REQUIRES(mutex_);
  /// Claims an idle partition and writes its pieces, without the mutex.
  Status ClaimAndWork(Partition& partition, bool close) SLUICE_REQUIRES(mutex_);
  /// Called with busy set, which Work() unsets at its end.
  Status Work(Partition& partition, std::vector<Piece> pieces, bool close) SLUICE_EXCLUDES(mutex_);
  Status Write(Partition& partition, std::vector<Piece> pieces) SLUICE_EXCLUDES(mutex_);
  Status WriteChunk(Partition& partition, const std::vector<Piece>& pieces) SLUICE_EXCLUDES(mutex_);
  Status Encode(OutputFile& file, const arrow::Table& rows);
  Status OpenFile(Partition& partition) SLUICE_EXCLUDES(mutex_);
  Result<std::unique_ptr<OutputFile>> OpenUnlocked(const store::Key& key) SLUICE_REQUIRES(mutex_);
  Status CloseFile(Partition& partition) SLUICE_EXCLUDES(mutex_);
  Status MakeRoom() SLUICE_REQUIRES(mutex_);
  Status Stopped() const SLUICE_REQUIRES(mutex_);

  store::ObjectStore& destination_;
  PartitionIndex& index_;
  MemoryBudget& budget_;
  const SinkOptions options_;
  std::counting_semaphore<> encoding_;  ///< threads that finish files are more than may encode
  Progress& progress_;

  Mutex mutex_;
  CondVar idle_;  ///< signalled when a partition is not busy any more
  std::map<int, Partition> partitions_ SLUICE_GUARDED_BY(mutex_);  ///< elements never move
  /// (oldest, number): partitions with pieces
  std::set<std::pair<int64_t, int>> waiting_ SLUICE_GUARDED_BY(mutex_);
  /// (end, number): with pieces or a file
  std::set<std::pair<int64_t, int>> by_end_ SLUICE_GUARDED_BY(mutex_);
  /// (last_write, number): with an open file
  std::set<std::pair<int64_t, int>> open_ SLUICE_GUARDED_BY(mutex_);
  int opening_ SLUICE_GUARDED_BY(mutex_) = 0;  ///< files about to be opened
  int busy_ SLUICE_GUARDED_BY(mutex_) = 0;
  int64_t sequence_ SLUICE_GUARDED_BY(mutex_) = 0;
  int64_t next_ordinal_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::optional<Error> failure_
      SLUICE_GUARDED_BY(mutex_);  ///< the first; every later call returns it
  std::vector<ExportedFile> files_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::transfer
