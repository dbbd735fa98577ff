#pragma once

#include <optional>

#include "sluice/delta/snapshot.h"
#include "sluice/exporter/session.h"
#include "sluice/plan/append_plan.h"

namespace sluice::exporter {

/// An append source at one version together with what planning compares it with.
struct AppendSource {
  delta::Snapshot snapshot;
  plan::AppendFacts facts;
};

/// Reads the source at `at` (nullopt: latest) and the state row. `position` is that after the newest
/// decided number.
Result<AppendSource> LookAtSource(Session& session, const ledger::Position& position,
                                  std::optional<Version> at);

/// Applies `on_schema_change` to the difference between the columns exported last and those that would be
/// exported now. A change that is let through is told in `notes`.
Status CheckSchemaChange(const Session& session, const plan::AppendFacts& facts,
                         std::vector<std::string>& notes);

/// The latest commits that late rows of the facts' position can be in; empty where `late_rows: ignore`
/// or nothing was exported yet.
Result<std::vector<delta::Commit>> LookAtCommits(Session& session, const plan::AppendFacts& facts);

}  // namespace sluice::exporter
