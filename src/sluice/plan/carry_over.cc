#include "sluice/plan/carry_over.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "sluice/ledger/extent_set.h"
#include "sluice/plan/output_layout.h"

namespace sluice::plan {
namespace {

using ledger::ExportKind;
using ledger::ManifestFile;

/// Times that rows of a file may have.
struct Placed {
  const ManifestFile* file = nullptr;
  Range rows;
};

bool Meet(const Range& a, const Range& b) { return a.from < b.to && b.from < a.to; }

bool Holds(const Range& whole, const Range& part) {
  return whole.from <= part.from && part.to <= whole.to;
}

/// Every file of `old`; nullopt where one lies in a folder that `zone` does not know.
std::optional<std::vector<Placed>> PlaceFiles(const std::vector<OldExport>& old,
                                              const TimeZone& zone) {
  std::map<std::string, Range> folders;
  std::vector<Placed> placed;
  for (const auto& [rows, manifest] : old) {
    for (const auto& file : manifest.files) {
      auto found = folders.find(file.partition);
      if (found == folders.end()) {
        const auto begin = PartitionBegin(file.partition, zone);
        const auto end = PartitionEnd(file.partition, zone);
        if (!begin || !end) return std::nullopt;
        // [begin, end) of instants is (begin - 1, end - 1] of micros.
        const Range folder{begin->micros - 1, end->micros - 1};
        found = folders.emplace(file.partition, folder).first;
      }
      const Range& folder = found->second;
      placed.push_back({&file, {std::max(folder.from, rows.from), std::min(folder.to, rows.to)}});
    }
  }
  return placed;
}

/// What two windows of `old` both hold, which must not go on lying there twice.
std::vector<Range> HeldTwice(const std::vector<OldExport>& old) {
  std::vector<Range> windows, twice;
  for (const auto& [rows, manifest] : old) {
    if (manifest.kind == ExportKind::kLate) continue;
    for (const Range& other : windows) {
      if (Meet(other, rows)) {
        twice.push_back({std::max(other.from, rows.from), std::min(other.to, rows.to)});
      }
    }
    windows.push_back(rows);
  }
  return twice;
}

/// True if windows among `old` hold everything of `whole` outside of `read`: what no window holds would be
/// claimed and not exported.
bool HoldTheRest(const std::vector<OldExport>& old, const Range& whole, const Range& read) {
  ledger::ExtentSet held;
  held.Add({read.from, read.to});
  for (const auto& [rows, manifest] : old) {
    if (manifest.kind == ExportKind::kLate) continue;
    held.Add({rows.from, rows.to});
  }
  return held.Covers({whole.from, whole.to});
}

}  // namespace

void CarryOver(PlannedExport& piece, const std::vector<OldExport>& old, Range asked,
               const TimeZone& zone) {
  auto* rows = std::get_if<PlannedRows>(&piece.what);
  const auto* start = std::get_if<Timestamp>(&piece.start);
  const auto* end = std::get_if<Timestamp>(&piece.end);
  if (rows == nullptr || old.empty() || start == nullptr || end == nullptr) return;
  const Range whole{start->micros, end->micros};
  Range read{std::max(asked.from, whole.from), std::min(asked.to, whole.to)};
  if (read.from >= read.to) return;
  const auto files = PlaceFiles(old, zone);
  if (!files) return;
  for (const Range& twice : HeldTwice(old)) {
    read = {std::min(read.from, twice.from), std::max(read.to, twice.to)};
  }
  // Where clocks are set back, the times of two folders may overlap: until nothing more grows.
  for (bool grown = true; grown;) {
    grown = false;
    for (const Placed& file : *files) {
      if (!Meet(file.rows, read) || Holds(read, file.rows)) continue;
      read = {std::min(read.from, file.rows.from), std::max(read.to, file.rows.to)};
      grown = true;
    }
  }
  if (!HoldTheRest(old, whole, read)) return;
  std::vector<ManifestFile> carried;
  for (const Placed& file : *files) {
    if (!Meet(file.rows, read)) carried.push_back(*file.file);
  }
  if (carried.empty()) return;
  rows->renewed_start = Timestamp{read.from};
  rows->renewed_end = Timestamp{read.to};
  rows->carried = std::move(carried);
}

}  // namespace sluice::plan
