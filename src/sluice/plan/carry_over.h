#pragma once

#include <vector>

#include "sluice/base/time_zone.h"
#include "sluice/ledger/records.h"
#include "sluice/plan/planned_export.h"
#include "sluice/plan/replacement.h"

/// What of an export that is replaced may stay. Pure.
namespace sluice::plan {

/// An earlier export that a backfill replaces.
struct OldExport {
  Range rows;  ///< as FindReplacement gives it
  ledger::Manifest manifest;
};

/// Makes `piece`, which was planned to replace `old` whole, read again only the partition folders in which rows
/// of `asked` may lie, and carry over the other files of `old` as they are: append tables only. A folder is
/// read again whole or not at all; what two windows of `old` hold is read again, too. Leaves `piece` as it is where nothing can stay: every folder is asked for, or
/// `piece` holds times that neither `asked` nor a window among `old` does.
/// REQUIRES: `old` were made with today's columns and settings, in `zone`.
void CarryOver(PlannedExport& piece, const std::vector<OldExport>& old, Range asked,
               const TimeZone& zone);

}  // namespace sluice::plan
