#include "sluice/delta/data_file_writer.h"

#include <arrow/table.h>
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "sluice/columnar/parquet_encoder.h"

namespace sluice::delta {
namespace {

constexpr std::string_view kPrefix = "part-00000-";
constexpr std::string_view kSuffix = ".sluice.snappy.parquet";
constexpr size_t kUuidLength = 36;

Result<store::PendingUpload> Encode(store::UploadWriter& upload, const arrow::Table& rows) {
  columnar::EncoderOptions options;
  options.codec = columnar::Codec::kSnappy;  // which every reader of Delta tables has
  SLUICE_ASSIGN_OR_RETURN(const auto encoder,
                          columnar::ParquetEncoder::Open(&upload, rows.schema(), options));
  SLUICE_RETURN_IF_ERROR(encoder->WriteRowGroups(rows));
  SLUICE_RETURN_IF_ERROR(encoder->Close());
  return upload.Finish();
}

Status Complete(store::ObjectStore& store, const store::PendingUpload& upload) {
  SLUICE_ASSIGN_OR_RETURN(const auto completed, store.CompleteUpload(upload));
  if (completed == store::CompleteOutcome::kCompleted) return {};
  // Completed by a call whose answer was lost, or aborted by a lifecycle rule.
  SLUICE_ASSIGN_OR_RETURN(const auto info, store.Head(upload.key));
  if (info.size == upload.size) return {};
  return Fail(ErrorKind::kStorage, "{}: has {} bytes where {} were written",
              store.DisplayName(upload.key), info.size, upload.size);
}

}  // namespace

Result<AddFile> WriteDataFile(store::ObjectStore& table_store, runtime::Entropy& entropy,
                              const arrow::Table& rows, const PartitionValues& partition_values,
                              Timestamp now) {
  AddFile add;
  add.path = fmt::format("{}{}{}", kPrefix, runtime::RandomUuid(entropy), kSuffix);
  SLUICE_ASSIGN_OR_RETURN(const auto upload, table_store.StartUpload(add.path));
  const auto pending = Encode(*upload, rows);
  Status done = pending ? Complete(table_store, *pending) : Fail(pending.error());
  if (!done) {
    // Best effort: the clean-up of the log finds what is left.
    (void)table_store.AbortUpload(add.path, upload->upload_id());
    return Fail(std::move(done).error());
  }
  add.partition_values = partition_values;
  add.size = pending->size;
  add.modification_time = now.micros / 1000;
  add.stats = StatisticsJson(rows);
  return add;
}

bool IsOwnDataFileName(std::string_view name) {
  return name.size() == kPrefix.size() + kUuidLength + kSuffix.size() &&
         name.starts_with(kPrefix) && name.ends_with(kSuffix) &&
         name.find('/') == std::string_view::npos;
}

}  // namespace sluice::delta
