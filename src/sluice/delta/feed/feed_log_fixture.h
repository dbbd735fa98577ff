#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "sluice/delta/feed/change_feed.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

/// What the tests of the change feed share: a log made by hand, action by action.
namespace sluice::delta {

/// Columns as "name type", all nullable: {"id long", "word string"}.
inline std::string TableIs(bool feed_on, const std::vector<std::string>& columns = {"id long"}) {
  std::string fields;
  for (const std::string& column : columns) {
    const size_t space = column.find(' ');
    if (!fields.empty()) fields += ',';
    fields += R"({\"name\":\")" + column.substr(0, space) + R"(\",\"type\":\")" +
              column.substr(space + 1) + R"(\",\"nullable\":true,\"metadata\":{}})";
  }
  return R"({"metaData":{"id":"t","format":{"provider":"parquet"},"schemaString":)"
         R"("{\"type\":\"struct\",\"fields\":[)" +
         fields + R"(]}","partitionColumns":[],"configuration":{"delta.enableChangeDataFeed":")" +
         (feed_on ? "true" : "false") + "\"}}}\n";
}

inline std::string ProtocolIs(const std::string& reader_feature = "deletionVectors") {
  return R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[")" +
         reader_feature + R"("],"writerFeatures":["changeDataFeed"]}})" + "\n";
}

inline std::string Vector(const std::string& name) {
  return R"(,"deletionVector":{"storageType":"u","pathOrInlineDv":")" + name +
         R"(","sizeInBytes":4,"cardinality":1})";
}

inline std::string Add(const std::string& path, const std::string& more = "") {
  return R"({"add":{"path":")" + path +
         R"(","partitionValues":{},"size":10,"modificationTime":1,"dataChange":true)" + more +
         "}}\n";
}

inline std::string Remove(const std::string& path, const std::string& more = "") {
  return R"({"remove":{"path":")" + path +
         R"(","dataChange":true,"extendedFileMetadata":true,"partitionValues":{},"size":11)" +
         more + "}}\n";
}

inline std::string Cdc(const std::string& path) {
  return R"({"cdc":{"path":"_change_data/)" + path +
         R"(","partitionValues":{},"size":12,"dataChange":false}})" + "\n";
}

class FeedLogFixture : public ::testing::Test {
 protected:
  void Commit(int64_t version, const std::string& actions) {
    ASSERT_THAT(store_->Put(CommitKey(Version{version}), actions), testing::IsOk());
  }
  /// Commits versions [first, last], each adding one file named after it.
  void Append(int64_t first, int64_t last) {
    for (int64_t v = first; v <= last; ++v) Commit(v, Add("f" + std::to_string(v)));
  }
  void Lose(int64_t version) {
    ASSERT_THAT(store_->Delete(CommitKey(Version{version})), testing::IsOk());
  }

  Snapshot Latest() {
    SnapshotOptions options;
    options.with_files = false;
    auto snapshot = LoadSnapshot(log_, options);
    EXPECT_THAT(snapshot, testing::IsOk());
    return std::move(snapshot).value_or(Snapshot());
  }
  Result<FeedRange> Survey(int64_t first, int64_t last) {
    return SurveyFeed(log_, Latest(), Version{first}, Version{last});
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
  Log log_{store_};
};

}  // namespace sluice::delta
