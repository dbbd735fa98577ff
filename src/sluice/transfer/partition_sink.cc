#include "sluice/transfer/partition_sink.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <algorithm>
#include <exception>

#include "sluice/columnar/arrow_io.h"
#include "sluice/plan/output_layout.h"
#include "sluice/runtime/executor.h"
#include "sluice/runtime/log.h"

namespace sluice::transfer {
namespace {

int64_t BytesOf(const Piece& piece) {
  const int64_t rows = std::max<int64_t>(piece.rows->batch()->num_rows(), 1);
  return static_cast<int64_t>(static_cast<double>(piece.rows->bytes()) *
                              static_cast<double>(piece.length) / static_cast<double>(rows));
}

/// Takes the first rows of `piece` away that fit into `bytes`, and one at least.
Piece CutHead(Piece& piece, int64_t bytes) {
  const int64_t all = BytesOf(piece);
  Piece head = piece;
  if (all > bytes) {
    const double share = static_cast<double>(bytes) / static_cast<double>(all);
    const auto rows = static_cast<int64_t>(share * static_cast<double>(piece.length));
    head.length = std::clamp<int64_t>(rows, 1, piece.length);
  }
  piece.offset += head.length;
  piece.length -= head.length;
  return head;
}

/// The pieces as one table; small chunks are joined, because encoding pays for each chunk.
Result<std::shared_ptr<arrow::Table>> ToTable(const std::vector<Piece>& pieces,
                                              const std::shared_ptr<arrow::Schema>& schema) {
  constexpr int64_t kSmallChunk = 4096;
  arrow::RecordBatchVector batches;
  batches.reserve(pieces.size());
  int64_t rows = 0;
  for (const Piece& piece : pieces) {
    batches.push_back(piece.rows->batch()->Slice(piece.offset, piece.length));
    rows += piece.length;
  }
  SLUICE_ARROW_ASSIGN(auto table, arrow::Table::FromRecordBatches(schema, batches), "output rows");
  if (batches.size() > 1 && rows / static_cast<int64_t>(batches.size()) < kSmallChunk) {
    SLUICE_ARROW_ASSIGN(table, table->CombineChunks(), "output rows");
  }
  return table;
}

/// An exception must not leave a partition busy for ever: others would wait for it.
template <typename Action>
Status Guarded(const Action& action) {
  try {
    return action();
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kInternal, "unexpected exception while writing: {}", e.what());
  }
}

}  // namespace

PartitionSink::PartitionSink(store::ObjectStore& destination, PartitionIndex& index,
                             MemoryBudget& budget, SinkOptions options, Progress& progress)
    : destination_(destination),
      index_(index),
      budget_(budget),
      options_(std::move(options)),
      encoding_(options_.encoding_threads),
      progress_(progress) {}

Status PartitionSink::Add(std::shared_ptr<const StagedRows> rows, const std::vector<Run>& runs) {
  const MutexLock lock(mutex_);
  SLUICE_RETURN_IF_ERROR(Stopped());
  ++sequence_;
  std::vector<int> full;
  for (const Run& run : runs) {
    Partition& partition = Find(run.partition);
    if (partition.pieces.empty()) {
      partition.oldest = sequence_;
      waiting_.emplace(partition.oldest, partition.number);
      if (!by_end_.contains({partition.end, partition.number})) {
        partition.end = index_.end(partition.number);
        by_end_.emplace(partition.end, partition.number);
      }
    }
    partition.pieces.push_back({rows, run.offset, run.length});
    partition.rows += run.length;
    partition.bytes += BytesOf(partition.pieces.back());
    if (!partition.busy && IsFull(partition)) full.push_back(partition.number);
  }
  rows.reset();
  for (const int number : full) {
    Partition& partition = Find(number);
    if (partition.busy || !IsFull(partition)) continue;
    SLUICE_RETURN_IF_ERROR(ClaimAndWork(partition, /*close=*/false));
  }
  return MakeRoom();
}

Status PartitionSink::CloseBefore(int64_t instant) {
  const MutexLock lock(mutex_);
  while (!by_end_.empty() && by_end_.begin()->first <= instant) {
    SLUICE_RETURN_IF_ERROR(Stopped());
    Partition& partition = Find(by_end_.begin()->second);
    if (partition.busy) {
      partition.close_wanted = true;
      by_end_.erase(by_end_.begin());
      continue;
    }
    SLUICE_RETURN_IF_ERROR(ClaimAndWork(partition, /*close=*/true));
  }
  return {};
}

Status PartitionSink::CloseAll(int threads, const runtime::CancelToken& cancel) {
  std::vector<Partition*> open;
  {
    const MutexLock lock(mutex_);
    for (auto& [number, partition] : partitions_) {
      if (!partition.pieces.empty() || partition.file) open.push_back(&partition);
    }
  }
  return runtime::ParallelFor(open.size(), threads, cancel, [&](size_t i) -> Status {
    const MutexLock lock(mutex_);
    SLUICE_RETURN_IF_ERROR(Stopped());
    // Another thread may be about to finish this very file, to open its own.
    while (open[i]->busy) idle_.Wait(mutex_);
    return ClaimAndWork(*open[i], /*close=*/true);
  });
}

Status PartitionSink::EnsureOneFile(int number) {
  Partition* partition = nullptr;
  {
    const MutexLock lock(mutex_);
    SLUICE_RETURN_IF_ERROR(Stopped());
    if (!files_.empty()) return {};
    partition = &Find(number);
  }
  SLUICE_RETURN_IF_ERROR(OpenFile(*partition));
  return CloseFile(*partition);
}

std::vector<ExportedFile> PartitionSink::TakeFiles() {
  const MutexLock lock(mutex_);
  std::sort(files_.begin(), files_.end(), [](const ExportedFile& a, const ExportedFile& b) {
    return a.upload.key < b.upload.key;
  });
  return std::move(files_);
}

void PartitionSink::Abort() {
  std::vector<store::PendingUploadInfo> known;
  {
    const MutexLock lock(mutex_);
    for (const ExportedFile& file : files_) {
      known.push_back({file.upload.key, file.upload.upload_id, {}});
    }
    files_.clear();
    for (auto& [number, partition] : partitions_) {
      if (!partition.file) continue;
      known.push_back({partition.file->key(), partition.file->upload_id(), {}});
      partition.file.reset();
    }
  }
  if (!store::TryAbort(destination_, known)) return;
  // An upload whose start was not answered is known to the store only.
  AbortUploadsOf(destination_, options_.data_folder, options_.n, options_.attempt);
}

PartitionSink::Partition& PartitionSink::Find(int number) {
  Partition& partition = partitions_[number];
  partition.number = number;
  return partition;
}

bool PartitionSink::IsFull(const Partition& partition) const {
  return partition.bytes >= options_.row_group_bytes ||
         partition.rows >= options_.encoder.row_group_rows;
}

PartitionSink::Partition* PartitionSink::FindIdle(const std::set<std::pair<int64_t, int>>& queue) {
  for (const auto& [order, number] : queue) {
    Partition& partition = Find(number);
    if (!partition.busy) return &partition;
  }
  return nullptr;
}

std::vector<Piece> PartitionSink::Claim(Partition& partition) {
  partition.busy = true;
  ++busy_;
  partition.rows = partition.bytes = 0;
  waiting_.erase({partition.oldest, partition.number});
  return std::exchange(partition.pieces, {});
}

Status PartitionSink::ClaimAndWork(Partition& partition, bool close) {
  auto pieces = Claim(partition);
  const MutexUnlock unlock(mutex_);
  return Work(partition, std::move(pieces), close);
}

Status PartitionSink::Work(Partition& partition, std::vector<Piece> pieces, bool close) {
  while (true) {
    Status done = Guarded([&]() -> Status {
      SLUICE_RETURN_IF_ERROR(Write(partition, std::move(pieces)));
      return close && partition.file ? CloseFile(partition) : Status();
    });
    const MutexLock lock(mutex_);
    if (done && !failure_) {
      close = std::exchange(partition.close_wanted, false);
      if (close || IsFull(partition)) {
        --busy_;
        pieces = Claim(partition);
        continue;
      }
    }
    if (!done && !failure_) failure_ = done.error();
    partition.busy = false;
    --busy_;
    by_end_.erase({partition.end, partition.number});
    if (partition.file || !partition.pieces.empty()) {
      by_end_.emplace(partition.end, partition.number);
    }
    idle_.NotifyAll();
    return done;
  }
}

Status PartitionSink::Write(Partition& partition, std::vector<Piece> pieces) {
  std::vector<Piece> chunk;
  int64_t room = options_.row_group_bytes;
  for (Piece& piece : pieces) {
    while (piece.length > 0) {
      const Piece head = CutHead(piece, room);
      room -= std::max<int64_t>(BytesOf(head), 1);
      chunk.push_back(head);
      if (room > 0) continue;
      SLUICE_RETURN_IF_ERROR(WriteChunk(partition, chunk));
      chunk.clear();
      room = options_.row_group_bytes;
    }
    piece.rows.reset();
  }
  return chunk.empty() ? Status() : WriteChunk(partition, chunk);
}

Status PartitionSink::WriteChunk(Partition& partition, const std::vector<Piece>& pieces) {
  if (!partition.file) SLUICE_RETURN_IF_ERROR(OpenFile(partition));
  SLUICE_ASSIGN_OR_RETURN(const auto table, ToTable(pieces, options_.schema));
  const int64_t before = partition.file->bytes();
  SLUICE_RETURN_IF_ERROR(Encode(*partition.file, *table));
  progress_.bytes_written += partition.file->bytes() - before;
  if (partition.file->bytes() >= options_.target_file_bytes) return CloseFile(partition);
  const MutexLock lock(mutex_);
  open_.erase({partition.last_write, partition.number});
  partition.last_write = ++sequence_;
  open_.emplace(partition.last_write, partition.number);
  return {};
}

Status PartitionSink::Encode(OutputFile& file, const arrow::Table& rows) {
  encoding_.acquire();
  Status written = Guarded([&] { return file.Write(rows); });
  encoding_.release();
  return written;
}

Status PartitionSink::OpenFile(Partition& partition) {
  const MutexLock lock(mutex_);
  while (static_cast<int>(open_.size()) + opening_ >= options_.max_open_files) {
    Partition* victim = FindIdle(open_);
    if (victim == nullptr) break;  // all are being written to: a few more than allowed
    SLUICE_RETURN_IF_ERROR(ClaimAndWork(*victim, /*close=*/true));
  }
  ++opening_;
  const plan::DataFileName name{options_.n, options_.attempt, next_ordinal_++};
  auto file = OpenUnlocked(options_.data_folder + index_.folder(partition.number) + "/" +
                           plan::FormatDataFileName(name));
  --opening_;
  if (!file) return Fail(std::move(file).error());
  partition.file = *std::move(file);
  partition.last_write = ++sequence_;
  open_.emplace(partition.last_write, partition.number);
  return {};
}

Result<std::unique_ptr<OutputFile>> PartitionSink::OpenUnlocked(const store::Key& key) {
  const MutexUnlock unlock(mutex_);
  return OutputFile::Open(destination_, key, options_.schema, options_.encoder);
}

Status PartitionSink::CloseFile(Partition& partition) {
  const int64_t before = partition.file->bytes();
  auto upload = partition.file->Close();
  if (!upload) return Fail(std::move(upload).error());
  progress_.bytes_written += upload->size - before;
  const MutexLock lock(mutex_);
  files_.push_back({*std::move(upload), partition.file->rows(), index_.folder(partition.number)});
  open_.erase({partition.last_write, partition.number});
  partition.file.reset();
  return {};
}

Status PartitionSink::MakeRoom() {
  while (budget_.exceeded()) {
    SLUICE_RETURN_IF_ERROR(Stopped());
    Partition* partition = FindIdle(waiting_);
    if (partition == nullptr) {
      if (busy_ == 0) return {};  // what is left is in the hands of threads that are about to add
      idle_.Wait(mutex_);
      continue;
    }
    SLUICE_RETURN_IF_ERROR(ClaimAndWork(*partition, /*close=*/false));
  }
  return {};
}

Status PartitionSink::Stopped() const {
  if (!failure_) return {};
  return Fail(*failure_);
}

}  // namespace sluice::transfer
