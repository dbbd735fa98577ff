#include "sluice/plan/export_task.h"

#include <utility>

#include "sluice/delta/schema/type_changes.h"
#include "sluice/plan/column_choice.h"

namespace sluice::plan {
namespace {

columnar::Codec ToCodec(config::Compression compression) {
  switch (compression) {
    case config::Compression::kNone:
      return columnar::Codec::kNone;
    case config::Compression::kSnappy:
      return columnar::Codec::kSnappy;
    case config::Compression::kGzip:
      return columnar::Codec::kGzip;
    case config::Compression::kLz4:
      return columnar::Codec::kLz4;
    case config::Compression::kZstd:
      return columnar::Codec::kZstd;
  }
  return columnar::Codec::kZstd;
}

}  // namespace

Result<ExportTask> BeginTask(const config::Table& table, const delta::Metadata& metadata) {
  return BeginTask(table, metadata, ChooseColumns(table, metadata.schema));
}

Result<ExportTask> BeginTask(const config::Table& table, const delta::Metadata& metadata,
                             Result<ColumnChoice> choice) {
  if (!choice) return Fail(std::move(choice).error());
  ExportTask task;
  task.output_fields = std::move(choice->output);
  SLUICE_RETURN_IF_ERROR(delta::CheckTypeChanges({task.output_fields}));
  task.source_partition_columns = metadata.partition_columns;
  task.partitioning.timezone = table.timezone;
  task.encoder.codec = ToCodec(table.compression);
  task.timestamps = table.timestamps;
  task.target_file_bytes = table.target_file_bytes;
  return task;
}

const delta::Field* WatermarkOf(const ExportTask& task) {
  if (const auto* window = std::get_if<WindowRead>(&task.read)) return &window->watermark;
  if (const auto* late = std::get_if<LateRead>(&task.read)) return &late->watermark;
  return nullptr;
}

std::vector<const SourceFile*> FilesToExport(const ExportTask& task) {
  std::vector<const SourceFile*> all;
  const auto add = [&](const std::vector<SourceFile>& files) {
    for (const auto& file : files) all.push_back(&file);
  };
  if (const auto* window = std::get_if<WindowRead>(&task.read)) add(window->files);
  if (const auto* whole = std::get_if<WholeTableRead>(&task.read)) add(whole->files);
  if (const auto* late = std::get_if<LateRead>(&task.read)) {
    for (const auto& commit : late->commits) {
      add(commit.added);
      add(commit.change_files);
    }
  }
  return all;
}

SourceFile ToSourceFile(const delta::LiveFile& file) {
  SourceFile source;
  source.path = file.path;
  source.partition_values = file.partition_values;
  source.deletion_vector = file.deletion_vector;
  source.size = file.size;
  const int64_t masked = file.deletion_vector ? file.deletion_vector->cardinality : 0;
  if (file.stats.num_records) source.rows = *file.stats.num_records - masked;
  return source;
}

}  // namespace sluice::plan
