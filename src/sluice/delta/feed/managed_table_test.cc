#include "sluice/testing/managed_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sluice/delta/feed/change_feed.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"
#include "sluice/testing/table_builder.h"

namespace sluice::delta {
namespace {

using testing::CommitPlace;
using testing::HasMessage;
using testing::HasRemedy;
using testing::IsError;
using testing::IsOk;
using testing::ManagedTable;
using testing::ManageOptions;

constexpr Timestamp kDay{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z

/// Some versions of a table with a change feed, and one checkpoint.
testing::TableBuilder Build() {
  testing::TableOptions options;
  options.properties = {{"delta.enableChangeDataFeed", "true"},
                        {"delta.enableInCommitTimestamps", "true"}};
  testing::TableBuilder table(testing::MakeMemoryStore(), options);
  for (int64_t i = 0; i < 7; ++i) {
    table.At(kDay + Minutes(i));
    table.Append({{i, kDay.micros, "a"}, {100 + i, kDay.micros, "b"}});
    if (i == 2) table.Checkpoint();
  }
  table.At(kDay + Hours(1)).Update([](const testing::Row& row) { return row.id == 3; }, "c");
  table.At(kDay + Hours(2)).Delete([](const testing::Row& row) { return row.id == 100; });
  return table;
}

/// All that a reader learns of a table, in words.
std::string Describe(const Log& log, std::optional<Version> at) {
  SnapshotOptions options;
  options.at = at;
  const auto snapshot = LoadSnapshot(log, options);
  if (!snapshot) return snapshot.error().message;
  std::string text =
      fmt::format("version {} at {}", snapshot->version.value, snapshot->committed.micros);
  std::vector<std::string> files;
  for (const LiveFile& file : snapshot->files) files.push_back(file.path);
  std::sort(files.begin(), files.end());
  text += fmt::format("\n{}", fmt::join(files, ", "));
  const auto range = SurveyFeed(log, *snapshot, Version{1}, snapshot->version);
  if (!range) return text + range.error().message;
  const Status visited = VisitChanges(log, *range, [&](const CommitChanges& changes) -> Status {
    text += fmt::format("\n{} at {}:", changes.version.value, changes.committed.micros);
    for (const ChangeFile& file : changes.files) text += " " + file.path;
    return {};
  });
  return visited ? text : text + visited.error().message;
}

RC_GTEST_PROP(ManagedTable, IsWhatItIsFullyPublishedWhateverLiesWhere, ()) {
  static const testing::TableBuilder table = Build();
  const Version last = table.version();
  ManageOptions options;
  options.latest = Version{*rc::gen::inRange<int64_t>(4, last.value + 1)};
  options.managed_from = options.latest;  // the checkpoint knows nothing of it
  const ManagedTable published = testing::Manage(*table.store(), options);
  const auto places = *rc::gen::container<std::vector<int>>(static_cast<size_t>(last.value + 1),
                                                            rc::gen::inRange(0, 5));
  const int64_t first = *rc::gen::inRange<int64_t>(0, last.value + 1);
  options.place = [&](Version version) {
    if (version.value < first) return CommitPlace::kPublished;
    return static_cast<CommitPlace>(places[static_cast<size_t>(version.value)]);
  };
  const ManagedTable mixed = testing::Manage(*table.store(), options);
  const Log log(mixed.store, mixed.commits), reference(published.store, published.commits);
  RC_ASSERT(Describe(log, {}) == Describe(reference, {}));
  const Version at{*rc::gen::inRange<int64_t>(0, options.latest.value + 1)};
  RC_ASSERT(Describe(log, at) == Describe(reference, at));
}

ManagedTable Staged(Version managed_from) {
  static const testing::TableBuilder table = Build();
  ManageOptions options;
  options.latest = table.version();
  options.managed_from = managed_from;
  options.place = [](Version version) {
    return version.value > 5 ? CommitPlace::kStaged : CommitPlace::kPublished;
  };
  return testing::Manage(*table.store(), options);
}

TEST(ManagedTableTest, ByItsPathAloneItIsRefusedWithAWayOut) {
  const ManagedTable table = Staged(Version{4});
  const auto snapshot = LoadSnapshot(Log(table.store), {});
  EXPECT_THAT(snapshot, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(snapshot, HasMessage("catalogManaged"));
  EXPECT_THAT(snapshot, HasRemedy("leave out `path`"));
}

TEST(ManagedTableTest, ACatalogThatDoesNotManageItIsNamed) {
  const ManagedTable table = Staged(Version{4});
  const auto snapshot = LoadSnapshot(Log(table.store, CommitAuthority::kLogByName), {});
  EXPECT_THAT(snapshot, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(snapshot, HasRemedy("does not manage the commits"));
}

TEST(ManagedTableTest, ACatalogThatManagesAnotherKindOfTableIsNamed) {
  static const testing::TableBuilder table = Build();
  const Log log(table.store(), StagedCommits{table.version(), {}});
  const auto snapshot = LoadSnapshot(log, {});
  EXPECT_THAT(snapshot, IsError(ErrorKind::kConflict));
  EXPECT_THAT(snapshot, HasMessage("does not have the feature catalogManaged"));
}

TEST(ManagedTableTest, VersionsFromBeforeItsManagementAreRead) {
  const ManagedTable table = Staged(Version{6});
  SnapshotOptions options;
  options.at = Version{2};
  EXPECT_THAT(LoadSnapshot(Log(table.store, table.commits), options), IsOk());
}

TEST(ManagedTableTest, AHoleInItIsAnError) {
  const ManagedTable table = Staged(Version{4});
  ASSERT_THAT(table.store->Delete("_delta_log/00000000000000000005.json"), IsOk());
  const auto snapshot = LoadSnapshot(Log(table.store, table.commits), {});
  EXPECT_THAT(snapshot, IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace sluice::delta
