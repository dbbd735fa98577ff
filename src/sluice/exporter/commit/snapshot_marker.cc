#include "sluice/exporter/commit/snapshot_marker.h"

#include <set>

#include "sluice/plan/output_layout.h"
#include "sluice/plan/planned_export.h"

namespace sluice::exporter {

std::vector<store::Key> MarkersOf(std::string_view name, const std::vector<store::Key>& files) {
  const std::string folder = plan::DataFolder(config::Pattern::kSnapshot, name);
  std::set<store::Key> markers;
  for (const auto& file : files) {
    const size_t slash = file.rfind('/');
    if (!file.starts_with(folder) || slash < folder.size()) continue;
    const std::string partition = file.substr(folder.size(), slash - folder.size());
    if (!plan::ParseSnapshotFolder(partition)) continue;
    markers.insert(plan::SuccessKey(folder, partition));
  }
  return {markers.begin(), markers.end()};
}

Status PutMarkers(store::ObjectStore& destination, std::string_view name,
                  const ledger::Decision& decision) {
  if (!plan::IsWholeTable(decision.manifest.kind)) return {};
  for (const auto& marker : MarkersOf(name, ledger::EverListed(decision))) {
    SLUICE_RETURN_IF_ERROR(destination.Put(marker, ""));
  }
  return {};
}

Status RemoveMarkers(store::ObjectStore& destination, std::string_view name,
                     const std::vector<store::Key>& files) {
  for (const auto& marker : MarkersOf(name, files)) {
    SLUICE_RETURN_IF_ERROR(destination.Delete(marker));
  }
  return {};
}

Status RemoveMarkersIfGone(const ledger::Ledger& ledger, store::ObjectStore& destination,
                           std::string_view name, const ledger::Decision& decision) {
  const auto files = ledger::EverListed(decision);
  if (MarkersOf(name, files).empty()) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto manifest, ledger.ReadManifest(decision.n));
  if (!manifest || manifest->kind != ledger::ExportKind::kVoid) return {};
  return RemoveMarkers(destination, name, files);
}

}  // namespace sluice::exporter
