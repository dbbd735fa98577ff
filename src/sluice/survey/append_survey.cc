#include "sluice/survey/append_survey.h"

#include <utility>

namespace sluice::survey {

Result<delta::Snapshot> SurveySnapshot(const delta::Log& log, const std::string& watermark,
                                       std::optional<Version> at) {
  delta::SnapshotOptions options;
  options.at = at;
  options.stats_columns = {watermark};
  return delta::LoadSnapshot(log, options);
}

Result<std::vector<delta::Commit>> SurveyCommits(const delta::Log& log, Version after,
                                                 Version through) {
  std::vector<delta::Commit> commits;
  if (after >= through) return commits;
  SLUICE_ASSIGN_OR_RETURN(const delta::LogListing listing, log.List(Next(after)));
  auto contiguous =
      delta::Log::RequireContiguous(listing, Next(after), through, log.store().DisplayName(""));
  if (!contiguous) {
    Error error = std::move(contiguous).error();
    if (error.kind == ErrorKind::kSourceGone) {
      error.message += "; rows that these commits added late can't be found any more";
      error.remedy =
          "set late_rows: ignore for one run to go on without them, then `sluice backfill` the "
          "range that may lack rows";
    }
    return Fail(std::move(error));
  }
  for (Version v = Next(after); v <= through; v = Next(v)) {
    SLUICE_ASSIGN_OR_RETURN(delta::Commit commit, log.ReadCommit(v));
    commits.push_back(std::move(commit));
  }
  return commits;
}

}  // namespace sluice::survey
