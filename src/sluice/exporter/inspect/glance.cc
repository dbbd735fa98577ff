#include "sluice/exporter/inspect/glance.h"

#include <set>
#include <utility>
#include <variant>

#include "sluice/delta/log/log.h"
#include "sluice/delta/log/row_tracking.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/exporter/session/session.h"
#include "sluice/exporter/session/source_log.h"
#include "sluice/ledger/ledger.h"
#include "sluice/plan/column_choice.h"

namespace sluice::exporter {
namespace {

/// So many manifests are read in search of one with files.
constexpr int64_t kMostManifests = 100;
constexpr size_t kSamples = 2;

/// Whether it shows how exports of the table's pattern look; those of a former pattern do not.
bool ShowsFiles(const ledger::Manifest& manifest, const config::Table& table) {
  if (!manifest.schema.is_object()) return false;
  switch (manifest.kind) {
    case ledger::ExportKind::kReset:
    case ledger::ExportKind::kVoid:
    case ledger::ExportKind::kSeed:
    case ledger::ExportKind::kReseed:
      return false;
    case ledger::ExportKind::kSnapshot:
      return table.is_snapshot();
    default:
      return table.is_cdc() ? std::holds_alternative<Version>(manifest.end)
                            : table.is_append() && std::holds_alternative<Timestamp>(manifest.end);
  }
}

bool IsSeed(const ledger::Manifest& manifest, const config::Table& table) {
  return table.is_cdc() && (manifest.kind == ledger::ExportKind::kSeed ||
                            manifest.kind == ledger::ExportKind::kReseed);
}

void AddSamples(const ledger::Manifest& manifest, std::vector<std::string>& samples) {
  for (const auto& file : manifest.files) {
    if (samples.size() < kSamples) samples.push_back(file.path);
  }
}

}  // namespace

Result<Published> LookAtPublished(const Services& services, const config::Table& table) {
  SLUICE_ASSIGN_OR_RETURN(const Places places, FindPlaces(services));
  SLUICE_ASSIGN_OR_RETURN(
      const auto destination,
      services.open_store(places.destination, StoreRole::kDestination, services.cancel));
  const ledger::Ledger ledger(destination, destination, table.name);
  Published published;
  SLUICE_ASSIGN_OR_RETURN(const auto numbers, ledger.ListNumbers());
  if (numbers.published.empty()) return published;
  published.exports = *numbers.published.rbegin();
  std::optional<ledger::Manifest> seed;
  std::set<int64_t> replaced;
  int64_t looks = 0;
  for (auto n = numbers.published.rbegin(); n != numbers.published.rend(); ++n) {
    if (++looks > kMostManifests || !published.samples.empty()) break;
    SLUICE_ASSIGN_OR_RETURN(auto manifest, ledger.ReadManifest(*n));
    if (!manifest) continue;
    replaced.insert(manifest->replaces.begin(), manifest->replaces.end());
    if (replaced.contains(*n)) continue;
    if (ShowsFiles(*manifest, table)) {
      AddSamples(*manifest, published.samples);
      if (!published.newest) published.newest = std::move(manifest);
    } else if (!seed && IsSeed(*manifest, table)) {
      seed = std::move(manifest);
    }
  }
  if (seed && published.samples.empty()) AddSamples(*seed, published.samples);
  if (!published.newest) published.newest = std::move(seed);
  return published;
}

Result<Glance> GlanceAtSource(const Services& services, const config::Table& table) {
  SLUICE_ASSIGN_OR_RETURN(const delta::Log log, OpenLog(services, table));
  delta::SnapshotOptions options;
  options.with_files = false;
  SLUICE_ASSIGN_OR_RETURN(const auto snapshot, delta::LoadSnapshot(log, options));
  SLUICE_ASSIGN_OR_RETURN(auto choice, plan::ChooseColumns(table, snapshot.metadata.schema));
  return Glance{std::move(choice.output), delta::PropertiesOf(snapshot.metadata).change_data_feed,
                delta::TracksRows(snapshot.protocol, snapshot.metadata)};
}

}  // namespace sluice::exporter
