#include "sluice/testing/store_contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "sluice/runtime/entropy.h"
#include "sluice/store/checksum.h"
#include "sluice/testing/matchers.h"

namespace sluice::testing {

using store::CompleteOutcome;
using store::Key;
using store::PendingUpload;
using store::PutOutcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

std::span<const uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string ChecksumOf(const std::string& text) {
  store::Crc64Nvme checksum;
  checksum.Update(BytesOf(text));
  return checksum.ToString();
}

std::string Noise(size_t size) {
  const auto entropy = runtime::SeededEntropy(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(entropy->Next());
  return bytes;
}

void InThreads(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
}

constexpr size_t kLarge = (17 << 20) + 3;  // several parts, and a last one that is short

}  // namespace

void PrintTo(const StoreUnderTest& store, std::ostream* out) { *out << store.name; }

std::string NameOfStore(const ::testing::TestParamInfo<StoreUnderTest>& info) {
  return info.param.name;
}

void StoreContract::Put(const Key& key, const std::string& bytes) {
  ASSERT_THAT(store_->Put(key, bytes), IsOk());
}

std::vector<Key> StoreContract::Keys(const Key& prefix, const Key& start_after) {
  std::vector<Key> keys;
  const auto objects = store::ListAll(*store_, prefix, start_after);
  EXPECT_THAT(objects, IsOk());
  if (objects) {
    for (const auto& object : *objects) keys.push_back(object.key);
  }
  return keys;
}

PendingUpload StoreContract::Stage(const Key& key, const std::string& bytes) {
  auto writer = store_->StartUpload(key);
  EXPECT_THAT(writer, IsOk());
  if (!writer) return {};
  EXPECT_THAT((*writer)->Append(BytesOf(bytes)), IsOk());
  auto pending = (*writer)->Finish();
  EXPECT_THAT(pending, IsOk());
  return std::move(pending).value_or(PendingUpload());
}

std::vector<std::string> StoreContract::UploadIds(const Key& prefix) {
  std::vector<std::string> ids;
  EXPECT_THAT(store_->ListUploads(prefix,
                                  [&](const store::PendingUploadInfo& upload) {
                                    ids.push_back(upload.upload_id);
                                    return true;
                                  }),
              IsOk());
  return ids;
}

std::string StoreContract::ReadAll(const Key& key) {
  constexpr int64_t kPiece = 1'000'003;
  const auto reader = store_->Open(key);
  EXPECT_THAT(reader, IsOk());
  if (!reader) return {};
  std::string bytes(static_cast<size_t>((*reader)->size()), '\0');
  auto* const data = reinterpret_cast<uint8_t*>(bytes.data());
  for (int64_t at = 0; at < (*reader)->size(); at += kPiece) {
    const auto size = static_cast<size_t>(std::min(kPiece, (*reader)->size() - at));
    EXPECT_THAT((*reader)->ReadAt(at, {data + at, size}), IsOk());
  }
  return bytes;
}

TEST_P(StoreContract, WhatIsPutIsReadBack) {
  for (const std::string& bytes : {std::string(), std::string("text"), Noise(3'000'000)}) {
    Put("folder/object", bytes);
    EXPECT_EQ(store_->Get("folder/object").value(), bytes);
    EXPECT_EQ(ReadAll("folder/object"), bytes);
    const auto info = store_->Head("folder/object");
    ASSERT_THAT(info, IsOk());
    EXPECT_EQ(info->key, "folder/object");
    EXPECT_EQ(info->size, static_cast<int64_t>(bytes.size()));
  }
}

TEST_P(StoreContract, WhatIsNotThereIsNotFound) {
  Put("folder/object");
  for (const Key key : {"object", "folder", "folder/other", "folder/object/below"}) {
    EXPECT_THAT(store_->Head(key), IsError(ErrorKind::kNotFound)) << key;
    EXPECT_THAT(store_->Get(key), IsError(ErrorKind::kNotFound)) << key;
    EXPECT_THAT(store_->Open(key), IsError(ErrorKind::kNotFound)) << key;
    EXPECT_THAT(store_->Head(key), HasMessage(store_->DisplayName(key))) << key;
  }
}

TEST_P(StoreContract, ImpossibleKeysAreRefused) {
  for (const Key& key : {Key(), Key("/a"), Key("a/"), Key("a//b"), Key("../a"), Key("a/./b"),
                         Key("a/.."), Key("a\0b", 3)}) {
    EXPECT_THAT(store_->Put(key, "x"), IsError(ErrorKind::kUsage)) << key;
    EXPECT_THAT(store_->PutIfAbsent(key, "x"), IsError(ErrorKind::kUsage)) << key;
    EXPECT_THAT(store_->Get(key), IsError(ErrorKind::kUsage)) << key;
    EXPECT_THAT(store_->Delete(key), IsError(ErrorKind::kUsage)) << key;
    EXPECT_THAT(store_->StartUpload(key), IsError(ErrorKind::kUsage)) << key;
  }
  EXPECT_THAT(Keys(), IsEmpty());
}

TEST_P(StoreContract, PutIfAbsentNeverReplaces) {
  EXPECT_THAT(store_->PutIfAbsent("a/1.json", "first"), IsOkAnd(PutOutcome::kCreated));
  EXPECT_THAT(store_->PutIfAbsent("a/1.json", "second"), IsOkAnd(PutOutcome::kAlreadyExists));
  EXPECT_EQ(store_->Get("a/1.json").value(), "first");
  EXPECT_THAT(Keys(), ElementsAre("a/1.json"));
}

TEST_P(StoreContract, OneOfManyThreadsCreates) {
  constexpr int kThreads = 8;
  for (int round = 0; round < 20; ++round) {
    const Key key = fmt::format("race/{}", round);
    std::atomic<int> created{0}, winner{-1};
    InThreads(kThreads, [&](int i) {
      const auto outcome = store_->PutIfAbsent(key, fmt::format("thread {}", i));
      EXPECT_THAT(outcome, IsOk());
      if (!outcome || *outcome != PutOutcome::kCreated) return;
      ++created;
      winner = i;
    });
    EXPECT_EQ(created, 1);
    EXPECT_EQ(store_->Get(key).value(), fmt::format("thread {}", winner.load()));
  }
}

TEST_P(StoreContract, ReadersSeeAPutWholeOrNotAtAll) {
  const std::string old_bytes(200'000, 'a'), new_bytes(300'000, 'b');
  Put("hint", old_bytes);
  std::atomic<bool> done{false};
  InThreads(2, [&](int i) {
    if (i == 0) {
      for (int n = 0; n < 50; ++n) Put("hint", n % 2 == 0 ? new_bytes : old_bytes);
      done = true;
      return;
    }
    while (!done) {
      const auto bytes = store_->Get("hint");
      ASSERT_THAT(bytes, IsOk());
      ASSERT_TRUE(*bytes == old_bytes || *bytes == new_bytes) << bytes->size();
      ASSERT_THAT(Keys(), ElementsAre("hint"));
    }
  });
}

TEST_P(StoreContract, WritersAndDeletersOfOneFolderDoNotDisturbEachOther) {
  const bool holds = GetParam().deviations.loses_emptied_folders;
  if (holds) Put("busy/folder/stays");
  InThreads(4, [&](int i) {
    for (int n = 0; n < 100; ++n) {
      const Key key = fmt::format("busy/folder/{}-{}", i, n);
      ASSERT_THAT(store_->PutIfAbsent(key, "x"), IsOkAnd(PutOutcome::kCreated));
      const PendingUpload pending = Stage(key + "-upload", "y");
      ASSERT_THAT(store_->CompleteUpload(pending), IsOkAnd(CompleteOutcome::kCompleted));
      ASSERT_THAT(store_->Delete(key), IsOk());
      ASSERT_THAT(store_->Delete(key + "-upload"), IsOk());
    }
  });
  EXPECT_EQ(Keys(), holds ? std::vector<Key>{"busy/folder/stays"} : std::vector<Key>{});
}

TEST_P(StoreContract, DeletingTwiceSucceeds) {
  Put("a/b/object");
  Put("a/other");
  EXPECT_THAT(store_->Delete("a/b/object"), IsOk());
  EXPECT_THAT(store_->Delete("a/b/object"), IsOk());
  EXPECT_THAT(store_->Delete("never/there"), IsOk());
  EXPECT_THAT(Keys(), ElementsAre("a/other"));
  EXPECT_THAT(store_->ListFolders("a/"), IsOkAnd(IsEmpty()));
}

TEST_P(StoreContract, UploadIsInvisibleUntilCompleted) {
  const PendingUpload pending = Stage("dt=1/file.parquet", "bytes");
  EXPECT_THAT(store_->Head("dt=1/file.parquet"), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_THAT(store_->ListFolders(""), IsOkAnd(IsEmpty()));
  EXPECT_THAT(UploadIds("dt=1/"), ElementsAre(pending.upload_id));
  EXPECT_THAT(store_->CompleteUpload(pending), IsOkAnd(CompleteOutcome::kCompleted));
  EXPECT_EQ(store_->Get("dt=1/file.parquet").value(), "bytes");
  EXPECT_THAT(Keys(), ElementsAre("dt=1/file.parquet"));
  EXPECT_THAT(UploadIds(), IsEmpty());
}

TEST_P(StoreContract, PendingUploadSaysWhatWasUploaded) {
  const std::string bytes = Noise(1'000'000);
  const PendingUpload pending = Stage("file", bytes);
  EXPECT_EQ(pending.key, "file");
  EXPECT_EQ(pending.size, static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(pending.checksum, ChecksumOf(bytes));
  int64_t size = 0;
  for (size_t i = 0; i < pending.parts.size(); ++i) {
    EXPECT_EQ(pending.parts[i].number, static_cast<int>(i) + 1);
    size += pending.parts[i].size;
  }
  EXPECT_EQ(size, pending.size);
}

TEST_P(StoreContract, CompletingTwiceFindsNoSuchUpload) {
  const PendingUpload pending = Stage("file", "bytes");
  EXPECT_THAT(store_->CompleteUpload(pending), IsOkAnd(CompleteOutcome::kCompleted));
  EXPECT_THAT(store_->CompleteUpload(pending), IsOkAnd(CompleteOutcome::kNoSuchUpload));
  EXPECT_EQ(store_->Get("file").value(), "bytes");
}

TEST_P(StoreContract, ManyThreadsCompleteOneUpload) {
  for (int round = 0; round < 20; ++round) {
    const PendingUpload pending = Stage(fmt::format("race/{}", round), "bytes");
    std::atomic<int> completed{0};
    InThreads(4, [&](int) {
      const auto outcome = store_->CompleteUpload(pending);
      EXPECT_THAT(outcome, IsOk());
      if (outcome && *outcome == CompleteOutcome::kCompleted) ++completed;
    });
    EXPECT_GE(completed, 1);
    EXPECT_EQ(store_->Get(pending.key).value(), "bytes");
  }
}

TEST_P(StoreContract, AbortedUploadCanNotBeCompleted) {
  const PendingUpload pending = Stage("file", "bytes");
  EXPECT_THAT(store_->AbortUpload("file", pending.upload_id), IsOk());
  EXPECT_THAT(store_->AbortUpload("file", pending.upload_id), IsOk());
  EXPECT_THAT(store_->AbortUpload("file", "no-such-id"), IsOk());
  EXPECT_THAT(store_->CompleteUpload(pending), IsOkAnd(CompleteOutcome::kNoSuchUpload));
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_THAT(UploadIds(), IsEmpty());
}

TEST_P(StoreContract, AbortOfACompletedUploadLeavesTheObject) {
  const PendingUpload pending = Stage("file", "bytes");
  EXPECT_THAT(store_->CompleteUpload(pending), IsOk());
  EXPECT_THAT(store_->AbortUpload("file", pending.upload_id), IsOk());
  EXPECT_EQ(store_->Get("file").value(), "bytes");
}

TEST_P(StoreContract, WriterThatDiesLeavesNothingVisible) {
  {
    auto writer = store_->StartUpload("dt=1/file");
    ASSERT_THAT(writer, IsOk());
    ASSERT_THAT((*writer)->Append(BytesOf(Noise(kLarge))), IsOk());
  }
  EXPECT_THAT(Keys(), IsEmpty());
  const auto left = UploadIds("dt=1/");
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_THAT(store_->AbortUpload("dt=1/file", left[0]), IsOk());
  EXPECT_THAT(UploadIds(), IsEmpty());
}

TEST_P(StoreContract, SeveralUploadsOfOneKeyArePendingApart) {
  const PendingUpload first = Stage("file", "first"), second = Stage("file", "second");
  EXPECT_NE(first.upload_id, second.upload_id);
  EXPECT_THAT(UploadIds("file"), SizeIs(2));
  EXPECT_THAT(store_->AbortUpload("file", first.upload_id), IsOk());
  EXPECT_THAT(UploadIds("file"), ElementsAre(second.upload_id));
  EXPECT_THAT(store_->CompleteUpload(second), IsOkAnd(CompleteOutcome::kCompleted));
  EXPECT_EQ(store_->Get("file").value(), "second");
}

TEST_P(StoreContract, UploadsAreListedByPrefixAndKey) {
  const auto b = Stage("x/b", "1"), a = Stage("x/a", "2"), other = Stage("y/a", "3");
  EXPECT_THAT(UploadIds("x/"), ElementsAre(a.upload_id, b.upload_id));
  EXPECT_THAT(UploadIds("z/"), IsEmpty());
  int seen = 0;
  EXPECT_THAT(store_->ListUploads("", [&](const auto&) { return ++seen < 2; }), IsOk());
  EXPECT_EQ(seen, 2);
}

TEST_P(StoreContract, LargeObjectComesBackWhole) {
  const std::string bytes = Noise(kLarge);
  auto writer = store_->StartUpload("large");
  ASSERT_THAT(writer, IsOk());
  for (size_t at = 0; at < bytes.size(); at += 777'777) {
    ASSERT_THAT((*writer)->Append(BytesOf(bytes.substr(at, 777'777))), IsOk());
  }
  const auto pending = (*writer)->Finish();
  ASSERT_THAT(pending, IsOk());
  EXPECT_EQ(pending->checksum, ChecksumOf(bytes));
  ASSERT_THAT(store_->CompleteUpload(*pending), IsOk());
  EXPECT_TRUE(ReadAll("large") == bytes);
}

TEST_P(StoreContract, EmptyUploadIsAnEmptyObject) {
  ASSERT_THAT(store_->CompleteUpload(Stage("empty", "")), IsOk());
  EXPECT_EQ(store_->Get("empty").value(), "");
}

TEST_P(StoreContract, CopiesJoinAppendedBytesInOrder) {
  const std::string source = Noise(kLarge);
  Put("source", source);
  const auto etag = store_->Head("source")->etag;
  auto writer = store_->StartUpload("copy");
  ASSERT_THAT(writer, IsOk());
  ASSERT_THAT((*writer)->Append(BytesOf("head")), IsOk());
  ASSERT_THAT((*writer)->AppendCopy("source", etag, 5, 6'000'000), IsOk());
  ASSERT_THAT((*writer)->AppendCopy("source", "", 0, 3), IsOk());
  ASSERT_THAT((*writer)->Append(BytesOf("tail")), IsOk());
  const auto pending = (*writer)->Finish();
  ASSERT_THAT(pending, IsOk());
  ASSERT_THAT(store_->CompleteUpload(*pending), IsOk());
  EXPECT_TRUE(ReadAll("copy") ==
              "head" + source.substr(5, 6'000'000) + source.substr(0, 3) + "tail");
}

TEST_P(StoreContract, CopyOfAnotherVersionIsAConflict) {
  Put("source", "before");
  const std::string etag = store_->Head("source")->etag;
  ASSERT_FALSE(etag.empty());
  Put("source", "after..");
  auto writer = store_->StartUpload("copy");
  ASSERT_THAT(writer, IsOk());
  EXPECT_THAT((*writer)->AppendCopy("source", etag, 0, 3), IsError(ErrorKind::kConflict));
  EXPECT_THAT((*writer)->AppendCopy("gone", "", 0, 3), IsError(ErrorKind::kNotFound));
  EXPECT_THAT((*writer)->AppendCopy("source", "", 5, 10), IsError(ErrorKind::kCorrupt));
}

TEST_P(StoreContract, ReadPastTheEndIsCorrupt) {
  Put("object", "0123456789");
  const auto reader = store_->Open("object");
  ASSERT_THAT(reader, IsOk());
  std::vector<uint8_t> out(4);
  EXPECT_THAT((*reader)->ReadAt(6, out), IsOk());
  EXPECT_EQ(out[3], '9');
  EXPECT_THAT((*reader)->ReadAt(7, out), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT((*reader)->ReadAt(20, out), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT((*reader)->ReadAt(20, out), HasMessage(store_->DisplayName("object")));
}

TEST_P(StoreContract, KeysOfAnyBytesAreKept) {
  const std::vector<Key> keys{
      "a b/c d",        "dt=2026-01-01/hr=00/f", "per%20cent/%2F%25",
      "plus+and&?#",    "quote'\"<>\\`",         "\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80/\xc3\xb6",
      "tab\tnew\nline", "tilde~!@$^()[]{}|;:,",  "_under/.dot"};
  for (const Key& key : keys) Put(key, key);
  for (const Key& key : keys) EXPECT_EQ(store_->Get(key).value(), key);
  auto sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(Keys(), sorted);
  for (const Key& key : keys) EXPECT_THAT(Keys(key), ElementsAre(key));
  for (const Key& key : keys) {
    const PendingUpload pending = Stage(key + ".up", key);
    EXPECT_THAT(store_->CompleteUpload(pending), IsOkAnd(CompleteOutcome::kCompleted));
    EXPECT_EQ(store_->Get(key + ".up").value(), key);
  }
}

TEST_P(StoreContract, ListIsInTheOrderOfBytes) {
  // '-' and '.' sort before '/', '0' after it; upper case before lower.
  const std::vector<Key> sorted{"B",     "a-b/c", "a.b",  "a/b", "a/b-c",
                                "a/c/d", "a/c0",  "a0/b", "b",   "\xc3\xa4"};
  for (auto key = sorted.rbegin(); key != sorted.rend(); ++key) Put(*key);
  EXPECT_EQ(Keys(), sorted);
  for (size_t i = 0; i < sorted.size(); ++i) {
    EXPECT_EQ(Keys("", sorted[i]), std::vector<Key>(sorted.begin() + i + 1, sorted.end()));
  }
}

TEST_P(StoreContract, StartAfterNeedsNoObject) {
  for (const Key key : {"a/1", "a/2", "a/3", "b/1"}) Put(key);
  EXPECT_THAT(Keys("", "a/15"), ElementsAre("a/2", "a/3", "b/1"));
  EXPECT_THAT(Keys("a/", "a/2"), ElementsAre("a/3"));
  EXPECT_THAT(Keys("a/", "a"), ElementsAre("a/1", "a/2", "a/3"));
  EXPECT_THAT(Keys("a/", "a0"), IsEmpty());
  EXPECT_THAT(Keys("b", "a/zzz"), ElementsAre("b/1"));
}

TEST_P(StoreContract, PrefixIsTextAndNotAFolder) {
  for (const Key key : {"part-1", "part-2", "party/1", "other"}) Put(key);
  EXPECT_THAT(Keys("part"), ElementsAre("part-1", "part-2", "party/1"));
  EXPECT_THAT(Keys("part-"), ElementsAre("part-1", "part-2"));
  EXPECT_THAT(Keys("party/"), ElementsAre("party/1"));
  EXPECT_THAT(Keys("nothing/here"), IsEmpty());
}

TEST_P(StoreContract, KeyMayBeAFolderOfAnother) {
  Put("a/b");
  if (GetParam().deviations.names_are_files_or_folders) {
    EXPECT_FALSE(store_->Put("a/b/c", "x"));
    EXPECT_EQ(store_->Get("a/b").value(), "x");
    return;
  }
  Put("a/b/c");
  EXPECT_EQ(store_->Get("a/b/c").value(), "x");
  if (GetParam().deviations.lists_no_key_below_another) return;
  EXPECT_THAT(Keys("a/"), ElementsAre("a/b", "a/b/c"));
}

TEST_P(StoreContract, ManyObjectsAreListedPageByPage) {
  std::vector<Key> keys;
  for (int i = 0; i < 2345; ++i) {
    keys.push_back(fmt::format("p/{:05}", i));
    Put(keys.back());
  }
  EXPECT_EQ(Keys("p/"), keys);
  int seen = 0;
  EXPECT_THAT(store_->List("p/", "", [&](const auto&) { return ++seen < 1500; }), IsOk());
  EXPECT_EQ(seen, 1500);
}

TEST_P(StoreContract, FoldersAreTheNextPartsOfKeys) {
  for (const Key key : {"x/a/1", "x/a/2", "x/b c/1/2", "x/file", "y/1", "top"}) Put(key);
  EXPECT_THAT(store_->ListFolders(""), IsOkAnd(ElementsAre("x", "y")));
  EXPECT_THAT(store_->ListFolders("x/"), IsOkAnd(ElementsAre("a", "b c")));
  EXPECT_THAT(store_->ListFolders("x/b c/"), IsOkAnd(ElementsAre("1")));
  EXPECT_THAT(store_->ListFolders("nothing/"), IsOkAnd(IsEmpty()));
}

// Anyone who includes this library need not instantiate the suite.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreContract);

}  // namespace sluice::testing
