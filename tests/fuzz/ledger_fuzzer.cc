#include "fuzz_input.h"
#include "sluice/ledger/ledger_identity.h"
#include "sluice/ledger/records.h"
#include "sluice/ledger/runner.h"

namespace {

// What was read is written so that it is read the same.
template <typename Parse>
void ReadTwice(Parse parse, std::string_view text) {
  const auto record = parse(text, "record");
  if (!record) return;
  const std::string written = Serialize(*record);
  const auto again = parse(written, "record");
  sluice::fuzz::Require(again.has_value(), "what is written can be read");
  sluice::fuzz::Require(Serialize(*again) == written, "a record is written as it was read");
}

}  // namespace

// Intents, decisions, manifests, and the small records beside them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::ledger;
  const std::string_view text = sluice::fuzz::Text(data, size);
  ReadTwice(ParseIntent, text);
  ReadTwice(ParseDecision, text);
  ReadTwice(ParseManifest, text);
  ReadTwice(ParseIdentity, text);
  ReadTwice(ParseHeartbeat, text);
  return 0;
}
