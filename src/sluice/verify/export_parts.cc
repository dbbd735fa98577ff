#include "sluice/verify/export_parts.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "sluice/plan/output_layout.h"

namespace sluice::verify {
namespace {

using ledger::Manifest;
using ledger::ManifestFile;

int64_t WriterOf(const ManifestFile& file, int64_t otherwise) {
  const auto name = plan::ParseDataFileName(file.path.substr(file.path.rfind('/') + 1));
  return name ? name->n : otherwise;
}

Result<ExportPart> CarriedPart(const ledger::Ledger& ledger, const Manifest& manifest,
                               int64_t writer, std::vector<ManifestFile> files) {
  ExportPart part;
  SLUICE_ASSIGN_OR_RETURN(auto written, ledger.ReadManifest(writer));
  if (!written) {
    part.unknown = fmt::format("manifest {}, whose files it carries over, is gone", writer);
    part.manifest = manifest;
  } else {
    part.manifest = *std::move(written);
  }
  part.manifest.files = std::move(files);
  for (const auto& file : part.manifest.files) {
    part.rows += file.rows;
    part.partitions.insert(file.partition);
  }
  return part;
}

}  // namespace

Result<std::vector<ExportPart>> PartsOf(const ledger::Ledger& ledger, const Manifest& manifest) {
  ExportPart own{manifest, manifest.rows, manifest.row_hash, {}, {}};
  if (!manifest.renewed) return std::vector<ExportPart>{std::move(own)};
  std::map<int64_t, std::vector<ManifestFile>> carried;
  own.manifest.files.clear();
  for (const auto& file : manifest.files) {
    const int64_t writer = WriterOf(file, manifest.n);
    (writer == manifest.n ? own.manifest.files : carried[writer]).push_back(file);
  }
  std::erase_if(carried, [](const auto& entry) { return entry.second.empty(); });
  own.rows = manifest.renewed->rows;
  own.row_hash = manifest.renewed->row_hash;
  std::vector<ExportPart> parts{std::move(own)};
  for (auto& [writer, files] : carried) {
    SLUICE_ASSIGN_OR_RETURN(auto part, CarriedPart(ledger, manifest, writer, std::move(files)));
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace sluice::verify
