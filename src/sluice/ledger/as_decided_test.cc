#include "sluice/ledger/as_decided.h"

#include <gmock/gmock.h>

namespace sluice::ledger {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Decision DecisionOf(ExportKind kind) {
  Decision decision;
  decision.n = decision.manifest.n = 1;
  decision.manifest.kind = kind;
  decision.manifest.table_id = "a";
  decision.manifest.start = Timestamp{1};
  decision.manifest.end = Timestamp{2};
  decision.manifest.files.resize(1);
  return decision;
}

Manifest TombstoneOf(const Decision& decision) {
  Manifest tombstone = decision.manifest;
  tombstone.kind = ExportKind::kVoid;
  tombstone.expired = true;
  tombstone.files.clear();
  return tombstone;
}

TEST(AsDecidedTest, TheManifestOfADecisionAndTheTombstoneOfASnapshotAreAsDecided) {
  for (const auto kind : {ExportKind::kWindow, ExportKind::kVoid, ExportKind::kReset}) {
    const Decision decision = DecisionOf(kind);
    EXPECT_THAT(DifferenceInStanding(decision.manifest, decision), IsEmpty());
  }
  const Decision snapshot = DecisionOf(ExportKind::kSnapshot);
  EXPECT_THAT(DifferenceInStanding(TombstoneOf(snapshot), snapshot), IsEmpty());
}

TEST(AsDecidedTest, WhatAManifestAloneSaysIsADifference) {
  const Decision decision = DecisionOf(ExportKind::kWindow);
  const auto edited = [&](auto&& edit) {
    Manifest manifest = decision.manifest;
    edit(manifest);
    return DifferenceInStanding(manifest, decision);
  };
  EXPECT_THAT(edited([](auto& m) { m.kind = ExportKind::kReset; }), HasSubstr("says reset"));
  EXPECT_THAT(edited([](auto& m) { m.replaces = {7}; }), HasSubstr("replaces"));
  EXPECT_THAT(edited([](auto& m) { m.end = Timestamp{9}; }), HasSubstr("window"));
  EXPECT_THAT(edited([](auto& m) { m.start = Bound(); }), HasSubstr("window"));
  EXPECT_THAT(edited([](auto& m) { m.table_id = "b"; }), HasSubstr("table id"));
  EXPECT_THAT(DifferenceInStanding(TombstoneOf(decision), decision), HasSubstr("expired"));
  const Decision snapshot = DecisionOf(ExportKind::kSnapshot);
  Manifest with_files = TombstoneOf(snapshot);
  with_files.files.resize(1);
  EXPECT_THAT(DifferenceInStanding(with_files, snapshot), HasSubstr("lists files"));
  Decision overruled = DecisionOf(ExportKind::kVoid);
  overruled.overruled = true;
  EXPECT_THAT(DifferenceInStanding(overruled.manifest, overruled), HasSubstr("says void"));
}

}  // namespace
}  // namespace sluice::ledger
