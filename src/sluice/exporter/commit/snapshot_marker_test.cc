#include "sluice/exporter/commit/snapshot_marker.h"

#include <gmock/gmock.h>

#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::exporter {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;

const std::string kFolder = "countries/snapshot_ts=2026-01-01T00-00-00Z/";

std::vector<store::Key> Keys(const store::ObjectStore& store) {
  std::vector<store::Key> keys;
  const auto listed = store::ListAll(store, "").value();
  for (const auto& object : listed) keys.push_back(object.key);
  return keys;
}

ledger::Decision Snapshot() {
  ledger::Decision decision;
  decision.manifest.kind = ledger::ExportKind::kSnapshot;
  for (const char* name : {"a.parquet", "b.parquet"}) {
    ledger::DecidedFile file;
    file.upload.key = kFolder + name;
    decision.files.push_back(file);
  }
  return decision;
}

TEST(SnapshotMarkerTest, OneLiesInEachFolderOfASnapshot) {
  EXPECT_THAT(MarkersOf("countries", {kFolder + "a.parquet", kFolder + "b.parquet"}),
              ElementsAre(kFolder + "_SUCCESS"));
}

TEST(SnapshotMarkerTest, FoldersOfOthersGetNone) {
  EXPECT_THAT(MarkersOf("countries", {"countries/dt=2026-01-01/a.parquet", "countries/a.parquet",
                                      "users/snapshot_ts=2026-01-01T00-00-00Z/a.parquet"}),
              IsEmpty());
}

TEST(SnapshotMarkerTest, IsPutAndTakenAway) {
  const auto store = testing::MakeMemoryStore();
  ledger::Decision decision = Snapshot();
  EXPECT_THAT(PutMarkers(*store, "countries", decision), IsOk());
  EXPECT_THAT(Keys(*store), ElementsAre(kFolder + "_SUCCESS"));
  EXPECT_THAT(RemoveMarkers(*store, "countries", ledger::EverListed(decision)), IsOk());
  EXPECT_THAT(Keys(*store), IsEmpty());
  decision.manifest.kind = ledger::ExportKind::kWindow;
  EXPECT_THAT(PutMarkers(*store, "countries", decision), IsOk());
  EXPECT_THAT(Keys(*store), IsEmpty()) << "a window has none";
}

}  // namespace
}  // namespace sluice::exporter
