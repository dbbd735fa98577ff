#include "sluice/verify/stray_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "sluice/exporter/inspect/listing.h"
#include "sluice/ledger/in_force.h"
#include "sluice/plan/output_layout.h"
#include "sluice/plan/planned_export.h"

namespace sluice::verify {
namespace {

using exporter::ListedObject;

constexpr size_t kShown = 5;

/// Where a partner may mistake any file for one of ours.
struct Published {
  std::set<int64_t> numbers;
  std::set<std::string, std::less<>> snapshots;  ///< folders, with trailing '/'
};

Published Collect(const std::vector<ledger::Manifest>& current) {
  Published published;
  for (const auto& manifest : current) {
    published.numbers.insert(manifest.n);
    if (!plan::IsWholeTable(manifest.kind)) continue;
    for (const auto& file : manifest.files) {
      published.snapshots.insert(file.path.substr(0, file.path.rfind('/') + 1));
    }
  }
  return published;
}

/// The fault of an object that no manifest names; "" if it has none.
std::string Describe(const store::Key& key, const Published& published) {
  const size_t slash = key.rfind('/');
  const std::string_view name = std::string_view(key).substr(slash + 1);
  const auto ours = plan::ParseDataFileName(name);
  if (ours && published.numbers.contains(ours->n)) {
    return fmt::format(
        "is named like a file of export {} but not in its manifest: readers who list "
        "folders see its rows, too; `sluice prune` removes it",
        ours->n);
  }
  // Engines pass over such names.
  if (name.starts_with('_') || name.starts_with('.')) return "";
  if (!published.snapshots.contains(std::string_view(key).substr(0, slash + 1))) return "";
  return "is in the folder of a snapshot but not in its manifest: readers who list the folder see "
         "its "
         "rows, too; move it away";
}

/// How many files are left of each export that a later one replaced.
std::vector<LingeringFiles> CountLingering(const std::vector<ListedObject>& listed,
                                           const std::vector<ledger::Manifest>& manifests) {
  std::map<int64_t, int64_t> files;
  for (const auto& object : listed) {
    if (object.standing != exporter::Standing::kReplaced) continue;
    const std::string_view key = object.object.key;
    const auto name = plan::ParseDataFileName(key.substr(key.rfind('/') + 1));
    if (name) ++files[name->n];
  }
  const auto judged = ledger::JudgeExports(manifests);
  std::vector<LingeringFiles> lingering;
  for (const auto& [n, count] : files) {
    const auto found = judged.find(n);
    if (found != judged.end()) lingering.push_back({n, found->second.by, count});
  }
  return lingering;
}

}  // namespace

Result<FilesBeside> FindStrayFiles(const exporter::Services& services, const config::Table& table,
                                   const std::vector<ledger::Manifest>& manifests) {
  SLUICE_ASSIGN_OR_RETURN(auto listed, exporter::ListDestination(services, {{&table}}));
  std::sort(listed.begin(), listed.end(), [](const ListedObject& a, const ListedObject& b) {
    return a.object.key < b.object.key;
  });
  FilesBeside beside;
  beside.lingering = CountLingering(listed, manifests);
  const Published published = Collect(ledger::InForce(manifests));
  size_t more = 0;
  for (const auto& object : listed) {
    if (object.standing != exporter::Standing::kForeign) continue;
    const std::string fault = Describe(object.object.key, published);
    if (fault.empty()) continue;
    if (beside.faults.size() < kShown) {
      beside.faults.push_back(fmt::format("{} {}", object.object.key, fault));
    } else {
      ++more;
    }
  }
  if (more > 0) beside.faults.push_back(fmt::format("and {} more of such files", more));
  return beside;
}

}  // namespace sluice::verify
