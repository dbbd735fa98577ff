#include "sluice/store/s3/s3_wire.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <pugixml.hpp>

#include "sluice/aws/signer.h"
#include "sluice/base/time_zone.h"
#include "sluice/store/s3/s3_xml.h"

namespace sluice::store {
namespace {

/// What encoding-type=url did to a key: %XX, and '+' for a space.
std::string UrlDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

/// Keys are encoded where the server says that it did so, as we ask it to.
struct KeyReader {
  bool is_encoded = false;
  std::string operator()(const pugi::xml_node& node) const {
    return is_encoded ? UrlDecode(node.text().get()) : std::string(node.text().get());
  }
};

Result<Timestamp> ReadTime(const pugi::xml_node& node) {
  auto time = ParseTimestamp(node.text().get(), TimeZone::Utc());
  if (!time)
    return Fail(NotOfS3(fmt::format("the answer has a <{}> that is not a time", node.name())));
  return *time;
}

bool IsTrue(const pugi::xml_node& node) { return std::string_view(node.text().get()) == "true"; }

}  // namespace

Result<ObjectPage> ParseObjectPage(std::string_view body) {
  pugi::xml_document document;
  SLUICE_ASSIGN_OR_RETURN(const auto root, ParseRoot(document, body, "ListBucketResult"));
  const KeyReader key{std::string_view(root.child("EncodingType").text().get()) == "url"};
  ObjectPage page;
  for (const auto& node : root.children("Contents")) {
    ObjectInfo object;
    object.key = key(node.child("Key"));
    object.size = node.child("Size").text().as_llong(-1);
    if (object.size < 0)
      return Fail(NotOfS3(fmt::format("{} is listed without a size", object.key)));
    SLUICE_ASSIGN_OR_RETURN(object.modified, ReadTime(node.child("LastModified")));
    object.etag = UnquoteEtag(node.child("ETag").text().get());
    page.objects.push_back(std::move(object));
  }
  for (const auto& node : root.children("CommonPrefixes")) {
    page.prefixes.push_back(key(node.child("Prefix")));
  }
  if (IsTrue(root.child("IsTruncated"))) {
    page.next_token = root.child("NextContinuationToken").text().get();
    if (page.next_token.empty()) {
      return Fail(NotOfS3("a listing breaks off without a way to go on"));
    }
  }
  return page;
}

Result<UploadPage> ParseUploadPage(std::string_view body) {
  pugi::xml_document document;
  SLUICE_ASSIGN_OR_RETURN(const auto root, ParseRoot(document, body, "ListMultipartUploadsResult"));
  const KeyReader key{std::string_view(root.child("EncodingType").text().get()) == "url"};
  UploadPage page;
  for (const auto& node : root.children("Upload")) {
    PendingUploadInfo upload;
    upload.key = key(node.child("Key"));
    upload.upload_id = node.child("UploadId").text().get();
    SLUICE_ASSIGN_OR_RETURN(upload.started, ReadTime(node.child("Initiated")));
    page.uploads.push_back(std::move(upload));
  }
  if (IsTrue(root.child("IsTruncated"))) {
    page.next_key = key(root.child("NextKeyMarker"));
    page.next_upload_id = root.child("NextUploadIdMarker").text().get();
    if (page.next_key.empty()) {
      return Fail(NotOfS3("a listing of uploads breaks off without a way to go on"));
    }
  }
  return page;
}

Result<std::string> ParseUploadId(std::string_view body) {
  pugi::xml_document document;
  SLUICE_ASSIGN_OR_RETURN(const auto root,
                          ParseRoot(document, body, "InitiateMultipartUploadResult"));
  std::string id = root.child("UploadId").text().get();
  if (id.empty()) return Fail(NotOfS3("the answer names no upload"));
  return id;
}

Result<CopiedPart> ParseCopiedPart(std::string_view body) {
  pugi::xml_document document;
  SLUICE_ASSIGN_OR_RETURN(const auto root, ParseRoot(document, body, "CopyPartResult"));
  CopiedPart part{UnquoteEtag(root.child("ETag").text().get()),
                  DecodeCrc64Nvme(root.child("ChecksumCRC64NVME").text().get())};
  if (part.etag.empty()) return Fail(NotOfS3("the answer has no ETag"));
  return part;
}

Result<PartPage> ParsePartPage(std::string_view body) {
  pugi::xml_document document;
  SLUICE_ASSIGN_OR_RETURN(const auto root, ParseRoot(document, body, "ListPartsResult"));
  PartPage page;
  for (const auto& node : root.children("Part")) {
    page.parts[node.child("PartNumber").text().as_int()] = {
        UnquoteEtag(node.child("ETag").text().get()), node.child("ChecksumCRC64NVME").text().get()};
  }
  if (IsTrue(root.child("IsTruncated"))) {
    page.next_number = root.child("NextPartNumberMarker").text().get();
    if (page.next_number.empty()) {
      return Fail(NotOfS3("a listing of parts breaks off without a way to go on"));
    }
  }
  return page;
}

std::string CompleteBody(const std::vector<UploadedPart>& parts, const ListedParts& listed) {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const auto& part : parts) {
    body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>&quot;{}&quot;</ETag>", part.number,
                        part.etag);
    const auto found = listed.find(part.number);
    if (found != listed.end() && !found->second.checksum.empty()) {
      body += fmt::format("<ChecksumCRC64NVME>{}</ChecksumCRC64NVME>", found->second.checksum);
    }
    body += "</Part>";
  }
  return body + "</CompleteMultipartUpload>";
}

std::string UnquoteEtag(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

std::string EncodeCrc64Nvme(uint64_t crc) {
  std::array<uint8_t, 8> bytes{};
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(crc >> (56 - 8 * i));
  return aws::Base64(bytes);
}

std::optional<uint64_t> DecodeCrc64Nvme(std::string_view text) {
  if (text.size() != 12) return std::nullopt;
  std::array<uint8_t, 9> bytes{};
  if (EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), 12) != 9) {
    return std::nullopt;
  }
  uint64_t crc = 0;
  for (size_t i = 0; i < 8; ++i) crc = crc << 8 | bytes[i];
  return crc;
}

std::optional<uint64_t> ParseChecksum(std::string_view checksum) {
  constexpr std::string_view kPrefix = "crc64nvme:";
  if (!checksum.starts_with(kPrefix) || checksum.size() != kPrefix.size() + 16) return std::nullopt;
  uint64_t crc = 0;
  const char* end = checksum.data() + checksum.size();
  const auto parsed = std::from_chars(checksum.data() + kPrefix.size(), end, crc, 16);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return crc;
}

}  // namespace sluice::store
