#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/store/object_store.h"
#include "sluice/testing/memory_store.h"

/// What the fuzzers share.
namespace sluice::fuzz {

inline std::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A property of what was read; the fuzzer counts its failure as a crash.
inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// A table's folder in which `bytes` lie under `key`.
inline std::shared_ptr<store::ObjectStore> StoreWith(const store::Key& key,
                                                     std::string_view bytes) {
  auto store = testing::MakeMemoryStore();
  Require(store->Put(key, bytes).has_value(), "the memory store takes everything");
  return store;
}

}  // namespace sluice::fuzz
