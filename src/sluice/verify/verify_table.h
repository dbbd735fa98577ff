#pragma once

#include <string>

#include "sluice/exporter/session/services.h"
#include "sluice/transfer/progress.h"
#include "sluice/verify/verify_report.h"

/// `sluice verify`: proves export = manifest = source, export by export. Reads everything, writes nothing.
namespace sluice::verify {

struct VerifyOptions {
  /// Only exports that end after it, a time (append, snapshot) or a version (cdc) as the user wrote it; "": all.
  /// Whether they chain is always checked for all.
  std::string since;
  transfer::Progress* progress = nullptr;  ///< optional, outlives the call
};

/// Verifies one table. Functions on different tables may run concurrently.
VerifyReport VerifyTable(const exporter::Services& services, const config::Table& table,
                         const VerifyOptions& options = {});

}  // namespace sluice::verify
