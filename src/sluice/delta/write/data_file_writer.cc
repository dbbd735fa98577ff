#include "sluice/delta/write/data_file_writer.h"

#include <arrow/table.h>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "sluice/columnar/parquet_encoder.h"

namespace sluice::delta {
namespace {

constexpr std::string_view kPrefix = "part-00000-";
constexpr std::string_view kSuffix = ".sluice.snappy.parquet";
constexpr size_t kUuidLength = 36;
constexpr int kTries = 3;

Result<store::PendingUpload> Encode(store::UploadWriter& upload, const arrow::Table& rows) {
  columnar::EncoderOptions options;
  options.codec = columnar::Codec::kSnappy;  // which every reader of Delta tables has
  SLUICE_ASSIGN_OR_RETURN(const auto encoder,
                          columnar::ParquetEncoder::Open(&upload, rows.schema(), options));
  SLUICE_RETURN_IF_ERROR(encoder->WriteRowGroups(rows));
  SLUICE_RETURN_IF_ERROR(encoder->Close());
  return upload.Finish();
}

/// False where the store lost the upload: nothing of it lies there, and nobody can complete it any more.
Result<bool> Complete(store::ObjectStore& store, const store::PendingUpload& upload) {
  SLUICE_ASSIGN_OR_RETURN(const auto completed, store.CompleteUpload(upload));
  if (completed == store::CompleteOutcome::kCompleted) return true;
  // Completed by a call whose answer was lost, or aborted by a lifecycle rule.
  return store::HoldsUpload(store, upload);
}

/// One try under `key`; nullopt where the store lost what it had acknowledged.
Result<std::optional<store::PendingUpload>> WriteOnce(store::ObjectStore& store,
                                                      const store::Key& key,
                                                      const arrow::Table& rows) {
  SLUICE_ASSIGN_OR_RETURN(const auto upload, store.StartUpload(key));
  auto pending = Encode(*upload, rows);
  const Result<bool> done = pending ? Complete(store, *pending) : Fail(pending.error());
  if (done && *done) return std::move(*pending);
  // Best effort: the clean-up of the log finds what is left.
  (void)store.AbortUpload(key, upload->upload_id());
  if (!done) return Fail(done.error());
  return std::nullopt;
}

}  // namespace

Result<AddFile> WriteDataFile(store::ObjectStore& table_store, runtime::Entropy& entropy,
                              const arrow::Table& rows, const PartitionValues& partition_values,
                              Timestamp now) {
  AddFile add;
  std::optional<store::PendingUpload> written;
  for (int tries = 0; !written; ++tries) {
    if (tries == kTries) {
      return Fail(ErrorKind::kTransient, "{}: the store lost the upload, {} times",
                  table_store.DisplayName(add.path), kTries);
    }
    add.path = fmt::format("{}{}{}", kPrefix, runtime::RandomUuid(entropy), kSuffix);
    SLUICE_ASSIGN_OR_RETURN(written, WriteOnce(table_store, add.path, rows));
  }
  add.partition_values = partition_values;
  add.size = written->size;
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
