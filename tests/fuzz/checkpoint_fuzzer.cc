#include "fuzz_input.h"
#include "parquet_mutator.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/snapshot/checkpoint_reader.h"

namespace {

// Of a checkpoint that does not say it.
sluice::delta::Metadata SomeMetadata() {
  sluice::delta::Metadata metadata;
  metadata.schema_string =
      R"({"type":"struct","fields":[{"name":"p","type":"integer"},{"name":"id","type":"long"},)"
      R"({"name":"t","type":"timestamp"},{"name":"s","type":"string"}]})";
  metadata.partition_columns = {"p"};
  return metadata;
}

}  // namespace

// A checkpoint in Parquet, classic or v2, whose sidecars are itself; or the top of a v2 one in JSON.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::delta;
  const std::string_view bytes = sluice::fuzz::Text(data, size);
  const std::string key =
      std::string(kLogFolder) + "00000000000000000002.checkpoint." +
      (bytes.starts_with('{') ? "80a083e8-7026-4e79-81be-64bd76c43a11.json" : "parquet");
  const auto store = sluice::fuzz::StoreWith(key, bytes);
  (void)store->Put(SidecarKey("a.parquet"), bytes);
  const auto reader =
      CheckpointReader::Open(*store, {{2}, {key}, static_cast<int64_t>(size), false});
  if (!reader) return 0;
  auto state = reader->ReadTableState();
  SnapshotOptions options;
  options.stats_columns = {"id", "t", "s", "p", "n", "ts"};
  options.with_tombstones = true;
  LogReplay replay(options, store->DisplayName(""));
  replay.TakeOldProtocol(state ? state->protocol : Protocol());
  replay.TakeOldMetadata(state ? state->metadata : SomeMetadata());
  if (!replay.ResolveTable("table") || !reader->ReadFiles(options, replay)) return 0;
  (void)std::move(replay).Finish();
  return 0;
}
