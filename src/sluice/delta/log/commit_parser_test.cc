#include "sluice/delta/log/commit_parser.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/delta/log/log_limits.h"
#include "sluice/testing/matchers.h"

namespace sluice::delta {
namespace {

using testing::HasMessage;
using testing::HasRemedy;
using testing::IsError;
using testing::IsOk;

Result<Commit> Parse(std::string_view text) { return ParseCommit(Version{7}, text, "7.json"); }

constexpr std::string_view kAdd =
    R"({"add":{"path":"p=a%252Fb/f.parquet","partitionValues":{"p":"a/b","q":null},"size":10,)"
    R"("modificationTime":5,"dataChange":false,"stats":"{\"numRecords\":3}","tags":{"t":"x"}}})";

TEST(ParseCommit, AddKeepsWhatTheLogSays) {
  const auto commit = Parse(kAdd);
  ASSERT_THAT(commit, IsOk());
  EXPECT_EQ(commit->version, Version{7});
  const AddFile& add = commit->adds.at(0);
  EXPECT_EQ(add.path, "p=a%252Fb/f.parquet");
  EXPECT_EQ(add.partition_values, (PartitionValues{{"p", "a/b"}, {"q", std::nullopt}}));
  EXPECT_EQ(add.size, 10);
  EXPECT_EQ(add.modification_time, 5);
  EXPECT_FALSE(add.data_change);
  EXPECT_EQ(add.stats, R"({"numRecords":3})");
  EXPECT_FALSE(add.deletion_vector);
}

TEST(ParseCommit, EveryKindOfActionIsTaken) {
  const auto commit = Parse(
      R"({"commitInfo":{"operation":"MERGE","timestamp":1,"inCommitTimestamp":2,)"
      R"("operationMetrics":{"n":"1","m":2},"operationParameters":{"p":"[]"},"readVersion":6}})"
      "\n"
      R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["a"],)"
      R"("writerFeatures":["a","b"]}})"
      "\n"
      R"({"metaData":{"id":"i","format":{"provider":"parquet"},"schemaString":)"
      R"("{\"type\":\"struct\",\"fields\":[]}","partitionColumns":["p"],)"
      R"("configuration":{"k":"v"},"createdTime":9}})"
      "\r\n\n"
      R"({"remove":{"path":"r","deletionTimestamp":4,"dataChange":true,"size":8,)"
      R"("deletionVector":{"storageType":"u","pathOrInlineDv":"x","offset":1,"sizeInBytes":2,)"
      R"("cardinality":3}}})"
      "\n"
      R"({"cdc":{"path":"_change_data/c","partitionValues":{},"size":6,"dataChange":false}})"
      "\n"
      R"({"txn":{"appId":"app","version":11,"lastUpdated":12}})"
      "\n"
      R"({"domainMetadata":{"domain":"d","configuration":"{}","removed":true}})");
  ASSERT_THAT(commit, IsOk());
  EXPECT_EQ(commit->info->operation, "MERGE");
  EXPECT_EQ(commit->info->in_commit_timestamp, 2);
  EXPECT_EQ(commit->info->operation_metrics.at("m"), "2");
  EXPECT_EQ(commit->info->read_version, 6);
  EXPECT_EQ(commit->protocol->writer_features.size(), 2u);
  EXPECT_EQ(commit->metadata->configuration.at("k"), "v");
  EXPECT_EQ(commit->removes.at(0).deletion_vector->UniqueId(), "ux@1");
  EXPECT_EQ(commit->cdc.at(0).size, 6);
  EXPECT_EQ(commit->transactions.at(0).version, 11);
  EXPECT_TRUE(commit->domains.at(0).removed);
}

TEST(ParseCommit, UnknownActionsAndFieldsAreIgnored) {
  const auto commit = Parse(
      R"({"newAction":{"x":[1,{"y":null}]}})"
      "\n"
      R"({"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true,)"
      R"("baseRowId":7,"clusteringProvider":"liquid"},"remove":null})");
  ASSERT_THAT(commit, IsOk());
  EXPECT_EQ(commit->adds.size(), 1u);
  EXPECT_TRUE(commit->removes.empty());
}

std::string LineOf(const std::string& kind, const std::string& path,
                   const std::string& vector = "") {
  return R"({")" + kind + R"(":{"path":")" + path + R"(","partitionValues":{},"size":1)" +
         (vector.empty() ? ""
                         : R"(,"deletionVector":{"storageType":"u","pathOrInlineDv":")" + vector +
                               R"(","offset":1,"sizeInBytes":2,"cardinality":3})") +
         "}}\n";
}

TEST(ParseCommit, ActionsThatContradictEachOtherAreRefusedByName) {
  const std::string protocol = R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})"
                               "\n";
  const std::string metadata = R"({"metaData":{"id":"i","schemaString":"x"}})"
                               "\n";
  const std::string txn = R"({"txn":{"appId":"app","version":1}})"
                          "\n";
  const std::string domain = R"({"domainMetadata":{"domain":"dom","configuration":""}})"
                             "\n";
  const std::pair<std::string, const char*> kContradictions[] = {
      {LineOf("add", "a") + LineOf("add", "a"), "the file 'a' is added twice"},
      {LineOf("add", "a", "v") + LineOf("add", "a", "v"), "the file 'a' is added twice"},
      {LineOf("add", "%C3%A9") + LineOf("add", "./é"), "the file './é' is added twice"},
      {LineOf("add", "a") + LineOf("add", "x/../a"), "the file 'x/../a' is added twice"},
      {LineOf("remove", "a") + LineOf("remove", "a"), "the file 'a' is removed twice"},
      {LineOf("add", "a") + LineOf("remove", "a"), "the file 'a' is added and removed"},
      {LineOf("cdc", "a") + LineOf("cdc", "a"), "listed among the changes twice"},
      {protocol + protocol, "second protocol"},
      {metadata + metadata, "second metaData"},
      {txn + txn, "second txn action of 'app'"},
      {domain + domain, "second domainMetadata action of 'dom'"}};
  for (const auto& [text, message] : kContradictions) {
    const auto commit = Parse(text);
    EXPECT_THAT(commit, IsError(ErrorKind::kCorrupt)) << text;
    EXPECT_THAT(commit, HasMessage(message));
    EXPECT_THAT(commit, HasMessage("7.json, line 2"));
  }
}

TEST(ParseCommit, AbsoluteAndRelativePathsOfAFileAreOneFile) {
  const std::string name = "/lake/t/_delta_log/7.json";
  for (const char* other : {"/lake/t/a", "file:/lake/t/a", "file:///lake/x/../t/a"}) {
    const auto commit = ParseCommit(Version{7}, LineOf("add", "a") + LineOf("remove", other), name);
    EXPECT_THAT(commit, HasMessage("added and removed in one commit")) << other;
  }
  EXPECT_THAT(ParseCommit(Version{7}, LineOf("add", "a") + LineOf("remove", "/lake/u/a"), name),
              IsOk());
}

TEST(ParseCommit, AFileMayComeBackOrChangeItsVector) {
  EXPECT_THAT(Parse(LineOf("remove", "a") + LineOf("add", "a")), IsOk());
  EXPECT_THAT(Parse(LineOf("remove", "a") + LineOf("add", "a") + LineOf("add", "a")),
              HasMessage("added twice"));
  EXPECT_THAT(Parse(LineOf("remove", "a") + LineOf("add", "a", "v")), IsOk());
  EXPECT_THAT(Parse(LineOf("remove", "a", "v") + LineOf("add", "a", "w")), IsOk());
}

TEST(ParseCommit, AnActionThatIsTooLongIsRefused) {
  const std::string line = LineOf("add", std::string(kMostActionBytes, 'x'));
  EXPECT_THAT(Parse(line), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(Parse(line), HasMessage("an action of"));
}

TEST(ParseCheckpoint, SidecarsAndItsVersionAreRead) {
  const auto found = ParseCheckpoint(R"({"checkpointMetadata":{"version":3,"tags":{}}})"
                                     "\n"
                                     R"({"sidecar":{"path":"s.parquet","sizeInBytes":1}})"
                                     "\n" +
                                         LineOf("add", "a"),
                                     "3.json");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->version, Version{3});
  EXPECT_THAT(found->sidecars, ::testing::ElementsAre("s.parquet"));
  EXPECT_EQ(found->actions.adds.size(), 1u);
  EXPECT_THAT(ParseCheckpoint(R"({"sidecar":{"path":1}})", "3.json"), IsError(ErrorKind::kCorrupt));
}

TEST(ParseCommit, TruncatedLineIsCorruptAndNamed) {
  const std::string whole(kAdd);
  for (size_t length = 1; length < whole.size(); ++length) {
    const auto commit =
        Parse("{\"txn\":{\"appId\":\"a\",\"version\":1}}\n" + whole.substr(0, length));
    EXPECT_THAT(commit, IsError(ErrorKind::kCorrupt)) << length;
    EXPECT_THAT(commit, HasMessage("7.json, line 2")) << length;
  }
}

TEST(ParseCommit, EmptyFileIsCorrupt) {
  EXPECT_THAT(Parse(""), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(Parse(" \n\r\n"), IsError(ErrorKind::kCorrupt));
}

TEST(ParseCommit, WhatIsNoActionIsCorrupt) {
  for (const char* text :
       {"hello", "[]", "1", "null", R"({"add":1})", R"({"add":{}})", R"({"add":{"path":1}})",
        R"({"add":{"path":"a","partitionValues":[],"size":1}})",
        R"({"add":{"path":"a","partitionValues":{},"size":-1}})",
        R"({"add":{"path":"a","partitionValues":{},"size":1e300}})",
        R"({"add":{"path":"a","partitionValues":{},"size":99999999999999999999999}})",
        R"({"add":{"path":"a","partitionValues":{},"size":1,"deletionVector":{}}})",
        R"({"protocol":{"minReaderVersion":99999999999,"minWriterVersion":2}})",
        R"({"metaData":{"id":"x"}})", R"({"txn":{"appId":"a"}})", "{\"add\":\"\xff\"}"}) {
    EXPECT_THAT(Parse(text), IsError(ErrorKind::kCorrupt)) << text;
  }
}

TEST(ParseCommit, HugeNumbersWhereNobodyLooksDoNoHarm) {
  EXPECT_THAT(Parse(R"({"commitInfo":{"operation":"WRITE","x":123456789012345678901234567890}})"),
              IsOk());
}

TEST(ParseCommit, DeepNestingIsAnErrorNotACrash) {
  const std::string deep(200'000, '[');
  EXPECT_THAT(Parse("{\"x\":" + deep + "}"), IsError(ErrorKind::kCorrupt));
  const std::string closed = deep + std::string(200'000, ']');
  EXPECT_THAT(Parse(R"({"x":[123456789012345678901234567890,)" + closed + "]}"),
              IsError(ErrorKind::kCorrupt));
}

TEST(ParseCommit, ASchemaThatNobodyReadsDoesNoHarm) {
  for (const char* schema :
       {"{", R"({\"type\":\"struct\",\"fields\":[{\"name\":\"v\",\"type\":\"x\"}]})"}) {
    EXPECT_THAT(Parse(std::string(R"({"metaData":{"id":"x","schemaString":")") + schema + "\"}}"),
                IsOk());
  }
}

constexpr std::string_view kInfo = R"({"commitInfo":{"operation":"WRITE","userMetadata":"x"}})";

// kInfo with `text` in place of "x", quotes included, and one add behind it.
Result<Commit> WithUserMetadata(std::string_view text) {
  std::string info(kInfo);
  info.replace(info.find("\"x\""), 3, text);
  return Parse(info + "\n" + std::string(kAdd));
}

TEST(ParseCommit, WhatIsNotNeededMayBeWrittenBadly) {
  for (const char* text :
       {"NaN", "[-Infinity, Infinity, 1]", "\"caf\xe9\"", "\"cut \xf0\x9f\"", R"("cut \ud83d")",
        R"("\udc00 and \ud83d\u0041")", "\"a\tb\x01\"", "\"\xed\xa0\x80\"", R"("NaN \" NaN")"}) {
    const auto commit = WithUserMetadata(text);
    ASSERT_THAT(commit, IsOk()) << text;
    EXPECT_EQ(commit->info->operation, "WRITE");
    EXPECT_EQ(commit->adds.size(), 1u);
  }
  EXPECT_THAT(WithUserMetadata("nope"), HasMessage("7.json, line 1"));
}

TEST(ParseCommit, WhatIsNeededMustBeWrittenWell) {
  for (const char* add : {"{\"add\":{\"path\":\"caf\xe9\",\"partitionValues\":{},\"size\":1}}",
                          R"({"add":{"path":"a","partitionValues":{"p":"\ud83d"},"size":1}})"}) {
    const auto commit = Parse(add);
    EXPECT_THAT(commit, IsError(ErrorKind::kCorrupt)) << add;
    EXPECT_THAT(commit, HasMessage("7.json, line 1"));
    EXPECT_THAT(commit, HasMessage("not UTF-8"));
  }
  EXPECT_THAT(
      Parse(
          "{\"add\":{\"path\":\"a\",\"partitionValues\":{},\"size\":1,\"tags\":{\"t\":\"\xe9\"}}}"),
      IsOk());
}

TEST(ParseCommit, AByteOrderMarkAndNumbersInQuotesAreRead) {
  const auto commit = Parse(
      "\xEF\xBB\xBF"
      R"({"add":{"path":"a","partitionValues":{},"size":"12","stats":{"numRecords":2}}})");
  ASSERT_THAT(commit, IsOk());
  EXPECT_EQ(commit->adds.at(0).size, 12);
  EXPECT_EQ(commit->adds.at(0).stats, R"({"numRecords":2})");
}

TEST(ResolveSchema, MetadataThatIsWrongAsWrittenIsNotDamage) {
  for (const char* metadata : {"5", R"({"delta.columnMapping.physicalName":5})"}) {
    Metadata table;
    table.configuration = {{"delta.columnMapping.mode", "name"}};
    table.schema_string = fmt::format(
        R"({{"type":"struct","fields":[{{"name":"a","type":"long","metadata":{}}}]}})", metadata);
    EXPECT_THAT(ResolveSchema(table), HasRemedy("correct the table's metadata")) << metadata;
  }
}

}  // namespace
}  // namespace sluice::delta
