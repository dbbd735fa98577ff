#include "sluice/store/object_store.h"

#include <utility>

namespace sluice::store {

Result<std::vector<ObjectInfo>> ListAll(const ObjectStore& store, const Key& prefix,
                                        const Key& start_after) {
  std::vector<ObjectInfo> objects;
  SLUICE_RETURN_IF_ERROR(store.List(prefix, start_after, [&](const ObjectInfo& object) {
    objects.push_back(object);
    return true;
  }));
  return objects;
}

Status ValidateKey(const Key& key) {
  const auto wrong = [&](std::string_view why) {
    return Fail(ErrorKind::kUsage, "'{}' can't be a key: {}", key, why);
  };
  if (key.empty()) return wrong("it is empty");
  if (key.find('\0') != Key::npos) return wrong("it holds a NUL byte");
  size_t begin = 0;
  while (true) {
    const size_t end = key.find('/', begin);
    const std::string_view part =
        std::string_view(key).substr(begin, end == Key::npos ? Key::npos : end - begin);
    if (part.empty()) return wrong("a part of it is empty");
    if (part == "." || part == "..") return wrong("it climbs");
    if (end == Key::npos) return {};
    begin = end + 1;
  }
}

}  // namespace sluice::store
