#include "sluice/exporter/inspect/listing.h"

#include <gmock/gmock.h>

#include "sluice/ledger/ledger_path.h"

namespace sluice::exporter {
namespace {

using testing::HasSubstr;

constexpr const char* kHour = "dt=2026-01-01/hr=09";

std::string FileKey(int64_t n, const std::string& partition = kHour) {
  return fmt::format("events_incremental/{}/sluice-{:08}-00112233445566ff-00001.parquet", partition,
                     n);
}

ledger::Manifest Export(int64_t n, const std::string& path, int64_t size,
                        const std::string& partition = kHour) {
  ledger::Manifest manifest;
  manifest.n = n;
  manifest.files = {{path, size, 1, "crc64nvme:0", partition}};
  return manifest;
}

store::ObjectInfo Object(const std::string& key, int64_t size) {
  store::ObjectInfo object;
  object.key = key;
  object.size = size;
  return object;
}

/// The judgement on one object beside these manifests of `events`.
ListedObject Judge(const store::ObjectInfo& object, std::vector<ledger::Manifest> manifests,
                   const std::string& state_folder = "_export_state/") {
  const auto judged = JudgeObjects({object}, {{"events", std::move(manifests)}}, state_folder);
  EXPECT_FALSE(judged.empty());
  return judged.front();
}

TEST(ListingTest, AFileAsItsManifestSaysIsExported) {
  const auto judged =
      JudgeObjects({Object(FileKey(1), 10)}, {{"events", {Export(1, FileKey(1), 10)}}}, "");
  ASSERT_EQ(judged.size(), 1);
  EXPECT_EQ(judged[0].standing, Standing::kExported);
  EXPECT_EQ(judged[0].remark, "");
}

TEST(ListingTest, AnotherSizeIsAFault) {
  const auto judged = Judge(Object(FileKey(1), 9), {Export(1, FileKey(1), 10)});
  EXPECT_EQ(judged.standing, Standing::kWrongSize);
  EXPECT_TRUE(IsFault(judged.standing));
  EXPECT_THAT(judged.remark, HasSubstr("10 bytes"));
}

TEST(ListingTest, AFolderThatIsNoPartitionIsAFault) {
  for (const std::string partition : {"dt=2026-1-1/hr=09", "dt=2026-02-30/hr=00", "hr=09"}) {
    const std::string key = FileKey(1, partition);
    EXPECT_EQ(Judge(Object(key, 10), {Export(1, key, 10, partition)}).standing,
              Standing::kMisplaced)
        << partition;
  }
}

TEST(ListingTest, ANamedFileThatIsNotThereIsMissing) {
  const auto judged = JudgeObjects({}, {{"events", {Export(3, FileKey(3), 10)}}}, "");
  ASSERT_EQ(judged.size(), 1);
  EXPECT_EQ(judged[0].standing, Standing::kMissing);
  EXPECT_EQ(judged[0].object.size, 10);
  EXPECT_THAT(judged[0].remark, HasSubstr("export 3"));
}

TEST(ListingTest, WhatNoManifestNamesIsForeign) {
  EXPECT_EQ(Judge(Object("events_incremental/dt=2026-01-01/hr=09/part-0.parquet", 1), {}).standing,
            Standing::kForeign);
  EXPECT_EQ(Judge(Object("readme.txt", 1), {}).standing, Standing::kForeign);
}

TEST(ListingTest, AForeignFileOfOurMakingSaysWhoseItIs) {
  EXPECT_THAT(Judge(Object(FileKey(4), 1), {}).remark, HasSubstr("export 4 is not published yet"));
  ledger::Manifest none;
  none.n = 4;
  none.kind = ledger::ExportKind::kVoid;
  EXPECT_THAT(Judge(Object(FileKey(4), 1), {none}).remark, HasSubstr("was voided"));
  none.expired = true;
  EXPECT_THAT(Judge(Object(FileKey(4), 1), {none}).remark,
              HasSubstr("snapshot 4, which was removed"));
  const auto other = Export(4, "events_incremental/dt=2026-01-01/hr=09/another.parquet", 1);
  EXPECT_THAT(Judge(Object(FileKey(4), 1), {other}).remark, HasSubstr("published without it"));
}

TEST(ListingTest, ACopyOfAFileNamesTheFile) {
  const std::string copy = FileKey(1, "dt=2026-01-01/hr=10");
  const auto judged = Judge(Object(copy, 10), {Export(1, FileKey(1), 10)});
  EXPECT_EQ(judged.standing, Standing::kForeign);
  EXPECT_EQ(judged.remark, "a copy of " + FileKey(1));
}

TEST(ListingTest, TheRemedyOfAFaultExportsTheSameRowsAnew) {
  ledger::Manifest window = Export(1, FileKey(1), 10);
  window.start = Timestamp{0};
  window.end = Timestamp{Hours(1).micros};
  EXPECT_THAT(Judge(Object(FileKey(1), 9), {window}).remedy,
              HasSubstr("`sluice backfill events --from 1970-01-01T00:00:00Z --to "
                        "1970-01-01T01:00:00Z --again`"));
  window.kind = ledger::ExportKind::kSnapshot;
  EXPECT_THAT(Judge(Object(FileKey(1), 9), {window}).remedy, HasSubstr("`sluice run events`"));
  window.kind = ledger::ExportKind::kSeed;
  EXPECT_THAT(Judge(Object(FileKey(1), 9), {window}).remedy, HasSubstr("--reseed"));
}

TEST(ListingTest, ReplacedFilesAreNoFaultWhetherTheyAreThereOrNot) {
  ledger::Manifest later = Export(2, FileKey(2), 5);
  later.replaces = {1};
  const std::vector<ListedTable> tables{{"events", {Export(1, FileKey(1), 10), later}}};
  const auto both = JudgeObjects({Object(FileKey(1), 10), Object(FileKey(2), 5)}, tables, "");
  ASSERT_EQ(both.size(), 2);
  EXPECT_EQ(both[0].standing, Standing::kReplaced);
  EXPECT_EQ(both[1].standing, Standing::kExported);
  EXPECT_EQ(JudgeObjects({Object(FileKey(2), 5)}, tables, "").size(), 1);
}

ledger::Manifest Snapshot(const std::string& folder) {
  ledger::Manifest snapshot = Export(1, folder + "sluice-00000001-00112233445566ff-00001.parquet",
                                     10, "snapshot_ts=2026-01-31T09-00-00Z");
  snapshot.kind = ledger::ExportKind::kSnapshot;
  snapshot.partitions_touched = {"snapshot_ts=2026-01-31T09-00-00Z"};
  return snapshot;
}

TEST(ListingTest, ASnapshotWithoutItsSuccessFileIsAFault) {
  const std::string folder = "events/snapshot_ts=2026-01-31T09-00-00Z/";
  const auto snapshot = Snapshot(folder);
  const auto judged =
      JudgeObjects({Object(snapshot.files[0].path, 10)}, {{"events", {snapshot}}}, "");
  ASSERT_EQ(judged.size(), 2);
  EXPECT_EQ(judged[1].standing, Standing::kMissing);
  EXPECT_EQ(judged[1].object.key, folder + "_SUCCESS");
}

TEST(ListingTest, TheSuccessFileOfASnapshotIsOurs) {
  const std::string folder = "events/snapshot_ts=2026-01-31T09-00-00Z/";
  const ledger::Manifest snapshot = Snapshot(folder);
  EXPECT_EQ(Judge(Object(folder + "_SUCCESS", 0), {snapshot}).standing, Standing::kSuccess);
  EXPECT_EQ(
      Judge(Object("events/snapshot_ts=2026-02-01T09-00-00Z/_SUCCESS", 0), {snapshot}).standing,
      Standing::kForeign);
}

TEST(ListingTest, StateAndLedgerAreInternalAndManifestsArePublished) {
  EXPECT_EQ(Judge(Object("_export_state/_delta_log/0.json", 1), {}).standing, Standing::kInternal);
  EXPECT_EQ(Judge(Object("_sluice/events/ledger/0.json", 1), {}).standing, Standing::kInternal);
  EXPECT_EQ(Judge(Object(ledger::ManifestKey("events", 1), 1), {}).standing, Standing::kManifest);
  EXPECT_EQ(Judge(Object(ledger::PublishedHeartbeatKey("events"), 1), {}).standing,
            Standing::kManifest);
}

TEST(ListingTest, AStateTableThatLiesElsewhereMakesAFolderOfItsNameForeign) {
  EXPECT_EQ(Judge(Object("_export_state/_delta_log/0.json", 1), {}, "").standing,
            Standing::kForeign);
}

}  // namespace
}  // namespace sluice::exporter
