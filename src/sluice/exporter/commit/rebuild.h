#pragma once

#include <vector>

#include "sluice/exporter/report/report.h"
#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// Files of a decided number are gone before they became visible (a lifecycle rule aborted their
/// uploads, somebody emptied the staging folder): `absent` names them. The number's rows are made again
/// from its pinned version under new names and recorded as the next generation of the decision, which is
/// then settled. Where the pinned version, or the config that shaped it, is gone too, the number becomes
/// void, so that its window is planned anew.
Status Rebuild(Session& session, ledger::Decision decision, const std::vector<store::Key>& absent,
               RunReport& report);

}  // namespace sluice::exporter
