#include "sluice/exporter/inspect/try_rights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/store/forwarding_store.h"
#include "sluice/testing/memory_store.h"

namespace sluice::exporter {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;

constexpr std::string_view kRandom = "0123456789abcdef";

std::vector<std::string> Shown(const std::vector<TriedRight>& tried) {
  std::vector<std::string> shown;
  for (const auto& right : tried) {
    shown.push_back(std::string(Name(right.right)) + " " + std::string(Name(right.status)));
  }
  return shown;
}

/// A store to which one kind of request is refused.
class Refusing : public store::ForwardingStore {
 public:
  Refusing(std::shared_ptr<store::ObjectStore> base, Right refused)
      : store::ForwardingStore(std::move(base)), refused_(refused) {}
  Result<store::PutOutcome> PutIfAbsent(const store::Key& key, std::string_view bytes) override {
    if (refused_ == Right::kWrite) return Refuse();
    return ForwardingStore::PutIfAbsent(key, bytes);
  }
  Result<std::string> Get(const store::Key& key) const override {
    if (refused_ == Right::kRead) return Refuse();
    return ForwardingStore::Get(key);
  }
  Status Delete(const store::Key& key) override {
    if (refused_ == Right::kDelete) return Refuse();
    return ForwardingStore::Delete(key);
  }

 private:
  static tl::unexpected<Error> Refuse() {
    return Fail(Error{ErrorKind::kPermission, "AccessDenied", "allow it"});
  }
  Right refused_;
};

class TryRightsTest : public ::testing::Test {
 protected:
  std::vector<TriedRight> Refused(Right right, bool key = false) {
    Refusing store(memory_, right);
    return TryWriting(store, kRandom, key);
  }
  std::shared_ptr<store::ObjectStore> memory_ = testing::MakeMemoryStore();
};

TEST_F(TryRightsTest, EverythingIsTriedAndRemoved) {
  const auto tried = TryWriting(*memory_, kRandom, true);
  EXPECT_THAT(tried, Each(Field(&TriedRight::status, Trial::kAllowed)));
  EXPECT_EQ(tried.size(), 7U);
  EXPECT_TRUE(store::ListAll(*memory_, "")->empty());
}

TEST_F(TryRightsTest, WithoutWritingTheRestIsNotTried) {
  EXPECT_THAT(
      Shown(Refused(Right::kWrite)),
      ElementsAre("list allowed", "write refused", "read not_tried", "conditional_write not_tried",
                  "multipart not_tried", "delete not_tried", "kms not_tried"));
}

TEST_F(TryRightsTest, WhatIsRefusedIsNamedWithItsFix) {
  const auto tried = Refused(Right::kDelete);
  EXPECT_THAT(Shown(tried), ElementsAre("list allowed", "write allowed", "read allowed",
                                        "conditional_write allowed", "multipart allowed",
                                        "delete refused", "kms not_tried"));
  EXPECT_EQ(tried[5].message, "AccessDenied");
  EXPECT_EQ(tried[5].fix, "allow it");
}

TEST_F(TryRightsTest, AKeyThatDoesNotDecryptIsRefused) {
  EXPECT_EQ(Shown(Refused(Right::kRead, true)).back(), "kms refused");
}

TEST_F(TryRightsTest, ASourceWithoutALogIsNotRead) {
  EXPECT_THAT(Shown(TryReading(*memory_)), ElementsAre("list allowed", "read not_tried"));
  ASSERT_TRUE(memory_->Put("_delta_log/00000000000000000000.json", "{}"));
  EXPECT_THAT(Shown(TryReading(*memory_)), ElementsAre("list allowed", "read allowed"));
}

}  // namespace
}  // namespace sluice::exporter
