#include "fuzz_input.h"
#include "sluice/net/http_date.h"
#include "sluice/store/s3/s3_bucket_wire.h"
#include "sluice/store/s3/s3_error.h"
#include "sluice/store/s3/s3_wire.h"

// What a server sends: listings, answers to uploads, settings of a bucket, refusals; and the values of headers.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::store;
  const std::string body(sluice::fuzz::Text(data, size));
  (void)ParseObjectPage(body);
  (void)ParseUploadPage(body);
  (void)ParseUploadId(body);
  (void)ParseCopiedPart(body);
  (void)ParsePartPage(body);
  (void)ParsePublicAccessBlock(body);
  (void)ParsePolicyStatus(body);
  (void)ParseDefaultEncryption(body);
  (void)ParseLifecycle(body);
  (void)ParseVersioning(body);
  (void)ParseObjectLock(body);
  (void)IsWholeDocument(body);
  for (const int status : {200, 301, 403, 404, 412, 503}) {
    sluice::net::HttpResponse response;
    response.status = status;
    response.headers = {{"x-amz-bucket-region", body}, {"x-amz-request-id", body}};
    response.body = body;
    (void)HidesItsReason("HEAD", response);
    const auto error = ToError(ParseFault(response), {"s3://bucket/key", "reading", "bucket",
                                                      "us-east-1", "s3:GetObject"});
    sluice::fuzz::Require(!error.message.empty(), "an error says something");
  }
  (void)sluice::net::ParseHttpDate(body);
  (void)ParseChecksum(body);
  if (const auto crc = DecodeCrc64Nvme(body)) {
    sluice::fuzz::Require(DecodeCrc64Nvme(EncodeCrc64Nvme(*crc)) == crc,
                          "a checksum is sent as it came");
  }
  return 0;
}
