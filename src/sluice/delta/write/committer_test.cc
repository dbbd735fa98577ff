#include "sluice/delta/write/committer.h"

#include <gtest/gtest.h>

#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/log/log.h"
#include "sluice/testing/faulty_store.h"
#include "sluice/testing/memory_store.h"

namespace sluice::delta {
namespace {

Commit ACommit(int64_t version, const std::string& txn_id) {
  Commit commit;
  commit.version = Version{version};
  CommitInfo info;
  info.operation = "MERGE";
  info.operation_metrics = {{"numTargetRowsUpdated", "1"}};
  info.operation_parameters = {{"predicate", "[\"(a = 'b')\"]"}};
  info.timestamp = 1'700'000'000'000;
  info.engine_info = "sluice/0";
  info.txn_id = txn_id;
  info.read_version = version - 1;
  info.is_blind_append = false;
  commit.info = info;
  return commit;
}

TEST(SerializeCommit, EveryActionIsReadBackAsItWas) {
  Commit commit = ACommit(3, "t");
  commit.info->in_commit_timestamp = 1'700'000'000'001;
  Protocol protocol{3, 7, {"deletionVectors"}, {"deletionVectors", "inCommitTimestamp"}};
  commit.protocol = protocol;
  Metadata metadata;
  metadata.id = "id";
  metadata.name = "quoted \"name\" \n";
  metadata.schema.fields = {Field{"a", DataType{TypeId::kLong, 0, 0, {}}, true, "{}"}};
  metadata.schema_string = SchemaToJson(metadata.schema);
  metadata.partition_columns = {"p"};
  metadata.configuration = {{"delta.checkpointInterval", "10"}};
  metadata.created_time = 17;
  commit.metadata = metadata;
  commit.transactions = {SetTransaction{"sluice/événements", 12, 99}};
  AddFile add;
  add.path = "p=a%252Fb/f.parquet";
  add.partition_values = {{"p", "a/b"}, {"q", std::nullopt}};
  add.size = 10;
  add.modification_time = 11;
  add.stats = R"({"numRecords":1})";
  add.deletion_vector = DeletionVectorDescriptor{'u', "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6};
  commit.adds = {add};
  RemoveFile remove;
  remove.path = "g.parquet";
  remove.deletion_timestamp = 5;
  remove.extended_file_metadata = true;
  remove.partition_values = {{"p", "x"}};
  remove.size = 12;
  commit.removes = {remove};
  commit.cdc = {AddCdcFile{"_change_data/c.parquet", {}, 3}};
  commit.domains = {DomainMetadata{"d", "{}", false}};

  const auto read = ParseCommit(Version{3}, SerializeCommit(commit), "3.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->info->operation, "MERGE");
  EXPECT_EQ(read->info->operation_metrics, commit.info->operation_metrics);
  EXPECT_EQ(read->info->operation_parameters, commit.info->operation_parameters);
  EXPECT_EQ(read->info->in_commit_timestamp, commit.info->in_commit_timestamp);
  EXPECT_EQ(read->protocol->writer_features, protocol.writer_features);
  EXPECT_EQ(read->metadata->name, metadata.name);
  EXPECT_EQ(ParseSchema(read->metadata->schema_string).value(), metadata.schema);
  EXPECT_EQ(read->metadata->configuration, metadata.configuration);
  EXPECT_EQ(read->metadata->created_time, metadata.created_time);
  EXPECT_EQ(read->transactions.at(0).app_id, "sluice/événements");
  EXPECT_EQ(read->transactions.at(0).version, 12);
  EXPECT_EQ(read->adds.at(0).path, add.path);
  EXPECT_EQ(read->adds.at(0).partition_values, add.partition_values);
  EXPECT_EQ(read->adds.at(0).stats, add.stats);
  EXPECT_EQ(read->adds.at(0).deletion_vector, add.deletion_vector);
  EXPECT_EQ(read->removes.at(0).size, remove.size);
  EXPECT_EQ(read->removes.at(0).deletion_timestamp, remove.deletion_timestamp);
  EXPECT_EQ(read->cdc.at(0).path, "_change_data/c.parquet");
  EXPECT_EQ(read->domains.at(0).domain, "d");
}

TEST(SerializeCommit, CommitInfoIsTheFirstLine) {
  Commit commit = ACommit(0, "t");
  commit.protocol = Protocol();
  EXPECT_TRUE(SerializeCommit(commit).starts_with("{\"commitInfo\":"));
}

TEST(SerializeCommit, OldProtocolsListNoFeatures) {
  Commit commit;
  commit.protocol = Protocol();
  EXPECT_EQ(SerializeCommit(commit),
            "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n");
}

TEST(WriteCommit, SecondWriterOfAVersionConflictsAndChangesNothing) {
  const auto store = testing::MakeMemoryStore();
  ASSERT_EQ(WriteCommit(*store, ACommit(1, "one")).value(), CommitOutcome::kCommitted);
  ASSERT_EQ(WriteCommit(*store, ACommit(1, "two")).value(), CommitOutcome::kConflict);
  EXPECT_EQ(store->Get("_delta_log/00000000000000000001.json").value(),
            SerializeCommit(ACommit(1, "one")));
}

TEST(WriteCommit, OverwrittenCommitIsNoticed) {
  const auto memory = testing::MakeMemoryStore();
  testing::FaultyStore store(memory, [&](int, std::string_view operation, const store::Key& key) {
    // Another engine overwrites the version between our put and our look at it.
    if (operation == "Get") (void)memory->Put(key, "{\"commitInfo\":{}}\n");
    return testing::Fault::kNone;
  });
  EXPECT_EQ(WriteCommit(store, ACommit(1, "one")).value(), CommitOutcome::kOverwritten);
}

}  // namespace
}  // namespace sluice::delta
