#include "fuzz_input.h"
#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/log/commit_stream.h"
#include "sluice/delta/log/file_address.h"
#include "sluice/delta/log/table_feature.h"
#include "sluice/delta/log/table_properties.h"

// The text of a commit, of a compacted log, or of a v2 checkpoint in JSON.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::delta;
  const std::string_view text = sluice::fuzz::Text(data, size);
  (void)ReadFileActions({1}, text, "commit");
  (void)ReadTableActions({1}, text, "commit");
  (void)ParseCheckpoint(text, "checkpoint");
  auto commit = ParseCommit({1}, text, "commit");
  if (!commit) return 0;
  for (const AddFile& add : commit->adds) {
    (void)LogicalFileKey(add.path, add.deletion_vector, "s3://bucket/table/");
  }
  if (!commit->metadata) return 0;
  (void)PropertiesOf(*commit->metadata);
  (void)CheckReadable(commit->protocol.value_or(Protocol()), *commit->metadata, "table");
  (void)ResolveSchema(*commit->metadata);
  return 0;
}
