#pragma once

#include <memory>
#include <string>

#include "sluice/store/object_store.h"
#include "sluice/store/s3/s3_client.h"
#include "sluice/store/s3/upload_budget.h"

namespace sluice::store {

/// S3's limits on the parts of an upload, and the sizes that we choose within them.
struct PartSizes {
  static constexpr int64_t kSmallest = int64_t{5} << 20;  ///< of every part but the last
  static constexpr int64_t kFirst = int64_t{8} << 20;
  static constexpr int64_t kLargestCopy = int64_t{64} << 20;
  static constexpr int kMostParts = 10'000;
  /// The size of part `number`: it doubles every 1,000 parts, so that 10,000 of them hold more than an
  /// object may (5 TiB) and small files take little memory.
  static constexpr int64_t Of(int number) { return kFirst << ((number - 1) / 1000); }
};

/// The headers that ask for `encryption`, on requests that create an object.
aws::HeaderList EncryptionHeaders(const ServerEncryption& encryption);

/// Begins a multipart upload of `full_key`. Parts go up in the background while more is appended, each
/// with its CRC, which the server compares. `root` is what comes before `key` in `full_key`: copies
/// are of keys below it.
Result<std::unique_ptr<UploadWriter>> StartS3Upload(std::shared_ptr<const S3Client> client,
                                                    std::shared_ptr<UploadBudget> budget,
                                                    const ServerEncryption& encryption,
                                                    const std::string& root, const Key& key);

}  // namespace sluice::store
