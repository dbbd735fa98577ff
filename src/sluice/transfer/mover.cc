#include "sluice/transfer/mover.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <utility>

#include "sluice/runtime/executor.h"
#include "sluice/transfer/late_export.h"
#include "sluice/transfer/row_export.h"
#include "sluice/transfer/time_slices.h"

namespace sluice::transfer {
namespace {

constexpr int64_t kMaxRowGroupBytes = int64_t{64} << 20;
constexpr int64_t kMinRowGroupBytes = int64_t{64} << 10;
/// Of all memory, what one partition may fill before it is encoded.
constexpr int64_t kRowGroupShare = 16;
/// Of all memory, what a column's dictionary may take.
constexpr int64_t kDictionaryShare = 1024;
constexpr int64_t kMinDictionaryBytes = int64_t{64} << 10;
constexpr int64_t kMaxDictionaryBytes = int64_t{1} << 20;
/// Of all memory, what unfinished parts of uploads may take.
constexpr int64_t kUploadShare = 4;
constexpr int64_t kMinOpenFiles = 4;
/// Decoded bytes of a row group below which its metadata and those of its pages outweigh its rows.
constexpr int64_t kSmallRowGroupBytes = int64_t{256} << 10;
/// Of all memory, what hashes of rewritten rows may take.
constexpr int64_t kLateShare = 4;

/// Shows the rows of an export instead of writing them.
class VisitingSink : public RowSink {
 public:
  explicit VisitingSink(const Mover::RowVisit& visit) : visit_(visit) {}
  /// Before the first row.
  void NameFoldersBy(PartitionIndex& index) { index_ = &index; }

  Status Add(std::shared_ptr<const StagedRows> rows, const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      SLUICE_RETURN_IF_ERROR(
          visit_(*rows->batch()->Slice(run.offset, run.length), index_->folder(run.partition)));
    }
    return {};
  }

 private:
  const Mover::RowVisit& visit_;
  PartitionIndex* index_ = nullptr;
};

class ParquetMover : public Mover {
 public:
  ParquetMover(const delta::Log& source, std::shared_ptr<store::ObjectStore> destination,
               const TransferLimits& limits)
      : environment_{source.shared_store(), std::move(destination), limits, source} {}

  Result<TransferResult> Move(const plan::ExportTask& task, Progress& progress,
                              const runtime::CancelToken& cancel) override {
    SinkOptions sink;
    SLUICE_ASSIGN_OR_RETURN(sink.schema, OutputSchema(task));
    sink.encoder = task.encoder;
    SLUICE_ASSIGN_OR_RETURN(sink.encoder.int96_timestamps, WantsInt96(task, cancel));
    sink.data_folder = task.data_folder;
    sink.n = task.n;
    sink.attempt = task.attempt;
    sink.target_file_bytes = task.target_file_bytes;
    sink.encoder.dictionary_bytes = std::clamp(environment_.limits.memory_bytes / kDictionaryShare,
                                               kMinDictionaryBytes, kMaxDictionaryBytes);
    sink.max_open_files = MaxOpenFiles();
    sink.encoding_threads = std::max(1, environment_.limits.threads);
    // Not more than a file at a time, or files would be far larger than wanted.
    sink.row_group_bytes = std::clamp(
        std::min(environment_.limits.memory_bytes / kRowGroupShare, task.target_file_bytes),
        kMinRowGroupBytes, kMaxRowGroupBytes);
    RowExport row_export(task, environment_, &sink, progress, cancel);
    Status done = Run(row_export, task);
    if (done && std::holds_alternative<plan::WindowRead>(task.read)) {
      done = row_export.RequireReadableWatermark();
    }
    if (!done) {
      row_export.Abort();
      return Fail(done.error());
    }
    return row_export.TakeResult();
  }

  Result<TransferResult> Visit(const plan::ExportTask& task, const RowVisit& visit,
                               const runtime::CancelToken& cancel) override {
    SLUICE_ASSIGN_OR_RETURN(auto schema, OutputSchema(task));
    Progress unseen;
    VisitingSink sink(visit);
    RowExport row_export(task, environment_, std::move(schema), sink, unseen, cancel);
    sink.NameFoldersBy(row_export.index());
    SLUICE_RETURN_IF_ERROR(Run(row_export, task));
    return row_export.TakeResult();
  }

  Result<int64_t> CountLate(const plan::ExportTask& task,
                            const runtime::CancelToken& cancel) override {
    const auto* late = std::get_if<plan::LateRead>(&task.read);
    if (late == nullptr) return Fail(ErrorKind::kInternal, "only late rows are counted beforehand");
    Progress unseen;
    RowExport row_export(task, environment_, /*sink_options=*/nullptr, unseen, cancel);
    SLUICE_RETURN_IF_ERROR(Run(row_export, task, *late));
    return row_export.TakeResult().rows;
  }

  Status RequireReadableWatermark(const plan::ExportTask& task,
                                  const runtime::CancelToken& cancel) override {
    const auto* window = std::get_if<plan::WindowRead>(&task.read);
    if (window == nullptr) return {};
    Progress unseen;
    RowExport row_export(task, environment_, /*sink_options=*/nullptr, unseen, cancel);
    std::vector<ScanFile> files;
    for (const auto* list : {&window->files, &window->count_nulls}) {
      for (const auto& file : *list) files.push_back({&file, /*count_nulls=*/false});
    }
    return row_export.FindReadableWatermark(files);
  }

 private:
  Status Run(RowExport& row_export, const plan::ExportTask& task) {
    return std::visit([&](const auto& read) { return Run(row_export, task, read); }, task.read);
  }

  /// The files of the window: once, or once a slice where they are too mixed for one pass.
  Status Run(RowExport& row_export, const plan::ExportTask& task, const plan::WindowRead& read) {
    const RowProjection projection = RowProjection::OfOutput(task);
    std::set<const plan::SourceFile*> seen;
    for (const plan::TimeWindow& slice : Slices(row_export, task.partitioning, read)) {
      ExportPass pass;
      pass.window = slice;
      pass.close_early = true;
      for (const auto& file : read.files) {
        if (!MayHoldRowsOf(slice, file)) continue;
        pass.files.push_back({&file, /*count_nulls=*/seen.insert(&file).second});
      }
      SLUICE_RETURN_IF_ERROR(row_export.Export(std::move(pass), projection));
      SLUICE_RETURN_IF_ERROR(row_export.CloseAll());
    }
    std::vector<ScanFile> uncounted;
    for (const auto& file : read.count_nulls) uncounted.push_back({&file, /*count_nulls=*/true});
    return row_export.CountNulls(uncounted);
  }

  Status Run(RowExport& row_export, const plan::ExportTask& task, const plan::LateRead& read) {
    for (const auto& commit : read.commits) {
      SLUICE_RETURN_IF_ERROR(ExportLateCommit(row_export, task, read, commit,
                                              environment_.limits.memory_bytes / kLateShare));
    }
    return row_export.CloseAll();
  }

  Status Run(RowExport& row_export, const plan::ExportTask& task,
             const plan::WholeTableRead& read) {
    ExportPass pass;
    pass.window = plan::kAllTime;
    for (const auto& file : read.files) pass.files.push_back({&file, /*count_nulls=*/true});
    SLUICE_RETURN_IF_ERROR(row_export.Export(std::move(pass), RowProjection::OfOutput(task)));
    SLUICE_RETURN_IF_ERROR(row_export.CloseAll());
    return row_export.EnsureOneFile();
  }

  static Status Run(RowExport& row_export, const plan::ExportTask&, const plan::FeedRead& read) {
    SLUICE_RETURN_IF_ERROR(row_export.ExportFeed(read.range));
    return row_export.CloseAll();
  }

  /// As many as may be open at once, each with an unfinished part of its upload in memory.
  int MaxOpenFiles() const {
    const TransferLimits& limits = environment_.limits;
    const int64_t part = environment_.destination->upload_buffer_bytes();
    if (part == 0) return std::max(1, limits.max_open_files);
    const int64_t files = std::max(limits.memory_bytes / kUploadShare / part, kMinOpenFiles);
    return static_cast<int>(std::clamp<int64_t>(limits.max_open_files, 1, files));
  }

  std::vector<plan::TimeWindow> Slices(RowExport& row_export,
                                       const plan::Partitioning& partitioning,
                                       const plan::WindowRead& read) const {
    using Kind = plan::Partitioning::Kind;
    SliceOptions options;
    options.memory_bytes = row_export.buffer_bytes();
    // Rows of many partitions that share the memory leave it in row groups as small as their share.
    const int64_t shares = std::max(row_export.buffer_bytes() / kSmallRowGroupBytes, kMinOpenFiles);
    options.max_open_files = static_cast<int>(std::min<int64_t>(shares, MaxOpenFiles()));
    options.partition_micros = partitioning.kind == Kind::kHour ? Hours(1).micros : Days(1).micros;
    std::vector<plan::TimeWindow> slices;
    Timestamp start = read.window.start;
    for (const int64_t cut : CutIntoSlices(read.files, read.window, options)) {
      // A slice ends with a partition.
      const Timestamp end{row_export.index().SpanOf(Timestamp{cut}).end - 1};
      if (end <= start || end >= read.window.end) continue;
      slices.push_back({start, end});
      start = end;
    }
    slices.push_back({start, read.window.end});
    return slices;
  }

  /// `timestamps: source` keeps INT96 if any file has it: one export has one type.
  Result<bool> WantsInt96(const plan::ExportTask& task, const runtime::CancelToken& cancel) const {
    if (task.timestamps != config::Timestamps::kSource) return false;
    if (const auto* feed = std::get_if<plan::FeedRead>(&task.read)) {
      return FeedHasInt96(task, feed->range);
    }
    const auto files = plan::FilesToExport(task);
    const delta::Projection projection{task.output_fields, task.source_partition_columns,
                                       task.partitioning.timezone};
    std::atomic<bool> found{false};
    SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
        files.size(), environment_.limits.threads, cancel, [&](size_t i) -> Status {
          if (found) return {};
          SLUICE_ASSIGN_OR_RETURN(
              const auto data,
              delta::DataFile::Open(environment_.source, files[i]->path, files[i]->partition_values,
                                    files[i]->deletion_vector, projection));
          if (data->has_int96()) found = true;
          return {};
        }));
    return found.load();
  }

  Result<bool> FeedHasInt96(const plan::ExportTask& task, const delta::FeedRange& range) const {
    bool found = false;
    std::vector<delta::Field> fields = task.output_fields;
    fields.resize(fields.size() - delta::WithFeedColumns({}).size());  // those stand in no file
    SLUICE_RETURN_IF_ERROR(delta::VisitChanges(
        environment_.log, range, [&](const delta::CommitChanges& changes) -> Status {
          for (size_t i = 0; i < changes.files.size() && !found; ++i) {
            SLUICE_ASSIGN_OR_RETURN(
                const auto data,
                delta::OpenChangeFile(environment_.source, changes.version, changes.committed,
                                      changes.files[i], fields, task.partitioning.timezone));
            found = data->has_int96();
          }
          return {};
        }));
    return found;
  }

  const RowExport::Environment environment_;
};

}  // namespace

std::unique_ptr<Mover> MakeMover(const delta::Log& source,
                                 std::shared_ptr<store::ObjectStore> destination,
                                 const TransferLimits& limits) {
  return std::make_unique<ParquetMover>(source, std::move(destination), limits);
}

}  // namespace sluice::transfer
