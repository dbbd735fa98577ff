#pragma once

#include <optional>

#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// How long the source still keeps what the next run needs.
struct Retention {
  Version latest;                ///< the source's newest version
  std::optional<Version> first;  ///< the oldest commit that is still there
  /// Until the first commit that was not looked at yet may be cleaned up (delta.logRetentionDuration);
  /// 0 where it is gone, negative where that could happen at any time; nullopt where the table sets no readable duration.
  std::optional<Duration> left;
  /// When the first commit that was not looked at yet was made, if it is still there.
  std::optional<Timestamp> first_needed;
};

/// The last version whose commit no coming run needs: for the feed the exported one, otherwise the last that
/// was scanned for late rows.
std::optional<Version> NeededAfter(const ledger::Position& position);

/// `after`: the last commit that needs no look any more; nullopt before the first export. For the change feed
/// the deleted-file retention counts, too: VACUUM takes its files.
Result<Retention> LookAtRetention(Session& session, std::optional<Version> after);

}  // namespace sluice::exporter
