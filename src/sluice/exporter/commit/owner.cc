#include "sluice/exporter/commit/owner.h"

#include "sluice/ledger/ledger_path.h"

namespace sluice::exporter {

Owner FindOwner(const CommitContext& context, const ledger::LedgerView& view) {
  ledger::Heartbeat heartbeat;
  store::Key key = ledger::RunnerHeartbeatKey(context.ledger.folder(), view.newest);
  if (view.heartbeat) {
    heartbeat = *view.heartbeat;
  } else if (view.intent) {  // before the first heartbeat
    heartbeat.runner = view.intent->runner;
    heartbeat.at = view.intent->created_at;
    key = ledger::IntentKey(context.ledger.folder(), view.newest);
  } else {
    heartbeat.released = true;
  }
  Timestamp now = context.wall.Now();
  if (heartbeat.at - now > ledger::kHeartbeatInterval) {
    if (const auto written = context.ledger_store.Head(key)) {
      heartbeat.at = written->modified;
      now = context.ledger_store.StoreTime().value_or(now);
    }
  }
  const bool alive = ledger::Judge(heartbeat, now, context.runner) == ledger::Liveness::kAlive;
  return {heartbeat.runner, alive};
}

}  // namespace sluice::exporter
