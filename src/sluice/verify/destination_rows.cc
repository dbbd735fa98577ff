#include "sluice/verify/destination_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "sluice/delta/read/data_file.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/exporter/commit/snapshot_marker.h"
#include "sluice/plan/planned_export.h"
#include "sluice/runtime/executor.h"
#include "sluice/store/checksum.h"

namespace sluice::verify {
namespace {

constexpr int64_t kPiece = int64_t{4} << 20;
constexpr int64_t kBatchRows = 1 << 14;

/// A key as the path in a Delta log, whose reader decodes escapes.
std::string AsLogPath(const std::string& key) {
  std::string path;
  for (const char c : key) {
    if (c == '%') {
      path += "%25";
    } else {
      path += c;
    }
  }
  return path;
}

Result<std::string> Checksum(const store::ObjectReader& reader) {
  store::Crc64Nvme checksum;
  std::vector<uint8_t> piece(
      static_cast<size_t>(std::min(kPiece, std::max<int64_t>(reader.size(), 1))));
  for (int64_t at = 0; at < reader.size();) {
    const auto size = static_cast<size_t>(std::min<int64_t>(reader.size() - at, kPiece));
    const std::span<uint8_t> bytes(piece.data(), size);
    SLUICE_RETURN_IF_ERROR(reader.ReadAt(at, bytes));
    checksum.Update(bytes);
    at += static_cast<int64_t>(size);
  }
  return checksum.ToString();
}

/// What is wrong with one file; "" if nothing is.
Result<std::string> CheckFile(exporter::Session& session, const ledger::ManifestFile& file) {
  const std::string name = session.destination->DisplayName(file.path);
  const auto reader = session.destination->Open(file.path);
  if (!reader) {
    if (reader.error().kind == ErrorKind::kNotFound) return name + " is not there";
    return Fail(reader.error());
  }
  if ((*reader)->size() != file.size) {
    return fmt::format("{} has {} bytes, the manifest says {}", name, (*reader)->size(), file.size);
  }
  SLUICE_ASSIGN_OR_RETURN(const std::string checksum, Checksum(**reader));
  if (checksum != file.checksum) {
    return fmt::format("{} has checksum {}, the manifest says {}", name, checksum, file.checksum);
  }
  return std::string();
}

bool IsAbsence(ErrorKind kind) {
  return kind == ErrorKind::kSourceGone || kind == ErrorKind::kNotFound;
}

/// Kinds that say something about one file, not about the store or this run.
bool IsOfTheFile(ErrorKind kind) {
  return IsAbsence(kind) || kind == ErrorKind::kCorrupt || kind == ErrorKind::kUnsupported;
}

/// Shows the file's rows to `visit`, as far as they can be read. Errors for which IsOfTheFile name it.
Status VisitFile(exporter::Session& session, const ledger::ManifestFile& file,
                 const delta::Projection& projection, const RowVisit& visit) {
  SLUICE_ASSIGN_OR_RETURN(const auto data,
                          delta::DataFile::Open(session.destination, AsLogPath(file.path), {},
                                                std::nullopt, projection));
  for (int group = 0; group < data->num_row_groups(); ++group) {
    SLUICE_RETURN_IF_ERROR(data->ReadRowGroup(
        group, kBatchRows, [&](const std::shared_ptr<arrow::RecordBatch>& batch) {
          return visit(*batch, file.partition);
        }));
  }
  if (data->num_rows() == file.rows) return {};
  return Fail(ErrorKind::kCorrupt, "{} has {} rows, the manifest says {}",
              session.destination->DisplayName(file.path), data->num_rows(), file.rows);
}

/// Every field nullable, as exports are written.
void AllowNulls(std::vector<delta::Field>& fields, bool map = false) {
  for (size_t i = 0; i < fields.size(); ++i) {
    fields[i].nullable = !(map && i == 0);
    AllowNulls(fields[i].type.fields, fields[i].type.id == delta::TypeId::kMap);
  }
}

}  // namespace

Result<std::vector<std::string>> CheckFiles(exporter::Session& session,
                                            const ledger::Manifest& manifest) {
  std::mutex mutex;
  std::vector<std::string> faults;
  SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
      manifest.files.size(), runtime::DefaultParallelism(), session.services->cancel,
      [&](size_t i) -> Status {
        SLUICE_ASSIGN_OR_RETURN(std::string fault, CheckFile(session, manifest.files[i]));
        const std::lock_guard lock(mutex);
        if (!fault.empty()) faults.push_back(std::move(fault));
        return {};
      }));
  std::sort(faults.begin(), faults.end());
  return faults;
}

Result<std::vector<std::string>> CheckMarkers(exporter::Session& session,
                                              const ledger::Manifest& manifest) {
  std::vector<std::string> faults;
  if (!plan::IsWholeTable(manifest.kind)) return faults;
  std::vector<store::Key> files;
  for (const auto& file : manifest.files) files.push_back(file.path);
  for (const auto& marker : exporter::MarkersOf(session.name(), files)) {
    const auto head = session.destination->Head(marker);
    if (head) continue;
    if (head.error().kind != ErrorKind::kNotFound) return Fail(head.error());
    faults.push_back(fmt::format(
        "{} is not there, so that the snapshot looks unfinished: put an empty object there",
        session.destination->DisplayName(marker)));
  }
  return faults;
}

Status VisitExport(exporter::Session& session, const ledger::Manifest& manifest,
                   const RowVisit& visit, std::vector<std::string>* faults) {
  delta::Projection projection;
  SLUICE_ASSIGN_OR_RETURN(const auto schema, delta::ParseSchema(manifest.schema.dump()));
  projection.fields = schema.fields;
  AllowNulls(projection.fields);
  std::mutex mutex;
  const auto visit_file = [&](size_t i) -> Status {
    const ledger::ManifestFile& file = manifest.files[i];
    Status read = VisitFile(session, file, projection, visit);
    if (read || !IsOfTheFile(read.error().kind)) return read;
    if (faults == nullptr || IsAbsence(read.error().kind)) return {};
    const std::lock_guard lock(mutex);
    faults->push_back(read.error().message);
    return {};
  };
  SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(manifest.files.size(), runtime::DefaultParallelism(),
                                              session.services->cancel, visit_file));
  if (faults != nullptr) std::sort(faults->begin(), faults->end());
  return {};
}

}  // namespace sluice::verify
