#include "sluice/plan/carry_over.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/ledger/in_force.h"
#include "sluice/plan/output_layout.h"

namespace sluice::plan {
namespace {

using ledger::ExportKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TimeZone Zone(std::string_view name) { return TimeZone::Find(name).value(); }

int64_t At(std::string_view text) { return ParseTimestamp(text, TimeZone::Utc()).value().micros; }

Range Between(std::string_view from, std::string_view to) { return {At(from), At(to)}; }

/// Export n with one file in each of these folders; a file is named as n and its folder.
OldExport Old(int64_t n, Range rows, const std::vector<std::string>& folders,
              ExportKind kind = ExportKind::kWindow) {
  OldExport old{rows, {}};
  old.manifest.n = n;
  old.manifest.kind = kind;
  for (const auto& folder : folders) {
    old.manifest.files.push_back({fmt::format("{} {}", n, folder), 10, 1, "", folder});
  }
  return old;
}

class CarryOverTest : public ::testing::Test {
 protected:
  /// What is carried over where `asked` of `whole` is exported again.
  std::vector<std::string> Carried(Range whole, const std::vector<OldExport>& old, Range asked) {
    PlannedExport piece;
    piece.start = Timestamp{whole.from};
    piece.end = Timestamp{whole.to};
    piece.what = PlannedRows{ExportKind::kBackfill};
    CarryOver(piece, old, asked, zone_);
    const auto& rows = std::get<PlannedRows>(piece.what);
    read_ = {ledger::ValueOf(rows.renewed_start).value_or(whole.from),
             ledger::ValueOf(rows.renewed_end).value_or(whole.to)};
    std::vector<std::string> paths;
    for (const auto& file : rows.carried) paths.push_back(file.path);
    return paths;
  }

  TimeZone zone_ = TimeZone::Utc();
  Range read_;  ///< by the last piece
};

const std::vector<std::string> kThreeDays{"dt=2026-01-01", "dt=2026-01-02", "dt=2026-01-03"};

TEST_F(CarryOverTest, FoldersInWhichNothingWasAskedForStay) {
  const Range whole = Between("2026-01-01", "2026-01-03T23:00:00");
  const auto carried = Carried(whole, {Old(1, whole, kThreeDays)},
                               Between("2026-01-02T05:00:00", "2026-01-02T06:00:00"));
  EXPECT_THAT(carried, ElementsAre("1 dt=2026-01-01", "1 dt=2026-01-03"));
  EXPECT_EQ(read_, (Range{At("2026-01-02") - 1, At("2026-01-03") - 1}));
}

TEST_F(CarryOverTest, FolderOfARowAtTheEndIsReadToo) {
  const Range whole = Between("2026-01-01", "2026-01-03T23:00:00");
  const auto carried =
      Carried(whole, {Old(1, whole, kThreeDays)}, Between("2026-01-02", "2026-01-03"));
  EXPECT_THAT(carried, ElementsAre("1 dt=2026-01-01"));
  EXPECT_EQ(read_, (Range{At("2026-01-02") - 1, whole.to}));
}

TEST_F(CarryOverTest, NothingStaysWhereAllFoldersAreAskedFor) {
  const Range whole = Between("2026-01-01", "2026-01-03T23:00:00");
  EXPECT_THAT(Carried(whole, {Old(1, whole, kThreeDays)},
                      Between("2026-01-01T10:00:00", "2026-01-03T01:00:00")),
              IsEmpty());
  EXPECT_EQ(read_, whole);
}

TEST_F(CarryOverTest, FilesOfSeveralExportsStay) {
  const Range first = Between("2026-01-01", "2026-01-02"),
              second = Between("2026-01-02", "2026-01-04");
  const std::vector<OldExport> old{Old(1, first, {"dt=2026-01-01", "dt=2026-01-02"}),
                                   Old(2, second, {"dt=2026-01-02", "dt=2026-01-03"}),
                                   Old(3, Between("2026-01-01", "2026-01-03T10:00:00"),
                                       {"dt=2026-01-01", "dt=2026-01-03"}, ExportKind::kLate)};
  const auto carried =
      Carried({first.from, second.to}, old, Between("2026-01-03T01:00:00", "2026-01-03T02:00:00"));
  EXPECT_THAT(carried, UnorderedElementsAre("1 dt=2026-01-01", "1 dt=2026-01-02", "2 dt=2026-01-02",
                                            "3 dt=2026-01-01"));
}

TEST_F(CarryOverTest, WhatNoWindowHoldsIsNotClaimed) {
  const Range window = Between("2026-01-01", "2026-01-02");
  const Range late = Between("2026-01-01T10:00:00", "2026-01-05");
  const auto carried = Carried(
      {window.from, late.to},
      {Old(1, window, {"dt=2026-01-01"}), Old(2, late, {"dt=2026-01-01"}, ExportKind::kLate)},
      Between("2026-01-04", "2026-01-05"));
  EXPECT_THAT(carried, IsEmpty());
}

TEST_F(CarryOverTest, RowsOfTwoWindowsAreReadAgain) {
  const Range first = Between("2026-01-01", "2026-01-03"),
              second = Between("2026-01-02T12:00:00", "2026-01-04");
  const auto carried = Carried({first.from, second.to},
                               {Old(1, first, {"dt=2026-01-01", "dt=2026-01-02"}),
                                Old(2, second, {"dt=2026-01-02", "dt=2026-01-03"})},
                               Between("2026-01-03T10:00:00", "2026-01-03T11:00:00"));
  EXPECT_THAT(carried, ElementsAre("1 dt=2026-01-01"));
}

TEST_F(CarryOverTest, HourThatComesTwiceIsOneFolder) {
  zone_ = Zone("Europe/Berlin");  // back from 03:00 to 02:00, at 01:00 UTC
  const Range whole = Between("2025-10-25T22:00:00", "2025-10-26T05:00:00");
  const std::vector<std::string> folders{"dt=2025-10-26/hr=01", "dt=2025-10-26/hr=02",
                                         "dt=2025-10-26/hr=03"};
  const auto carried = Carried(whole, {Old(1, whole, folders)},
                               Between("2025-10-26T00:10:00", "2025-10-26T00:20:00"));
  EXPECT_THAT(carried, ElementsAre("1 dt=2025-10-26/hr=01", "1 dt=2025-10-26/hr=03"));
  EXPECT_EQ(read_, (Range{At("2025-10-26") - 1, At("2025-10-26T02:00:00") - 1}));
}

TEST_F(CarryOverTest, BeginOfAFolderIsItsFirstInstant) {
  EXPECT_EQ(PartitionBegin("dt=2025-10-26/hr=02", Zone("Europe/Berlin")),
            Timestamp{At("2025-10-26")});
  EXPECT_EQ(PartitionBegin("dt=2025-10-26", Zone("Europe/Berlin")),
            Timestamp{At("2025-10-25T22:00:00")});
  EXPECT_EQ(PartitionBegin("dt=2025-03-30/hr=02", Zone("Europe/Berlin")), std::nullopt);
  EXPECT_EQ(PartitionBegin("snapshot", TimeZone::Utc()), std::nullopt);
}

}  // namespace
}  // namespace sluice::plan
