#pragma once

#include "sluice/runtime/cancellation.h"

namespace sluice::cli {

/// From now on SIGINT and SIGTERM cancel `token`, so that work stops at its next safe point; the second one
/// kills the process, which leaves nothing that a next run would not settle. SIGPIPE is ignored: a reader of
/// the output that goes away stops no export. Called once, by main; `token` is kept for good.
void StopOnSignals(const runtime::CancelToken& token);

}  // namespace sluice::cli
