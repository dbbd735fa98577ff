#include "sluice/store/s3/put_bucket_policy.h"

#include <utility>

#include "sluice/store/checksum.h"
#include "sluice/store/s3/s3_client.h"
#include "sluice/store/s3/s3_wire.h"

namespace sluice::store {

Status PutBucketPolicy(const std::string& bucket, const S3Options& options,
                       std::string_view policy) {
  SLUICE_ASSIGN_OR_RETURN(const S3Access access, OpenS3Access(options));
  Crc64Nvme crc;
  crc.Update({reinterpret_cast<const uint8_t*>(policy.data()), policy.size()});
  S3Request request;
  request.method = "PUT";
  request.query = {{"policy", ""}};
  request.headers = {{"content-type", "application/json"},
                     {"x-amz-checksum-crc64nvme", EncodeCrc64Nvme(crc.value())}};
  request.body = policy;
  request.action = "writing the policy";
  auto sent = MakeS3Client(bucket, options, access)->Send(request);
  if (!sent) return Fail(std::move(sent.error().error));
  return {};
}

}  // namespace sluice::store
