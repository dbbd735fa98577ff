#pragma once

#include <string>

#include "sluice/exporter/session/session.h"

/// An export is compared with the source under the config that it was made with, not under today's.
namespace sluice::verify {

struct FormerConfig {
  ledger::Intent intent;
  config::Table table;  ///< today's, with what shapes output as it was
  /// What is otherwise today, in words: "timezone was UTC, other columns were chosen"; "" if nothing.
  std::string words;
};

/// How the published export of `manifest` was made. Its intent says so; the columns are those of the
/// manifest's schema, because the ledger keeps only a digest of their choice. Where the ledger lost the
/// intent, the manifest's window, zone, columns and folders stand for it. kConflict, saying what, where
/// that can't be known; else errors of the ledger.
Result<FormerConfig> FindFormerConfig(const exporter::Session& session,
                                      const ledger::Manifest& manifest);

/// `today` as it was when `intent` was written. kConflict as above. Pure.
Result<FormerConfig> RestoreConfig(const config::Table& today, const ledger::Intent& intent,
                                   const ledger::Manifest& manifest);

/// A session uses a former config for as long as this lives. Borrows both; used by one thread.
class UnderConfig {
 public:
  UnderConfig(exporter::Session& session, const config::Table& former);
  ~UnderConfig();
  UnderConfig(const UnderConfig&) = delete;
  UnderConfig& operator=(const UnderConfig&) = delete;

 private:
  exporter::Session& session_;
  const config::Table* today_;
};

}  // namespace sluice::verify
