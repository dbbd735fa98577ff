#include "sluice/exporter/inspect/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "sluice/exporter/commit/snapshot_marker.h"
#include "sluice/exporter/inspect/repair_advice.h"
#include "sluice/exporter/session/session.h"
#include "sluice/ledger/in_force.h"
#include "sluice/ledger/ledger.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/plan/output_layout.h"
#include "sluice/plan/planned_export.h"

namespace sluice::exporter {
namespace {

using config::Pattern;
using ledger::ExportKind;

constexpr std::string_view kInternalRoot = "_sluice/";
constexpr std::string_view kMarkerName = "_SUCCESS";

/// A file as its manifest describes it.
struct NamedFile {
  const ledger::ManifestFile* file = nullptr;
  const ledger::Manifest* manifest = nullptr;
  ledger::Judgement judgement;
  std::string_view table;

  /// A later export holds its rows, so that it goes some day.
  bool replaced() const { return judgement.by > 0; }
  int64_t n() const { return manifest->n; }
  std::string remedy() const { return RepairAdvice(table, *manifest); }
};

/// The _SUCCESS of a snapshot or seed that is there to be read.
struct Marker {
  int64_t n = 0;
  bool seen = false;
};

/// The data folder that a key lies in, of the patterns that have such a folder.
struct Place {
  Pattern pattern = Pattern::kAppend;
  std::string_view partition;  ///< what stands between the data folder and the file's name
};

std::optional<Place> PlaceOf(std::string_view key, std::string_view name) {
  for (const Pattern pattern : {Pattern::kAppend, Pattern::kCdc, Pattern::kSnapshot}) {
    const std::string folder = plan::DataFolder(pattern, name);
    if (!key.starts_with(folder)) continue;
    key.remove_prefix(folder.size());
    const size_t slash = key.rfind('/');
    return Place{pattern, slash == std::string_view::npos ? "" : key.substr(0, slash)};
  }
  return std::nullopt;
}

std::string_view LastPart(std::string_view key) { return key.substr(key.rfind('/') + 1); }

class Judge {
 public:
  Judge(const std::vector<ListedTable>& tables, std::string_view state_folder)
      : state_folder_(state_folder) {
    for (const auto& table : tables) AddTable(table);
  }

  ListedObject operator()(const store::ObjectInfo& object) {
    const std::string_view key = object.key;
    if (!state_folder_.empty() && key.starts_with(state_folder_)) {
      return {object, Standing::kInternal, "", ""};
    }
    if (key.starts_with(kInternalRoot)) return {object, InternalStanding(key), "", ""};
    const auto named = named_.find(object.key);
    if (named != named_.end()) {
      seen_.insert(object.key);
      return JudgeNamed(object, named->second);
    }
    const auto marker = markers_.find(object.key);
    if (marker != markers_.end()) {
      marker->second.seen = true;
      return {object, Standing::kSuccess, "", ""};
    }
    return {object, Standing::kForeign, WhyForeign(key), ""};
  }

  /// What manifests name and nobody showed us, by key.
  std::vector<ListedObject> Missing() const {
    std::vector<ListedObject> missing;
    for (const auto& [key, named] : named_) {
      if (named.replaced() || seen_.contains(key)) continue;
      store::ObjectInfo object;
      object.key = key;
      object.size = named.file->size;
      missing.push_back({std::move(object), Standing::kMissing,
                         fmt::format("the manifest of export {} names it", named.n()),
                         named.remedy()});
    }
    for (const auto& [key, marker] : markers_) {
      if (marker.seen) continue;
      store::ObjectInfo object;
      object.key = key;
      missing.push_back(
          {std::move(object), Standing::kMissing,
           fmt::format("snapshot {} is complete but looks unfinished without it", marker.n),
           fmt::format("create an empty object at {}", key)});
    }
    std::sort(missing.begin(), missing.end(),
              [](const auto& a, const auto& b) { return a.object.key < b.object.key; });
    return missing;
  }

 private:
  void AddTable(const ListedTable& table) {
    names_.insert(table.name);
    const auto judged = ledger::JudgeExports(table.manifests);
    for (const auto& manifest : table.manifests) {
      published_[{table.name, manifest.n}] = &manifest;
      std::vector<store::Key> files;
      const ledger::Judgement& judgement = judged.at(manifest.n);
      for (const auto& file : manifest.files) {
        named_[file.path] = {&file, &manifest, judgement, table.name};
        by_name_.emplace(LastPart(file.path), file.path);
        files.push_back(file.path);
      }
      if (!plan::IsWholeTable(manifest.kind)) continue;
      for (const auto& key : MarkersOf(table.name, files)) markers_[key] = {manifest.n, false};
    }
  }

  ListedObject JudgeNamed(const store::ObjectInfo& object, const NamedFile& named) const {
    const auto place = PlaceOf(object.key, named.table);
    if (!place || !plan::IsPartitionFolder(place->partition, place->pattern) ||
        place->partition != named.file->partition) {
      return {object, Standing::kMisplaced,
              fmt::format("export {} says partition '{}'", named.n(), named.file->partition),
              named.remedy()};
    }
    if (object.size != named.file->size) {
      return {object, Standing::kWrongSize,
              fmt::format("export {} says {} bytes", named.n(), named.file->size), named.remedy()};
    }
    if (named.replaced()) {
      return {object, Standing::kReplaced,
              fmt::format("export {} is replaced by export {}", named.n(), named.judgement.by), ""};
    }
    return {object, Standing::kExported, "", ""};
  }

  static Standing InternalStanding(std::string_view key) {
    key.remove_prefix(kInternalRoot.size());
    const size_t slash = key.find('/');
    if (slash == std::string_view::npos) return Standing::kInternal;
    const std::string_view name = key.substr(0, slash);
    const std::string whole = std::string(kInternalRoot) + std::string(key);
    const bool published = whole == ledger::PublishedHeartbeatKey(name) ||
                           (whole.starts_with(ledger::ManifestFolder(name)) &&
                            ledger::ParseManifestName(LastPart(key)));
    return published ? Standing::kManifest : Standing::kInternal;
  }

  /// A file named as we name them that no manifest names: a copy, or what an attempt left.
  std::string WhyForeign(std::string_view key) const {
    const auto file = plan::ParseDataFileName(LastPart(key));
    if (!file) return "";
    const auto original = by_name_.find(LastPart(key));
    if (original != by_name_.end()) return fmt::format("a copy of {}", original->second);
    for (const auto& name : names_) {
      if (!PlaceOf(key, name)) continue;
      const auto published = published_.find({name, file->n});
      if (published == published_.end()) {
        return fmt::format("export {} is not published yet", file->n);
      }
      const ledger::Manifest& manifest = *published->second;
      if (manifest.expired) return fmt::format("left from snapshot {}, which was removed", file->n);
      return manifest.kind == ExportKind::kVoid
                 ? fmt::format("left by export {}, which was voided", file->n)
                 : fmt::format("export {} was published without it", file->n);
    }
    return "";
  }

  std::string_view state_folder_;
  std::unordered_map<store::Key, NamedFile> named_;
  std::unordered_set<store::Key> seen_;
  std::map<store::Key, Marker> markers_;
  std::unordered_map<std::string_view, store::Key>
      by_name_;  ///< of named files, by their last part
  std::set<std::string> names_;
  std::map<std::pair<std::string, int64_t>, const ledger::Manifest*> published_;
};

/// Every table that has manifests, or may get some: those below _sluice/ and those of the config.
Result<std::vector<std::string>> TableNames(const store::ObjectStore& destination,
                                            const Services& services,
                                            const ListingOptions& options) {
  std::set<std::string> names;
  if (!options.tables.empty()) {
    for (const auto* table : options.tables) names.insert(table->name);
  } else {
    SLUICE_ASSIGN_OR_RETURN(const auto folders,
                            destination.ListFolders(std::string(kInternalRoot)));
    names.insert(folders.begin(), folders.end());
    for (const auto& table : services.config->tables) names.insert(table.name);
  }
  return std::vector<std::string>(names.begin(), names.end());
}

std::vector<store::Key> Prefixes(const ListingOptions& options) {
  if (options.tables.empty()) return {""};
  std::vector<store::Key> prefixes;
  for (const auto* table : options.tables) {
    for (auto& folder : plan::DataFolders(table->pattern(), table->name)) {
      prefixes.push_back(std::move(folder));
    }
    prefixes.push_back(fmt::format("{}{}/", kInternalRoot, table->name));
  }
  return prefixes;
}

/// The state table's folder below the destination; "" where it lies elsewhere.
std::string StateFolder(const Places& places) {
  const std::string root = places.destination.ToString() + "/";
  const std::string state = places.state.ToString();
  return state.starts_with(root) ? state.substr(root.size()) + "/" : "";
}

/// What became visible, or was dropped, between the listing and the reading of the manifests.
void LookAgain(const store::ObjectStore& destination, std::vector<ListedObject>& objects) {
  for (auto& listed : objects) {
    if (listed.standing != Standing::kMissing) continue;
    auto found = destination.Head(listed.object.key);
    if (found && found->size == listed.object.size) {
      const bool marker = LastPart(found->key) == kMarkerName;
      listed = {*std::move(found), marker ? Standing::kSuccess : Standing::kExported, "", ""};
    }
  }
}

}  // namespace

std::string_view Name(Standing standing) {
  switch (standing) {
    case Standing::kExported:
      return "exported";
    case Standing::kReplaced:
      return "replaced";
    case Standing::kSuccess:
      return "success";
    case Standing::kManifest:
      return "manifest";
    case Standing::kInternal:
      return "internal";
    case Standing::kForeign:
      return "foreign";
    case Standing::kWrongSize:
      return "wrong size";
    case Standing::kMisplaced:
      return "misplaced";
    case Standing::kMissing:
      return "missing";
  }
  return "foreign";
}

bool IsFault(Standing standing) {
  return standing == Standing::kWrongSize || standing == Standing::kMisplaced ||
         standing == Standing::kMissing;
}

std::vector<ListedObject> JudgeObjects(const std::vector<store::ObjectInfo>& objects,
                                       const std::vector<ListedTable>& tables,
                                       std::string_view state_folder) {
  Judge judge(tables, state_folder);
  std::vector<ListedObject> judged;
  judged.reserve(objects.size());
  for (const auto& object : objects) judged.push_back(judge(object));
  for (auto& missing : judge.Missing()) judged.push_back(std::move(missing));
  return judged;
}

Result<std::vector<ListedObject>> ListDestination(const Services& services,
                                                  const ListingOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const Places places, FindPlaces(services));
  SLUICE_ASSIGN_OR_RETURN(
      auto destination,
      services.open_store(places.destination, StoreRole::kDestination, services.cancel));
  for (const auto* table : options.tables) {
    SLUICE_RETURN_IF_ERROR(OpenSession(services, *table));
  }
  if (options.tables.empty()) {
    for (const auto& table : services.config->tables) {
      SLUICE_RETURN_IF_ERROR(OpenSession(services, table));
    }
  }
  // Files before manifests: a manifest comes after its files, so none that is there already seems foreign.
  std::vector<store::ObjectInfo> objects;
  for (const auto& prefix : Prefixes(options)) {
    SLUICE_RETURN_IF_ERROR(destination->List(prefix, "", [&](const store::ObjectInfo& object) {
      objects.push_back(object);
      return !services.cancel.cancelled();
    }));
    SLUICE_RETURN_IF_ERROR(services.cancel.Check());
  }
  SLUICE_ASSIGN_OR_RETURN(const auto names, TableNames(*destination, services, options));
  std::vector<ListedTable> tables;
  for (const auto& name : names) {
    const ledger::Ledger ledger(destination, destination, name);
    SLUICE_ASSIGN_OR_RETURN(auto manifests, ledger.ReadManifests());
    tables.push_back({name, std::move(manifests)});
  }
  auto judged = JudgeObjects(objects, tables, StateFolder(places));
  LookAgain(*destination, judged);
  return judged;
}

}  // namespace sluice::exporter
