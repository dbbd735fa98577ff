#include "sluice/delta/write/data_file_writer.h"

#include <arrow/table.h>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "sluice/columnar/parquet_encoder.h"
#include "sluice/delta/schema/column_mapping.h"
#include "sluice/delta/schema/physical_column.h"
#include "sluice/delta/write/stored_rows.h"

namespace sluice::delta {
namespace {

constexpr std::string_view kDataPrefix = "part-00000-";
constexpr std::string_view kChangePrefix = "_change_data/cdc-00000-";
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

/// Takes bytes that nobody wants.
class NoUpload : public store::UploadWriter {
 public:
  const std::string& upload_id() const override { return id_; }
  Status Append(std::span<const uint8_t> /*bytes*/) override { return {}; }
  Status AppendCopy(const store::Key& /*source_key*/, std::string_view /*source_etag*/,
                    int64_t /*offset*/, int64_t /*length*/) override {
    return {};
  }
  Result<store::PendingUpload> Finish() override { return store::PendingUpload(); }

 private:
  std::string id_;
};

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

/// A new file whose name begins with `prefix`; `path` gets its name. Returns its size.
Result<int64_t> WriteFile(store::ObjectStore& table_store, runtime::Entropy& entropy,
                          const arrow::Table& rows, std::string_view prefix, std::string& path) {
  for (int tries = 0; tries < kTries; ++tries) {
    path = fmt::format("{}{}{}", prefix, runtime::RandomUuid(entropy), kSuffix);
    SLUICE_ASSIGN_OR_RETURN(const auto written, WriteOnce(table_store, path, rows));
    if (written) return written->size;
  }
  return Fail(ErrorKind::kTransient, "{}: the store lost the upload, {} times",
              table_store.DisplayName(path), kTries);
}

bool IsOwnName(std::string_view name, std::string_view prefix) {
  return name.size() == prefix.size() + kUuidLength + kSuffix.size() && name.starts_with(prefix) &&
         name.ends_with(kSuffix) && name.find('/', prefix.size()) == std::string_view::npos;
}

}  // namespace

FileLayout FileLayoutOf(const Metadata& metadata, const TableSchema& schema) {
  FileLayout layout;
  const auto mode = ColumnMappingModeOf(metadata.configuration);
  if (!mode || *mode == ColumnMappingMode::kNone) return layout;
  for (const Field& field : schema.fields) {
    if (!IsPartitionColumn(metadata.partition_columns, field)) layout.mapped.push_back(field);
  }
  return layout;
}

Result<AddFile> WriteDataFile(store::ObjectStore& table_store, runtime::Entropy& entropy,
                              const arrow::Table& rows, const FileLayout& layout,
                              const PartitionValues& partition_values, Timestamp now) {
  SLUICE_ASSIGN_OR_RETURN(const auto stored, AsStored(rows, layout.mapped));
  AddFile add;
  SLUICE_ASSIGN_OR_RETURN(add.size,
                          WriteFile(table_store, entropy, *stored, kDataPrefix, add.path));
  add.partition_values = partition_values;
  add.modification_time = now.micros / 1000;
  add.stats = StatisticsJson(*stored, stored->num_columns() - layout.hidden);
  return add;
}

Result<AddCdcFile> WriteChangeFile(store::ObjectStore& table_store, runtime::Entropy& entropy,
                                   const arrow::Table& rows, const FileLayout& layout,
                                   const PartitionValues& partition_values) {
  SLUICE_ASSIGN_OR_RETURN(const auto stored, AsStored(rows, layout.mapped));
  AddCdcFile cdc;
  SLUICE_ASSIGN_OR_RETURN(cdc.size,
                          WriteFile(table_store, entropy, *stored, kChangePrefix, cdc.path));
  cdc.partition_values = partition_values;
  return cdc;
}

Status RehearseDataFile(const arrow::Table& rows, const FileLayout& layout) {
  SLUICE_ASSIGN_OR_RETURN(const auto stored, AsStored(rows, layout.mapped));
  NoUpload nowhere;
  SLUICE_RETURN_IF_ERROR(Encode(nowhere, *stored));
  return {};
}

bool IsOwnDataFileName(std::string_view name) { return IsOwnName(name, kDataPrefix); }
bool IsOwnChangeFileName(std::string_view name) { return IsOwnName(name, kChangePrefix); }

}  // namespace sluice::delta
