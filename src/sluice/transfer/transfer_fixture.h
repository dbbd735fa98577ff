#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/delta/feed/change_feed.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/plan/append_task.h"
#include "sluice/plan/feed_plan.h"
#include "sluice/plan/snapshot_plan.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"
#include "sluice/testing/table_builder.h"
#include "sluice/transfer/mover.h"

/// What the tests of this folder share: a source and a destination in memory, tasks as planning makes
/// them, and what lies at the destination after a move.
namespace sluice::transfer {

inline constexpr Timestamp kDay{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z

/// "HH:MM[:SS.ffffff]" of kDay.
inline Timestamp TimeOf(std::string_view time) {
  if (time == "24:00") return kDay + Hours(24);
  return ParseTimestamp("2026-01-01 " + std::string(time), TimeZone::Utc()).value();
}
inline testing::Row At(int64_t id, std::string_view time) {
  return testing::Row{id, TimeOf(time).micros, "text"};
}

class TransferFixture : public ::testing::Test {
 protected:
  TransferFixture() {
    table_.table = "main.sales.events";
    table_.name = "events";
    table_.append().watermark = "ts";
  }

  delta::Snapshot Snapshot() {
    delta::SnapshotOptions options;
    options.stats_columns = {"ts"};
    return Value(delta::LoadSnapshot(delta::Log(source_.store()), options));
  }
  plan::ExportTask Window(std::string_view start, std::string_view end) {
    plan::PlannedExport planned;
    planned.start = TimeOf(start);
    planned.end = TimeOf(end);
    return Numbered(plan::MakeWindowTask(table_, planned, Snapshot()));
  }
  /// The rows of (start, end] that commits after `exported` brought.
  plan::ExportTask Late(std::string_view start, std::string_view end, Version exported) {
    plan::PlannedExport planned;
    planned.what = plan::PlannedRows{ledger::ExportKind::kLate};
    planned.start = TimeOf(start);
    planned.end = TimeOf(end);
    std::vector<delta::Commit> commits;
    for (Version v = Next(exported); v <= source_.version(); v = Next(v)) {
      commits.push_back(Value(delta::Log(source_.store()).ReadCommit(v)));
    }
    return Numbered(plan::MakeLateTask(table_, planned, Snapshot(), commits));
  }
  plan::ExportTask WholeTable() {
    table_.options = config::SnapshotOptions{};
    plan::PlannedExport planned;
    planned.what = plan::PlannedWholeTable{ledger::ExportKind::kSnapshot, kDay};
    planned.end = kDay;
    return Numbered(plan::MakeWholeTableTask(table_, planned, Snapshot()));
  }
  /// The changes of [first, latest].
  plan::ExportTask Feed(Version first) {
    table_.options = config::CdcOptions{};
    plan::PlannedExport planned;
    planned.start = Version{first.value - 1};
    planned.end = source_.version();
    const delta::Snapshot snapshot = Snapshot();
    const auto range =
        Value(delta::SurveyFeed(delta::Log(source_.store()), snapshot, first, source_.version()));
    return Numbered(plan::MakeFeedTask(table_, planned, snapshot.metadata, range));
  }

  Mover& MoverOf() {
    mover_ = MakeMover(delta::Log(source_.store()), destination_, limits_);
    return *mover_;
  }
  /// Moves, and completes every upload.
  TransferResult Move(const plan::ExportTask& task) {
    Progress progress;
    TransferResult moved = Value(MoverOf().Move(task, progress, {}));
    for (const auto& file : moved.files) {
      EXPECT_THAT(destination_->CompleteUpload(file.upload), testing::IsOk());
    }
    return moved;
  }

  std::shared_ptr<arrow::Table> ReadFile(const std::string& key) {
    const auto bytes = Value(destination_->Get(key));
    auto reader = parquet::arrow::OpenFile(
        std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)),
        arrow::default_memory_pool());
    return reader.ValueOrDie()->ReadTable().ValueOrDie()->CombineChunks().ValueOrDie();
  }
  std::vector<int64_t> IdsOf(const ExportedFile& file) {
    const auto table = ReadFile(file.upload.key);
    EXPECT_EQ(table->num_rows(), file.rows);
    std::vector<int64_t> ids;
    for (const auto& chunk : table->GetColumnByName("id")->chunks()) {
      const auto& column = static_cast<const arrow::Int64Array&>(*chunk);
      for (int64_t i = 0; i < column.length(); ++i) ids.push_back(column.Value(i));
    }
    return ids;
  }
  /// Of all files, ascending.
  std::vector<int64_t> Ids(const TransferResult& moved) {
    std::vector<int64_t> ids;
    for (const auto& file : moved.files) {
      for (const int64_t id : IdsOf(file)) ids.push_back(id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  /// "folder: id id ..." of each folder, by where its files really lie.
  std::vector<std::string> IdsByFolder(const TransferResult& moved) {
    std::map<std::string, std::vector<int64_t>> folders;
    for (const auto& file : moved.files) {
      EXPECT_NE(file.upload.key.find("/" + file.partition + "/"), std::string::npos);
      for (const int64_t id : IdsOf(file)) folders[file.partition].push_back(id);
    }
    std::vector<std::string> texts;
    for (auto& [folder, ids] : folders) {
      std::sort(ids.begin(), ids.end());
      texts.push_back(fmt::format("{}: {}", folder, fmt::join(ids, " ")));
    }
    return texts;
  }

  config::Table table_;
  testing::TableBuilder source_{testing::MakeMemoryStore(),
                                {.properties = {{"delta.enableChangeDataFeed", "true"},
                                                {"delta.enableInCommitTimestamps", "true"}}}};
  std::shared_ptr<store::ObjectStore> destination_ = testing::MakeMemoryStore();
  TransferLimits limits_;

 private:
  template <typename T>
  static T Value(Result<T> result) {
    EXPECT_THAT(result, testing::IsOk());
    return std::move(result).value_or(T());
  }
  static plan::ExportTask Numbered(Result<plan::ExportTask> task) {
    plan::ExportTask numbered = Value(std::move(task));
    numbered.n = 1;
    numbered.attempt = "0123456789abcdef";
    return numbered;
  }

  std::unique_ptr<Mover> mover_;
};

}  // namespace sluice::transfer
