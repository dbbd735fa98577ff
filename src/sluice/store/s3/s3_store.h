#pragma once

#include <memory>
#include <string>

#include "sluice/store/object_store.h"
#include "sluice/store/s3/s3_client.h"
#include "sluice/store/s3/s3_options.h"
#include "sluice/store/s3/upload_budget.h"

namespace sluice::store {

/// Opens what lies below `prefix` (no outer slashes; may be empty) of `bucket` as an object store.
/// Nothing is asked of the server yet. kConfig where the credentials that `options` name don't exist.
///
/// PutIfAbsent is a PUT with If-None-Match: *; an answer that leaves open who won is settled by
/// reading back. Uploads are multipart uploads. Every byte goes up with a CRC that the server compares;
/// completed objects carry the CRC-64/NVME of the whole.
Result<std::shared_ptr<ObjectStore>> OpenS3Store(const std::string& bucket,
                                                 const std::string& prefix,
                                                 const S3Options& options);

/// The same, with what stores of one process share.
std::shared_ptr<ObjectStore> OpenS3Store(const std::string& bucket, const std::string& prefix,
                                         const S3Options& options, const S3Access& access,
                                         std::shared_ptr<UploadBudget> budget);

}  // namespace sluice::store
