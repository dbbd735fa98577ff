#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "sluice/store/object_store.h"

namespace sluice::testing {

/// What an implementation of ObjectStore may do otherwise, by name.
struct StoreDeviations {
  /// Two keys of which one is a folder of the other ("a" and "a/b") can't both be there.
  bool names_are_files_or_folders = false;
  /// Where "a" is there, "a/b" is kept and read, but not listed.
  bool lists_no_key_below_another = false;
  /// A write into a folder whose last object is deleted at that moment may be refused.
  bool loses_emptied_folders = false;
};

/// One implementation under test. `open` gives an empty store; tests use nothing of another's.
struct StoreUnderTest {
  std::string name;
  std::function<std::shared_ptr<store::ObjectStore>()> open;
  StoreDeviations deviations = {};
};

/// What every ObjectStore keeps (store/object_store.h). An implementation runs it by
///
///     INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, ::testing::Values(StoreUnderTest{...}),
///                              testing::NameOfStore);
///
/// in its own test, in the namespace sluice::testing, linked with this library.
class StoreContract : public ::testing::TestWithParam<StoreUnderTest> {
 protected:
  StoreContract() : store_(GetParam().open()) {}

  void Put(const store::Key& key, const std::string& bytes = "x");
  std::vector<store::Key> Keys(const store::Key& prefix = "", const store::Key& start_after = "");
  /// Uploads `bytes` and withholds the completion.
  store::PendingUpload Stage(const store::Key& key, const std::string& bytes);
  std::vector<std::string> UploadIds(const store::Key& prefix = "");
  /// The object by ranges of its reader.
  std::string ReadAll(const store::Key& key);

  std::shared_ptr<store::ObjectStore> store_;
};

void PrintTo(const StoreUnderTest& store, std::ostream* out);
std::string NameOfStore(const ::testing::TestParamInfo<StoreUnderTest>& info);

}  // namespace sluice::testing
