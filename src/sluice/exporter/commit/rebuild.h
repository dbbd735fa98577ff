#pragma once

#include <string>
#include <variant>
#include <vector>

#include "sluice/exporter/commit/void_export.h"
#include "sluice/exporter/session/commit_context.h"
#include "sluice/exporter/source/pattern_source.h"

namespace sluice::exporter {

/// The decision that counts after files were lost, to be settled like any other; it may be void.
struct NextGeneration {
  ledger::Decision decision;
  std::string note;  ///< "" where another runner made the files again first
};

/// Files of a decided export were lost before they became visible (a lifecycle rule aborted their uploads,
/// somebody emptied the staging folder): `absent` names them. Its rows are written again from its pinned version
/// under new names and recorded as the next generation of the decision. VoidReason where the pinned version, or
/// the config that shaped it, is gone, too: then the export is to be voided, so that its window is planned
/// again.
Result<std::variant<NextGeneration, VoidReason>> Rebuild(const CommitContext& context,
                                                         SourceAccess& access,
                                                         const ledger::Decision& decision,
                                                         const std::vector<store::Key>& absent);

}  // namespace sluice::exporter
