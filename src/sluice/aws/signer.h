#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/aws/credentials.h"
#include "sluice/base/types.h"

/// AWS Signature Version 4, as a function of its inputs (docs.aws.amazon.com, "Signature Version 4
/// signing process"). Nothing here reads a clock or talks to anybody.
namespace sluice::aws {

/// Names in lower case; in the order in which they are sent.
using HeaderList = std::vector<std::pair<std::string, std::string>>;
/// Not yet encoded; in any order.
using QueryList = std::vector<std::pair<std::string, std::string>>;

/// The payload hash of a body that the signature leaves out: only where TLS guards it.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

struct SigningInput {
  std::string_view method;
  std::string_view host;     ///< with the port, where it is not the scheme's own
  std::string_view path;     ///< encoded, as sent; begins with '/'
  std::string_view query;    ///< CanonicalQuery(), as sent
  HeaderList headers;        ///< signed, all of them; without host, x-amz-date and the token
  std::string payload_hash;  ///< HexSha256 of the body, or kUnsignedPayload
  std::string_view region, service;
  Timestamp at;
};

/// Every byte but A-Z a-z 0-9 - . _ ~ as %XX; '/' stays where `keep_slash`.
std::string UriEncode(std::string_view text, bool keep_slash);
/// "a=1&b=&c=x%20y": encoded and sorted.
std::string CanonicalQuery(QueryList query);

std::string HexSha256(std::string_view bytes);
std::string HexSha1(std::string_view bytes);
std::string Base64(std::span<const uint8_t> bytes);

/// `input.headers` and those that the signature adds: host is left to the HTTP library.
HeaderList Sign(const SigningInput& input, const Credentials& credentials);

}  // namespace sluice::aws
