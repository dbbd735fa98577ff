#pragma once

#include "sluice/exporter/report/report.h"
#include "sluice/exporter/session/services.h"

namespace sluice::exporter {

/// Where the exports of one table stand, and what the next run would meet. Writes nothing.
StatusReport StatusOf(const Services& services, const config::Table& table);

}  // namespace sluice::exporter
