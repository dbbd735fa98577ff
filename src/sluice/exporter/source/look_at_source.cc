#include "sluice/exporter/source/look_at_source.h"

#include "sluice/exporter/source/append_source.h"
#include "sluice/exporter/source/feed_source.h"
#include "sluice/exporter/source/snapshot_source.h"

namespace sluice::exporter {
namespace {

template <typename Interface, typename Source>
Result<std::unique_ptr<Interface>> Look(Session& session, const ledger::Position& position,
                                        const SourceOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(std::unique_ptr<Interface> source,
                          Source::Look(session, position, options));
  return source;
}

}  // namespace

Result<std::unique_ptr<PatternSource>> LookAtSource(Session& session,
                                                    const ledger::Position& position,
                                                    const SourceOptions& options) {
  SLUICE_RETURN_IF_ERROR(OpenSource(session));
  switch (session.table->pattern()) {
    case config::Pattern::kAppend:
      return Look<PatternSource, AppendSource>(session, position, options);
    case config::Pattern::kCdc:
      return Look<PatternSource, FeedSource>(session, position, options);
    case config::Pattern::kSnapshot:
      return Look<PatternSource, SnapshotSource>(session, position, options);
  }
  return Fail(ErrorKind::kInternal, "a table without a pattern");
}

Result<std::unique_ptr<RangeSource>> LookAtRanges(Session& session,
                                                  const ledger::Position& position,
                                                  const SourceOptions& options) {
  SLUICE_RETURN_IF_ERROR(OpenSource(session));
  switch (session.table->pattern()) {
    case config::Pattern::kAppend:
      return Look<RangeSource, AppendSource>(session, position, options);
    case config::Pattern::kCdc:
      return Look<RangeSource, FeedSource>(session, position, options);
    case config::Pattern::kSnapshot:
      break;
  }
  return Fail(NoRanges());
}

Error NoRanges() {
  return Error{ErrorKind::kUsage, "pattern snapshot has no ranges to backfill",
               "`sluice run` exports the whole table; --at-version chooses the version"};
}

}  // namespace sluice::exporter
