#pragma once

#include <memory>

#include "sluice/exporter/source/pattern_source.h"

namespace sluice::exporter {

/// Opens the table's source and looks at it as its pattern does. `position` is that after the newest decided
/// export.
Result<std::unique_ptr<PatternSource>> LookAtSource(Session& session,
                                                    const ledger::Position& position,
                                                    const SourceOptions& options);

/// The source of a session, which it borrows.
class SessionSource : public SourceAccess {
 public:
  explicit SessionSource(Session& session) : session_(session) {}
  Result<std::unique_ptr<PatternSource>> Look(const ledger::Position& position,
                                              const SourceOptions& options) override {
    return LookAtSource(session_, position, options);
  }
  transfer::Mover& mover() override { return *session_.mover; }

 private:
  Session& session_;
};

/// As LookAtSource, to export ranges of it by hand. NoRanges() for pattern snapshot.
Result<std::unique_ptr<RangeSource>> LookAtRanges(Session& session,
                                                  const ledger::Position& position,
                                                  const SourceOptions& options);
/// kUsage.
Error NoRanges();

}  // namespace sluice::exporter
