#include "sluice/exporter/inspect/chain.h"

#include <algorithm>
#include <utility>

#include "sluice/exporter/commit/lost_end.h"

namespace sluice::exporter {
namespace {

Result<ledger::ChainReport> Judge(Session& session, const ledger::Ledger::Numbers& numbers,
                                  const std::vector<ledger::Manifest>& manifests,
                                  bool newest_only) {
  std::vector<ledger::Manifest> all = manifests;
  for (const int64_t n : numbers.Unpublished()) {
    SLUICE_ASSIGN_OR_RETURN(auto decision, session.ledger->ReadDecision(n));
    if (decision) all.push_back(std::move(decision->manifest));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.n < b.n; });
  SLUICE_ASSIGN_OR_RETURN(const int64_t settled, SettledElsewhere(session.context()));
  ledger::ChainInput input{all, {}, numbers.decided, numbers.begun, settled, {}};
  input.newest_only = newest_only;
  if (newest_only) input.published = numbers.published;
  for (const auto& manifest : manifests) input.published.insert(manifest.n);
  if (!numbers.decided.empty()) {
    SLUICE_ASSIGN_OR_RETURN(const auto newest,
                            session.ledger->ReadDecision(*numbers.decided.rbegin()));
    if (newest) input.position = newest->position;
  }
  return ledger::CheckChain(input);
}

}  // namespace

Result<ledger::ChainReport> LookAtChain(Session& session,
                                        const std::vector<ledger::Manifest>& manifests) {
  SLUICE_ASSIGN_OR_RETURN(const auto numbers, session.ledger->ListNumbers());
  return Judge(session, numbers, manifests, /*newest_only=*/false);
}

Result<ledger::ChainReport> LookAtNewestOfChain(Session& session) {
  constexpr size_t kNewest = 100;
  SLUICE_ASSIGN_OR_RETURN(const auto numbers, session.ledger->ListNumbers());
  std::vector<int64_t> published(numbers.published.begin(), numbers.published.end());
  if (published.size() > kNewest) {
    const std::vector<int64_t> newest(published.end() - kNewest, published.end());
    SLUICE_ASSIGN_OR_RETURN(const auto manifests, session.ledger->ReadManifests(newest));
    SLUICE_ASSIGN_OR_RETURN(auto report, Judge(session, numbers, manifests, /*newest_only=*/true));
    if (report.unbroken()) return report;
    // An older export may hold what seems to be missing.
  }
  SLUICE_ASSIGN_OR_RETURN(const auto manifests, session.ledger->ReadManifests(published));
  return Judge(session, numbers, manifests, /*newest_only=*/false);
}

}  // namespace sluice::exporter
