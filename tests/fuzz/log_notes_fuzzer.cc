#include "fuzz_input.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/snapshot/version_checksum.h"

// What lies in a log beside commits and checkpoints, and only says what they say: `_last_checkpoint`, and a version's
// checksum.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::delta;
  const std::string_view text = sluice::fuzz::Text(data, size);
  const auto store = sluice::fuzz::StoreWith(LastCheckpointKey(), text);
  for (const char* name :
       {"00000000000000000001.json", "00000000000000000001.checkpoint.parquet",
        "00000000000000000001.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json"}) {
    (void)store->Put(std::string(kLogFolder) + name, "");
  }
  (void)store->Put(std::string(kLogFolder) + "00000000000000000001.crc", text);
  const Log log(store);
  const auto listing = log.ListForSnapshot();
  sluice::fuzz::Require(listing && listing->latest().value == 1, "a hint changes no listing");
  Snapshot snapshot;
  snapshot.version = {1};
  (void)DifferencesToChecksum(log, snapshot);
  return 0;
}
