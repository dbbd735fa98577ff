#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/exporter/source/look_at_source.h"
#include "sluice/state/export_state.h"
#include "sluice/testing/fake_clock.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"
#include "sluice/testing/table_builder.h"

/// A source that a test builds, and the session of a table that is exported from it.
namespace sluice::exporter {

inline constexpr Timestamp kEpoch{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z
inline Timestamp Hour(int64_t hour) { return kEpoch + Hours(hour); }

class SourceTest : public ::testing::Test {
 protected:
  explicit SourceTest(config::PatternOptions options, testing::TableOptions source_options = {})
      : source(testing::MakeMemoryStore(), std::move(source_options)) {
    table.table = "main.sales.events";
    table.name = "events";
    table.options = std::move(options);
    clock->Set(Hour(10));
    services.config = std::make_shared<config::Config>();
    services.clock = services.wall = clock;
    services.entropy = runtime::SeededEntropy(1);
    session.services = &services;
    session.table = &table;
    session.destination = testing::MakeMemoryStore();
    session.state =
        std::make_unique<state::ExportState>(testing::MakeMemoryStore(), clock, services.entropy);
    session.source = source.store();
    session.log.emplace(session.source);
  }

  static config::AppendOptions Append() {
    config::AppendOptions options;
    options.watermark = "ts";
    options.start = config::StartTime{kEpoch};
    return options;
  }

  /// A row of that hour.
  static testing::Row Row(int64_t id, int64_t hour) { return {id, Hour(hour).micros, "text"}; }

  Result<std::unique_ptr<PatternSource>> Look(const SourceOptions& options = {}) {
    return LookAtSource(session, position, options);
  }
  std::vector<plan::PlannedExport> Plan(const SourceOptions& options = {}) {
    auto work = Look(options).value()->Plan();
    EXPECT_THAT(work, testing::IsOk());
    if (!work) return {};
    EXPECT_FALSE(work->then) << work->then->message;
    return std::move(work->exports);
  }
  std::vector<ledger::ExportKind> Kinds(const SourceOptions& options = {}) {
    std::vector<ledger::ExportKind> kinds;
    for (const auto& planned : Plan(options)) kinds.push_back(planned.kind());
    return kinds;
  }
  /// Everything that is planned counts as exported, and the state follows.
  void ExportAll() {
    for (const auto& planned : Plan()) {
      position = planned.position;
      if (!KeepsState(table)) continue;
      state::Advance advance;
      advance.app_id = "sluice/events";
      advance.n = ++exported;
      advance.source_table = table.table;
      advance.progress = ProgressOf(table);
      advance.expected = ValueOf(planned.state_expected);
      advance.value = ValueOf(planned.state_value);
      EXPECT_THAT(session.state->Follow(advance), testing::IsOk());
    }
  }

  testing::TableBuilder source;
  config::Table table;
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>();
  Services services;
  Session session;
  ledger::Position position;
  int64_t exported = 0;

 private:
  static std::optional<int64_t> ValueOf(const ledger::Bound& bound) {
    if (const auto* time = std::get_if<Timestamp>(&bound)) return time->micros;
    if (const auto* version = std::get_if<Version>(&bound)) return version->value;
    return std::nullopt;
  }
};

}  // namespace sluice::exporter
