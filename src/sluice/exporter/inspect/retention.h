#pragma once

#include <optional>

#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// How long the source still keeps what the next run needs.
struct Retention {
  Version latest;                ///< the source's newest version
  std::optional<Version> first;  ///< the oldest commit that is still there
  /// Until the first commit that the next run needs may be cleaned up (delta.logRetentionDuration); 0 where it
  /// is gone, negative where that could happen at any time; nullopt where nothing is needed, or the table sets
  /// no readable duration.
  std::optional<Duration> left;
  bool lost = false;  ///< that commit, or a file with its changes, is gone
  /// When the first commit that the next run needs was made, if it is still there.
  std::optional<Timestamp> first_needed;
};

/// The last version whose commit no coming run needs: for the feed the exported one (before the first export,
/// by `start`), otherwise the last that was scanned for late rows. nullopt: no commit of the past is needed.
std::optional<Version> NeededAfter(const config::Table& table, const ledger::Position& position);

/// `after` as NeededAfter returns it. For the change feed the deleted-file retention counts, too: VACUUM removes
/// its files.
Result<Retention> LookAtRetention(Session& session, std::optional<Version> after);

}  // namespace sluice::exporter
