#pragma once

#include <optional>

#include "sluice/exporter/report_builder.h"
#include "sluice/exporter/session/commit_context.h"
#include "sluice/exporter/source/pattern_source.h"

namespace sluice::exporter {

/// Settles whatever earlier runs left, step by step, and returns the settled ledger; nullopt while another
/// runner is at work, which `report` says. kTransient where other runners come in between again and again.
Result<std::optional<ledger::LedgerView>> SettleEarlier(const CommitContext& context,
                                                        SourceAccess& access,
                                                        const RunOptions& options,
                                                        transfer::Progress& progress,
                                                        ReportBuilder& report);

/// So often a command looks again because another runner of the table came in between.
inline constexpr int kRounds = 64;
/// What to say then.
Error TooManyRounds();

}  // namespace sluice::exporter
