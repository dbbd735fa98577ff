#include "sluice/testing/managed_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "sluice/delta/log/log_path.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::testing {
namespace {

constexpr std::string_view kProtocol =
    R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["catalogManaged"],)"
    R"("writerFeatures":["catalogManaged","inCommitTimestamp","changeDataFeed","appendOnly","invariants"]}})";

/// With that protocol in place of its own, if it has one.
std::string WithFeature(const std::string& commit) {
  std::string lines;
  for (std::string_view rest = commit; !rest.empty();) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.find("\"protocol\"") == std::string_view::npos) lines += std::string(line) + "\n";
  }
  return lines + std::string(kProtocol) + "\n";
}

Timestamp CommittedAt(const std::string& commit) {
  constexpr std::string_view kKey = "\"inCommitTimestamp\":";
  const size_t at = commit.find(kKey);
  EXPECT_NE(at, std::string::npos) << "a managed table keeps in-commit timestamps";
  return Timestamp{std::strtoll(commit.c_str() + at + kKey.size(), nullptr, 10) * 1000};
}

}  // namespace

ManagedTable Manage(const store::ObjectStore& published, const ManageOptions& options) {
  ManagedTable table{MakeMemoryStore(), {options.latest, {}}};
  const auto put = [&](const store::Key& key, const std::string& bytes) {
    EXPECT_THAT(table.store->Put(key, bytes), IsOk());
  };
  const auto objects = store::ListAll(published, "");
  EXPECT_THAT(objects, IsOk());
  for (const auto& object : *objects) {
    std::string bytes = published.Get(object.key).value();
    const auto name = delta::ParseLogKey(object.key);
    if (!name || name->kind != delta::LogFileKind::kCommit) {
      put(object.key, bytes);
      continue;
    }
    const Version version = name->version;
    if (version == options.managed_from) bytes = WithFeature(bytes);
    CommitPlace place = version > options.latest ? CommitPlace::kPublished : options.place(version);
    if (place == CommitPlace::kPublished && version <= options.latest &&
        !table.commits.commits.empty()) {
      place = CommitPlace::kPublishedSince;
    }
    if (place == CommitPlace::kPublished || place == CommitPlace::kPublishedSince) {
      put(object.key, bytes);
    }
    if (place == CommitPlace::kPublished) continue;
    delta::StagedCommit commit;
    commit.version = version;
    commit.file_name =
        fmt::format("{:020}.3a0d65cd-4056-49b8-937b-{:012}.json", version.value, version.value);
    commit.size = static_cast<int64_t>(bytes.size());
    commit.committed = commit.modified = CommittedAt(bytes);
    if (place == CommitPlace::kStaged || place == CommitPlace::kBoth) {
      put(delta::StagedCommitKey(commit.file_name), bytes);
      // A proposal that lost.
      put(delta::StagedCommitKey(fmt::format("{:020}.lost.json", version.value)), "garbage");
    }
    if (place == CommitPlace::kBoth) put(object.key, "garbage");
    if (place == CommitPlace::kInline) commit.text = bytes;
    table.commits.commits.push_back(std::move(commit));
  }
  return table;
}

}  // namespace sluice::testing
