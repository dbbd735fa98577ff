#include "sluice/delta/log/commit_times.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace sluice::delta {
namespace {

constexpr int64_t kMillis = 1000;

LogListing Modified(const std::vector<int64_t>& millis) {
  LogListing listing;
  for (const int64_t time : millis) {
    const Version version{static_cast<int64_t>(listing.commits.size())};
    listing.commits.push_back(CommitFile{version, 1, Timestamp{time * kMillis}});
  }
  return listing;
}

int64_t MillisOf(const CommitTimes& times, int64_t version) {
  return times.Of(Version{version}, std::nullopt).micros / kMillis;
}

TEST(CommitTimes, FilesNewerThanTheirSuccessorsPushThese) {
  const CommitTimes times(Modified({10, 500, 20, 500, 501, 900}), Version{0}, Version{5});
  const std::vector<int64_t> kExpected = {10, 500, 501, 502, 503, 900};
  for (int64_t v = 0; v < 6; ++v) EXPECT_EQ(MillisOf(times, v), kExpected[v]) << v;
}

TEST(CommitTimes, AnInCommitTimestampRulesAndPushesNobody) {
  const CommitTimes times(Modified({10, 20}), Version{0}, Version{1});
  CommitInfo info;
  info.timestamp = 77;
  EXPECT_EQ(times.Of(Version{0}, info).micros, 10 * kMillis)
      << "the writer's clock counts for nothing";
  info.in_commit_timestamp = 99;
  EXPECT_EQ(times.Of(Version{0}, info).micros, 99 * kMillis);
  EXPECT_EQ(MillisOf(times, 1), 20);
}

TEST(CommitTimes, FractionsOfAMillisecondAreCut) {
  LogListing listing = Modified({5});
  listing.commits[0].modified.micros += 999;
  EXPECT_EQ(MillisOf(CommitTimes(listing, Version{0}, Version{0}), 0), 5);
  listing.commits[0].modified.micros = -1;
  EXPECT_EQ(MillisOf(CommitTimes(listing, Version{0}, Version{0}), 0), -1);
}

TEST(CommitTimes, WhatLiesFurtherBackThanSparkLooksDoesNotPush) {
  std::vector<int64_t> millis(103, 1);
  millis[0] = 1'000'000;
  EXPECT_EQ(MillisOf(CommitTimes(Modified(millis), Version{101}, Version{102}), 101), 101);
  EXPECT_EQ(MillisOf(CommitTimes(Modified(millis), Version{100}, Version{102}), 102), 1'000'102);
}

TEST(CommitTimes, APartOfARangeIsARangeOfItsOwn) {
  std::vector<int64_t> millis(110, 1);
  millis[0] = 1'000'000;
  millis[5] = 2'000;
  const LogListing listing = Modified(millis);
  const CommitTimes whole(listing, Version{1}, Version{109});
  for (const int64_t first : {1, 50, 101, 105, 106}) {
    const CommitTimes alone(listing, Version{first}, Version{108});
    const CommitTimes part = whole.Part(Version{first}, Version{108});
    for (int64_t v = first; v <= 108; ++v) EXPECT_EQ(MillisOf(part, v), MillisOf(alone, v)) << v;
  }
}

// t[v] is the greatest of modified[u] + (v - u) over what the chain has seen.
RC_GTEST_PROP(CommitTimes, AreTheSmallestThatAscendFromTheFilesOwn, ()) {
  const auto millis = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 300)));
  const auto count = static_cast<int64_t>(millis.size());
  const int64_t first = *rc::gen::inRange<int64_t>(0, count);
  const CommitTimes times(Modified(millis), Version{first}, Version{count - 1});
  for (int64_t v = first; v < count; ++v) {
    int64_t expected = INT64_MIN;
    for (int64_t u = std::max<int64_t>(0, first - CommitTimes::kVersionsBefore); u <= v; ++u) {
      expected = std::max(expected, millis[static_cast<size_t>(u)] + v - u);
    }
    RC_ASSERT(MillisOf(times, v) == expected);
  }
}

}  // namespace
}  // namespace sluice::delta
