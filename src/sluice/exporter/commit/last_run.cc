#include "sluice/exporter/commit/last_run.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "sluice/ledger/ledger_path.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {

namespace {

/// The message without what it quotes. The note lies at the destination, where no name may be that of a
/// column which must not leave the source; the run itself told the names.
std::string WithoutNames(std::string_view message) {
  std::string without;
  bool quoted = false;
  for (size_t i = 0; i < message.size(); ++i) {
    const char c = message[i];
    if (c != '\'') {
      if (!quoted) without += c;
      continue;
    }
    const bool apostrophe =
        !quoted && i > 0 && std::isalnum(static_cast<unsigned char>(message[i - 1])) != 0;
    if (apostrophe) {
      without += c;
      continue;
    }
    if (!quoted) without += "'...'";
    quoted = !quoted;
  }
  return without;
}

}  // namespace

void RecordLastRun(const CommitContext& context, std::string_view ended, const Status& status,
                   int64_t settled, const std::optional<Standstill>& standstill) {
  if (!status) {  // a run that ended well saw the newest export settled; a failed one may have seen none
    const auto before = ReadLastRun(context);
    settled = std::max(settled, before ? before->settled : 0);
  }
  const LastRun run{
      context.clock.Now(), std::string(ended),
      status ? std::string() : runtime::RedactError(WithoutNames(status.error().message)), settled,
      standstill};
  const auto put = context.ledger_store.Put(ledger::LastRunKey(context.ledger.folder()),
                                            ledger::ToJsonText(run));
  if (!put) spdlog::debug("note of the last run: {}", put.error().message);
}

Result<std::optional<LastRun>> RequireLastRun(const CommitContext& context) {
  return ledger::ReadLastRun(context.ledger_store, context.ledger.folder());
}

std::optional<LastRun> ReadLastRun(const CommitContext& context) {
  return RequireLastRun(context).value_or(std::nullopt);
}

}  // namespace sluice::exporter
