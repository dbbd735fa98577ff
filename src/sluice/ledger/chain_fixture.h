#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sluice/ledger/records.h"

/// Manifests in few words, for tests: bounds of append tables are hours, those of feeds versions.
namespace sluice::ledger {

inline Timestamp Hour(int64_t hour) { return Timestamp{hour * 3'600'000'000}; }

inline Manifest Of(int64_t n, ExportKind kind, Bound start, Bound end) {
  Manifest manifest;
  manifest.n = n;
  manifest.kind = kind;
  manifest.start = start;
  manifest.end = end;
  manifest.rows = 1;
  return manifest;
}

inline Manifest Window(int64_t n, int64_t start, int64_t end) {
  return Of(n, ExportKind::kWindow, Hour(start), Hour(end));
}
inline Manifest Late(int64_t n, int64_t first_start, int64_t exported_end) {
  return Of(n, ExportKind::kLate, Hour(first_start), Hour(exported_end));
}
inline Manifest Backfill(int64_t n, int64_t start, int64_t end,
                         std::vector<int64_t> replaces = {}) {
  Manifest manifest = Of(n, ExportKind::kBackfill, Hour(start), Hour(end));
  manifest.replaces = std::move(replaces);
  return manifest;
}
inline Manifest Versions(int64_t n, int64_t start, int64_t end) {
  return Of(n, ExportKind::kWindow, Version{start}, Version{end});
}
inline Manifest Seed(int64_t n, int64_t version, ExportKind kind = ExportKind::kSeed) {
  return Of(n, kind, Bound(), Version{version});
}
inline Manifest Void(int64_t n) { return Of(n, ExportKind::kVoid, Bound(), Bound()); }
inline Manifest Expired(int64_t n) {
  Manifest manifest = Void(n);
  manifest.expired = true;
  return manifest;
}
/// `state set`, from where the exports stood.
inline Manifest Set(int64_t n, int64_t from, int64_t to) {
  Manifest manifest = Of(n, ExportKind::kReset, Hour(from), Hour(to));
  manifest.reason = "state set by hand";
  return manifest;
}
inline Manifest Forget(int64_t n) {
  Manifest manifest = Of(n, ExportKind::kReset, Hour(0), Bound());
  manifest.reason = "state forgotten by hand";
  return manifest;
}

}  // namespace sluice::ledger
