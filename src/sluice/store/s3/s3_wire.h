#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/error.h"
#include "sluice/base/result.h"
#include "sluice/net/http_client.h"
#include "sluice/store/object_store.h"

/// The documents that S3 sends and takes, as functions of text. Their shape is that of the API
/// reference (docs.aws.amazon.com/AmazonS3/latest/API). kCorrupt for what is not such a document.
namespace sluice::store {

/// One page of ListObjectsV2.
struct ObjectPage {
  std::vector<ObjectInfo> objects;    ///< full keys
  std::vector<std::string> prefixes;  ///< common prefixes, in full
  std::string next_token;             ///< "" on the last page
};
Result<ObjectPage> ParseObjectPage(std::string_view body);

/// One page of ListMultipartUploads.
struct UploadPage {
  std::vector<PendingUploadInfo> uploads;  ///< full keys
  std::string next_key, next_upload_id;    ///< both "" on the last page
};
Result<UploadPage> ParseUploadPage(std::string_view body);

/// CreateMultipartUpload's answer: the upload's id.
Result<std::string> ParseUploadId(std::string_view body);

/// UploadPartCopy's answer.
struct CopiedPart {
  std::string etag;
  std::optional<uint64_t> crc64nvme;  ///< where the server computed it
};
Result<CopiedPart> ParseCopiedPart(std::string_view body);

/// A part as the server keeps it.
struct ListedPart {
  std::string etag;
  std::string checksum;  ///< base64 CRC-64/NVME; "" where it has none
};
using ListedParts = std::map<int, ListedPart>;  ///< by part number

/// One page of ListParts.
struct PartPage {
  ListedParts parts;
  std::string next_number;  ///< "" on the last page
};
Result<PartPage> ParsePartPage(std::string_view body);

/// The body of CompleteMultipartUpload, with the checksums that `listed` has: some servers insist.
std::string CompleteBody(const std::vector<UploadedPart>& parts, const ListedParts& listed = {});

/// An ETag as we keep it: without its quotes.
std::string UnquoteEtag(std::string_view etag);

/// x-amz-checksum-crc64nvme: base64 of the eight bytes, most significant first.
std::string EncodeCrc64Nvme(uint64_t crc);
std::optional<uint64_t> DecodeCrc64Nvme(std::string_view text);
/// The number in "crc64nvme:<16 hex>".
std::optional<uint64_t> ParseChecksum(std::string_view checksum);

}  // namespace sluice::store
