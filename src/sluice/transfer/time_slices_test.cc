#include "sluice/transfer/time_slices.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace sluice::transfer {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kHour = Hours(1).micros;
constexpr plan::TimeWindow kHundredHours{Timestamp{0}, Timestamp{100 * kHour}};

/// Of `bytes`, with rows of hours [low, high].
plan::SourceFile File(int64_t low, int64_t high, int64_t bytes) {
  plan::SourceFile file;
  file.size = bytes;
  file.watermark_min = low * kHour;
  file.watermark_max = high * kHour;
  return file;
}

SliceOptions Options(int64_t memory, int open_files) { return {memory, open_files, kHour}; }

TEST(TimeSlicesTest, FilesThatTheBoundsExcludeHoldNoRowOfTheWindow) {
  const plan::TimeWindow window{Timestamp{2 * kHour}, Timestamp{4 * kHour}};
  EXPECT_FALSE(MayHoldRowsOf(window, File(0, 2, 1))) << "the start is exclusive";
  EXPECT_TRUE(MayHoldRowsOf(window, File(0, 3, 1)));
  EXPECT_TRUE(MayHoldRowsOf(window, File(4, 9, 1))) << "the end is inclusive";
  EXPECT_FALSE(MayHoldRowsOf(window, File(5, 9, 1)));
  EXPECT_TRUE(MayHoldRowsOf(window, plan::SourceFile{})) << "nothing is known of it";
}

TEST(TimeSlicesTest, NoFilesNeedNoCut) {
  EXPECT_THAT(CutIntoSlices({}, kHundredHours, Options(1, 1)), IsEmpty());
}

TEST(TimeSlicesTest, SortedFilesNeedNoCut) {
  std::vector<plan::SourceFile> files;
  for (int64_t hour = 0; hour < 100; ++hour) files.push_back(File(hour, hour + 1, 100 << 20));
  EXPECT_THAT(CutIntoSlices(files, kHundredHours, Options(1 << 20, 4)), IsEmpty());
}

TEST(TimeSlicesTest, WhatFitsIntoMemoryNeedsNoCut) {
  const std::vector<plan::SourceFile> files(10, File(0, 100, 1 << 20));
  EXPECT_THAT(CutIntoSlices(files, kHundredHours, Options(1 << 30, 4)), IsEmpty());
}

TEST(TimeSlicesTest, EnoughOpenFilesNeedNoCut) {
  const std::vector<plan::SourceFile> files(10, File(0, 100, 1 << 30));
  EXPECT_THAT(CutIntoSlices(files, kHundredHours, Options(1, 100)), IsEmpty());
}

TEST(TimeSlicesTest, WideFilesAreCutIntoEqualShares) {
  const std::vector<plan::SourceFile> files(10, File(0, 100, 1 << 20));
  const auto cuts = CutIntoSlices(files, kHundredHours, Options(10 << 20, 1));
  ASSERT_THAT(cuts, SizeIs(3)) << "40 MiB decoded by 10 MiB each";
  for (size_t i = 0; i < cuts.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(cuts[i]), 25.0 * kHour * static_cast<double>(i + 1), 1);
  }
}

TEST(TimeSlicesTest, CutsStandWhereTheRowsAre) {
  std::vector<plan::SourceFile> files(10, File(0, 100, 1));
  files.resize(20, File(90, 100, 1 << 20));
  for (const int64_t cut : CutIntoSlices(files, kHundredHours, Options(10 << 20, 1))) {
    EXPECT_GT(cut, 90 * kHour);
  }
}

TEST(TimeSlicesTest, CutsAscendInsideTheWindowAndAreFew) {
  const plan::TimeWindow window{Timestamp{10 * kHour}, Timestamp{60 * kHour}};
  std::vector<plan::SourceFile> files(50, File(0, 100, 1 << 30));
  files.push_back(plan::SourceFile{});
  const auto cuts = CutIntoSlices(files, window, Options(1, 1));
  EXPECT_THAT(cuts, SizeIs(15)) << "sixteen passes at most";
  EXPECT_TRUE(std::is_sorted(cuts.begin(), cuts.end()));
  EXPECT_GT(cuts.front(), window.start.micros);
  EXPECT_LT(cuts.back(), window.end.micros);
}

TEST(TimeSlicesTest, FilesOfOneInstantNeedNoCut) {
  const std::vector<plan::SourceFile> files(10, File(5, 5, 1 << 30));
  EXPECT_THAT(CutIntoSlices(files, kHundredHours, Options(1, 1)), IsEmpty());
}

}  // namespace
}  // namespace sluice::transfer
