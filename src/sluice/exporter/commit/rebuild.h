#pragma once

#include <string>
#include <variant>
#include <vector>

#include "sluice/exporter/commit/give_up.h"
#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// The decision that counts after files were lost, to be settled like any other; it may be void.
struct NextGeneration {
  ledger::Decision decision;
  std::string note;  ///< "" where another runner made the files again first
};

/// Files of a decided export are gone before they became visible (a lifecycle rule aborted their uploads,
/// somebody emptied the staging folder): `absent` names them. Its rows are made again from its pinned version
/// under new names and recorded as the next generation of the decision. GivenUp where the pinned version, or
/// the config that shaped it, is gone, too: then the export is to be voided, so that its window is planned
/// anew.
Result<std::variant<NextGeneration, GivenUp>> Rebuild(Session& session,
                                                      const ledger::Decision& decision,
                                                      const std::vector<store::Key>& absent);

}  // namespace sluice::exporter
