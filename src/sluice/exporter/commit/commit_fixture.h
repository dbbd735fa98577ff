#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/delta/schema/schema.h"
#include "sluice/exporter/commit/job.h"
#include "sluice/exporter/session/commit_context.h"
#include "sluice/exporter/source/pattern_source.h"
#include "sluice/plan/output_layout.h"
#include "sluice/testing/fake_clock.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

/// The commit protocol in memory, with a source that gives what a test says.
namespace sluice::exporter {

inline constexpr Timestamp kEpoch{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z
inline Timestamp Hour(int64_t hour) { return kEpoch + Hours(hour); }

/// Uploads files of three rows each.
class FakeMover : public transfer::Mover {
 public:
  explicit FakeMover(std::shared_ptr<store::ObjectStore> destination)
      : destination_(std::move(destination)) {}

  Result<transfer::TransferResult> Move(const plan::ExportTask& task, transfer::Progress&,
                                        const runtime::CancelToken&) override {
    ++moves;
    if (const auto* read = std::get_if<plan::WindowRead>(&task.read)) {
      files_to_count = read->count_nulls.size();
    }
    if (error) return Fail(*error);
    transfer::TransferResult result;
    for (int i = 0; i < files; ++i) {
      const std::string partition = "dt=2026-01-01/hr=00";
      const store::Key key =
          task.data_folder + partition + "/" + plan::FormatDataFileName({task.n, task.attempt, i});
      SLUICE_ASSIGN_OR_RETURN(const auto upload, destination_->StartUpload(key));
      SLUICE_RETURN_IF_ERROR(upload->Append({}));
      SLUICE_ASSIGN_OR_RETURN(auto pending, upload->Finish());
      result.files.push_back({std::move(pending), 3, partition});
      result.rows += 3;
    }
    result.null_watermarks = null_watermarks;
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return result;
  }
  Result<transfer::TransferResult> Visit(const plan::ExportTask&, const RowVisit&,
                                         const runtime::CancelToken&) override {
    return transfer::TransferResult{};
  }
  Result<int64_t> CountLate(const plan::ExportTask&, const runtime::CancelToken&) override {
    if (error) return Fail(*error);
    return late_rows;
  }
  Status RequireReadableWatermark(const plan::ExportTask&, const runtime::CancelToken&) override {
    return {};
  }

  int files = 2, moves = 0;
  int64_t late_rows = 0, null_watermarks = 0;
  size_t files_to_count = 0;  ///< of the last window, for NULL watermarks
  std::optional<Error> error;
  std::function<void()> meanwhile;  ///< what others do once, before the next Move returns

 private:
  std::shared_ptr<store::ObjectStore> destination_;
};

/// Plans again what an intent says, and makes tasks without files.
class FakeSource : public PatternSource {
 public:
  explicit FakeSource(plan::SourceFacts facts) : facts_(std::move(facts)) {}
  const plan::SourceFacts& facts() const override { return facts_; }
  const delta::Snapshot& snapshot() const override { return snapshot_; }
  Result<PlannedWork> Plan() override { return PlannedWork{}; }
  Result<plan::PlannedExport> PlanAgain(const ledger::Intent& intent) override {
    plan::PlannedExport again;
    again.what = plan::PlannedRows{intent.kind, intent.replaces};
    again.start = intent.start;
    again.end = intent.end;
    again.source_version = *intent.source_version;
    again.position = plan::PositionAfter(facts_.position, facts_, intent.start, intent.end);
    again.state_expected = facts_.position.end;
    again.state_value = intent.end;
    return again;
  }
  Result<plan::ExportTask> MakeTask(const plan::PlannedExport& planned) override {
    plan::ExportTask task;
    task.data_folder = "events_incremental/";
    task.output_fields =
        delta::ParseSchema(R"({"type":"struct","fields":[{"name":"id","type":"long",)"
                           R"("nullable":true,"metadata":{}}]})")
            .value()
            .fields;
    plan::WindowRead window;
    window.count_nulls.resize(1);
    if (planned.kind() == ledger::ExportKind::kLate) {
      task.read = plan::LateRead{};
    } else {
      task.read = std::move(window);
    }
    return task;
  }

 private:
  plan::SourceFacts facts_;
  delta::Snapshot snapshot_;
};

class FakeAccess : public SourceAccess {
 public:
  explicit FakeAccess(std::shared_ptr<store::ObjectStore> destination)
      : mover_(std::move(destination)) {
    facts.table_id = "id";
    facts.source_version = Version{1};
  }
  Result<std::unique_ptr<PatternSource>> Look(const ledger::Position& position,
                                              const SourceOptions& options) override {
    if (error && options.at) return Fail(*error);
    plan::SourceFacts seen = facts;
    seen.position = position;
    seen.row = row.value_or(position.end);
    if (options.at) seen.source_version = *options.at;
    return std::make_unique<FakeSource>(std::move(seen));
  }
  FakeMover& mover() override { return mover_; }

  plan::SourceFacts facts;           ///< of the latest version
  std::optional<ledger::Bound> row;  ///< nullopt: where the exports end
  std::optional<Error> error;        ///< of a version that was pinned

 private:
  FakeMover mover_;
};

class CommitTest : public ::testing::Test {
 protected:
  CommitTest() {
    table.table = "main.sales.events";
    table.name = "events";
    table.append().watermark = "ts";
    clock->Set(Hour(10));
  }

  CommitContext Context() {
    return {table,  ledger, *ledger_store, *destination, state,   runner,
            *clock, *clock, *entropy,      cancel,       program, 2};
  }

  /// (start, end] in hours; the first begins at 0.
  static plan::PlannedExport Window(int64_t start, int64_t end) {
    plan::PlannedExport window;
    window.start = Hour(start);
    window.end = Hour(end);
    window.source_version = Version{1};
    window.position.table_id = "id";
    window.position.first_start = Hour(0);
    window.position.end = Hour(end);
    if (start > 0) window.state_expected = Hour(start);
    window.state_value = Hour(end);
    return window;
  }
  static plan::PlannedExport Late(int64_t end) {
    plan::PlannedExport late = Window(0, end);
    late.what = plan::PlannedRows{ledger::ExportKind::kLate};
    late.state_expected = Hour(end);
    late.state_value = {};
    return late;
  }

  Job JobOf(int64_t n, plan::PlannedExport planned) {
    Job job;
    job.n = n;
    job.task = FakeSource({}).MakeTask(planned).value();
    job.planned = std::move(planned);
    return job;
  }
  /// Export n as a runner leaves it that dies after its decision.
  ledger::Decision Decided(int64_t n, plan::PlannedExport planned) {
    Begun(n, planned);
    Job job = JobOf(n, std::move(planned));
    BeginAttempt(job, *entropy);
    transfer::Progress unused;
    const auto moved = access.mover().Move(*job.task, unused, cancel);
    ledger::Decision decision = MakeDecision(Context(), job, moved.value());
    EXPECT_THAT(ledger.PutDecision(decision), testing::IsOk());
    return decision;
  }
  /// The same after its intent: a runner of another machine that is not heard of any more.
  void Begun(int64_t n, const plan::PlannedExport& planned) {
    ledger::Intent intent = MakeIntent(Context(), n, planned);
    intent.runner.host = "elsewhere";
    intent.created_at = clock->Now() - Hours(1);
    EXPECT_THAT(ledger.PutIntent(intent), testing::IsOk());
  }

  size_t Visible() const {
    return store::ListAll(*destination, "events_incremental/").value().size();
  }
  size_t Pending() const {
    size_t uploads = 0;
    const Status listed = destination->ListUploads("", [&](const auto&) { return ++uploads > 0; });
    EXPECT_THAT(listed, testing::IsOk());
    return uploads;
  }
  static void Empty(store::ObjectStore& store) {
    const auto objects = store::ListAll(store, "").value();
    for (const auto& object : objects) EXPECT_THAT(store.Delete(object.key), testing::IsOk());
  }
  std::optional<Timestamp> StateRow() const {
    const auto view = state.Read().value();
    const auto* row = view.Find(table.table);
    return row == nullptr ? std::nullopt : row->last_exported_end_time;
  }

  config::Table table;
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  std::shared_ptr<runtime::Entropy> entropy = runtime::SeededEntropy(1);
  std::shared_ptr<store::ObjectStore> ledger_store = testing::MakeMemoryStore();
  std::shared_ptr<store::ObjectStore> destination = testing::MakeMemoryStore();
  ledger::Ledger ledger{ledger_store, destination, "events"};
  std::shared_ptr<store::ObjectStore> state_store = testing::MakeMemoryStore();
  state::ExportState state{state_store, clock, entropy};
  ledger::Runner runner = ledger::Runner::ThisProcess("0123456789abcdef");
  runtime::CancelToken cancel;
  std::string program = "sluice test";
  FakeAccess access{destination};
  transfer::Progress progress;
};

}  // namespace sluice::exporter
