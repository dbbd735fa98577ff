#include "sluice/store/object_store.h"

#include <algorithm>
#include <utility>

#include "sluice/runtime/log.h"
#include "sluice/store/checksum.h"

namespace sluice::store {

Result<std::unique_ptr<ObjectReader>> ObjectStore::OpenElsewhere(const std::string& address) const {
  return Fail(ErrorKind::kUnsupported, "{} does not lie in {}", address, DisplayName(""));
}

Result<std::vector<ObjectInfo>> ListAll(const ObjectStore& store, const Key& prefix,
                                        const Key& start_after) {
  std::vector<ObjectInfo> objects;
  SLUICE_RETURN_IF_ERROR(store.List(prefix, start_after, [&](const ObjectInfo& object) {
    objects.push_back(object);
    return true;
  }));
  return objects;
}

namespace {

Result<std::string> ChecksumOf(const ObjectReader& reader) {
  constexpr int64_t kPiece = 8 << 20;
  Crc64Nvme crc;
  std::vector<uint8_t> bytes;
  for (int64_t at = 0; at < reader.size(); at += kPiece) {
    bytes.resize(static_cast<size_t>(std::min(kPiece, reader.size() - at)));
    SLUICE_RETURN_IF_ERROR(reader.ReadAt(at, bytes));
    crc.Update(bytes);
  }
  return crc.ToString();
}

}  // namespace

Result<bool> HoldsUpload(const ObjectStore& store, const PendingUpload& upload) {
  const auto info = store.Head(upload.key);
  if (!info && info.error().kind == ErrorKind::kNotFound) return false;
  if (!info) return Fail(info.error());
  if (info->size != upload.size) return false;
  if (!info->checksum.empty()) return info->checksum == upload.checksum;
  SLUICE_ASSIGN_OR_RETURN(const auto reader, store.Open(upload.key));
  SLUICE_ASSIGN_OR_RETURN(const std::string checksum, ChecksumOf(*reader));
  return checksum == upload.checksum;
}

bool TryAbort(ObjectStore& store, const std::vector<PendingUploadInfo>& uploads) {
  for (const auto& upload : uploads) {
    const auto aborted = store.AbortUpload(upload.key, upload.upload_id);
    if (aborted) continue;
    spdlog::debug("{}", aborted.error().message);
    if (IsRetryable(aborted.error().kind)) return false;
  }
  return true;
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
