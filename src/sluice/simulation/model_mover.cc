#include "sluice/simulation/model_mover.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <map>
#include <utility>

#include "sluice/delta/feed/change_feed.h"
#include "sluice/transfer/output_file.h"

namespace sluice::simulation {
namespace {

using FileRow = testing::TableBuilder::FileRow;
using plan::ExportTask;
using transfer::TransferResult;
using RowTo = std::function<void(const FileRow& row, Timestamp instant)>;

std::string LineOf(const FileRow& row) {
  return fmt::format("{}\t{}\t{}\n", row.row.id, row.row.text.value_or(""), row.change);
}

class ModelMover : public transfer::Mover {
 public:
  ModelMover(const delta::Log& source, std::shared_ptr<store::ObjectStore> destination, Lake lake)
      : source_(source), destination_(std::move(destination)), lake_(std::move(lake)) {}

  Result<TransferResult> Move(const ExportTask& task, transfer::Progress&,
                              const runtime::CancelToken&) override {
    auto result = WriteFiles(task);
    if (!result) transfer::AbortUploadsOf(*destination_, task.data_folder, task.n, task.attempt);
    return result;
  }

  Result<TransferResult> Visit(const ExportTask&, const RowVisit&,
                               const runtime::CancelToken&) override {
    return Fail(ErrorKind::kUnsupported, "a model's rows can't be shown");
  }

  Result<int64_t> CountLate(const ExportTask& task, const runtime::CancelToken&) override {
    int64_t rows = 0;
    std::optional<Timestamp> newest;
    SLUICE_RETURN_IF_ERROR(Visit(
        std::get<plan::LateRead>(task.read), [&](const FileRow&, Timestamp) { ++rows; }, newest));
    return rows;
  }

  Status RequireReadableWatermark(const ExportTask&, const runtime::CancelToken&) override {
    return {};
  }

 private:
  Result<TransferResult> WriteFiles(const ExportTask& task) {
    TransferResult result;
    std::map<std::string, std::pair<std::string, int64_t>> partitions;  // lines, rows
    const RowTo add = [&](const FileRow& row, Timestamp instant) {
      auto& [text, rows] = partitions[plan::PartitionFolder(instant, task.partitioning)];
      const std::string line = LineOf(row);
      text += line;
      ++rows;
      ++result.rows;
      result.row_hash.Add(std::hash<std::string>()(line), 1);
      result.watermark_min = std::min(result.watermark_min.value_or(instant), instant);
      result.watermark_max = std::max(result.watermark_max.value_or(instant), instant);
    };
    SLUICE_RETURN_IF_ERROR(std::visit(
        [&](const auto& read) { return Visit(read, add, result.newest_commit); }, task.read));
    if (std::holds_alternative<plan::WholeTableRead>(task.read) && partitions.empty()) {
      partitions[plan::PartitionFolder({}, task.partitioning)];
    }
    int64_t ordinal = 0;
    for (const auto& [partition, content] : partitions) {
      const store::Key key = task.data_folder + partition + "/" +
                             plan::FormatDataFileName({task.n, task.attempt, ordinal++});
      SLUICE_ASSIGN_OR_RETURN(auto upload, Upload(key, content.first));
      result.bytes += upload.size;
      result.files.push_back({std::move(upload), content.second, partition});
    }
    return result;
  }

  Result<store::PendingUpload> Upload(const store::Key& key, const std::string& text) {
    SLUICE_ASSIGN_OR_RETURN(const auto writer, destination_->StartUpload(key));
    SLUICE_RETURN_IF_ERROR(
        writer->Append({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
    return writer->Finish();
  }

  Status CheckThere(const std::string& path) const {
    const Version gone = lake_.vacuumed_through();
    if (gone.value < 0 || lake_.history->WasLive(path, gone)) return {};
    for (Version v = gone; v <= lake_.history->version(); v = Next(v)) {
      if (lake_.history->WasLive(path, v)) return {};
    }
    return Fail(ErrorKind::kSourceGone, "{} was vacuumed", path);
  }

  Status VisitFiles(const std::vector<plan::SourceFile>& files, const plan::TimeWindow& window,
                    const RowTo& to) const {
    for (const auto& file : files) {
      SLUICE_RETURN_IF_ERROR(CheckThere(file.path));
      for (const FileRow& row : lake_.history->RowsIn(file.path)) {
        const Timestamp ts{row.row.ts.value_or(0)};
        if (window.start < ts && ts <= window.end) to(row, ts);
      }
    }
    return {};
  }

  Status Visit(const plan::WindowRead& read, const RowTo& to, std::optional<Timestamp>&) const {
    return VisitFiles(read.files, read.window, to);
  }

  Status Visit(const plan::WholeTableRead& read, const RowTo& to, std::optional<Timestamp>&) const {
    return VisitFiles(read.files, plan::kAllTime, to);
  }

  Status Visit(const plan::LateRead& read, const RowTo& to, std::optional<Timestamp>&) const {
    for (const auto& commit : read.commits) {
      std::map<testing::Row, int64_t> rows;
      for (const auto& file : commit.added) {
        SLUICE_RETURN_IF_ERROR(CheckThere(file.path));
        for (const FileRow& row : lake_.history->RowsIn(file.path)) ++rows[row.row];
      }
      for (const auto& file : commit.removed) {
        SLUICE_RETURN_IF_ERROR(CheckThere(file.path));
        for (const FileRow& row : lake_.history->RowsIn(file.path)) --rows[row.row];
      }
      for (const auto& [row, count] : rows) {
        const Timestamp ts{row.ts.value_or(0)};
        if (ts <= read.window.start || ts > read.window.end) continue;
        for (int64_t i = 0; i < count; ++i) to({row, ""}, ts);
      }
    }
    return {};
  }

  Status Visit(const plan::FeedRead& read, const RowTo& to,
               std::optional<Timestamp>& newest) const {
    return delta::VisitChanges(source_, read.range,
                               [&](const delta::CommitChanges& changes) -> Status {
                                 newest = changes.committed;
                                 for (const auto& file : changes.files) {
                                   for (FileRow row : lake_.history->RowsIn(file.path)) {
                                     if (file.kind == delta::ChangeKind::kInsert)
                                       row.change = "insert";
                                     if (file.kind == delta::ChangeKind::kDelete)
                                       row.change = "delete";
                                     to(row, changes.committed);
                                   }
                                 }
                                 return {};
                               });
  }

  const delta::Log source_;
  const std::shared_ptr<store::ObjectStore> destination_;
  const Lake lake_;
};

Result<std::vector<ExportedRow>> ParseLines(std::string_view text) {
  std::vector<ExportedRow> rows;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    if (end == std::string_view::npos || second == std::string_view::npos) {
      return Fail(ErrorKind::kCorrupt, "'{}' is not a row", line);
    }
    ExportedRow row;
    std::from_chars(line.data(), line.data() + first, row.id);
    row.text = line.substr(first + 1, second - first - 1);
    row.change = line.substr(second + 1);
    rows.push_back(std::move(row));
    text.remove_prefix(end + 1);
  }
  return rows;
}

}  // namespace

std::unique_ptr<transfer::Mover> MakeModelMover(const delta::Log& source,
                                                std::shared_ptr<store::ObjectStore> destination,
                                                Lake lake) {
  return std::make_unique<ModelMover>(source, std::move(destination), std::move(lake));
}

FileRows ModelRows(std::shared_ptr<store::ObjectStore> destination) {
  return [destination = std::move(destination)](
             const ledger::Manifest&, const std::string& path) -> Result<std::vector<ExportedRow>> {
    SLUICE_ASSIGN_OR_RETURN(const std::string text, destination->Get(path));
    return ParseLines(text);
  };
}

}  // namespace sluice::simulation
