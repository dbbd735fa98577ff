#include "sluice/aws/signer.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "sluice/base/time_zone.h"

namespace sluice::aws {
namespace {

std::string Hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", uint8_t(c));
  return text;
}

std::string HexDigest(std::string_view bytes, const EVP_MD* algorithm) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, algorithm, nullptr);
  return Hex({reinterpret_cast<const char*>(digest.data()), length});
}

std::string Hmac(std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(),
       &length);
  return {reinterpret_cast<const char*>(digest.data()), length};
}

/// "20130524T000000Z".
std::string BasicTime(Timestamp at) {
  const CivilTime t = TimeZone::Utc().ToCivil(at);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", t.year, t.month, t.day, t.hour, t.minute,
                     t.second);
}

/// Outer spaces go, inner runs of them become one.
std::string TrimmedValue(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == ' ' && (text.empty() || text.back() == ' ')) continue;
    text += c;
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

std::string UriEncode(std::string_view text, bool keep_slash) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash);
    if (plain) {
      encoded += c;
    } else {
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", uint8_t(c));
    }
  }
  return encoded;
}

std::string CanonicalQuery(QueryList query) {
  for (auto& [name, value] : query) {
    name = UriEncode(name, false);
    value = UriEncode(value, false);
  }
  std::sort(query.begin(), query.end());
  std::string text;
  for (const auto& [name, value] : query) {
    if (!text.empty()) text += '&';
    text += name + "=" + value;
  }
  return text;
}

std::string HexSha256(std::string_view bytes) { return HexDigest(bytes, EVP_sha256()); }
std::string HexSha1(std::string_view bytes) { return HexDigest(bytes, EVP_sha1()); }

std::string Base64(std::span<const uint8_t> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

HeaderList Sign(const SigningInput& input, const Credentials& credentials) {
  const std::string time = BasicTime(input.at);
  const std::string date = time.substr(0, 8);
  HeaderList headers = input.headers;
  headers.emplace_back("x-amz-date", time);
  headers.emplace_back("x-amz-content-sha256", input.payload_hash);
  if (!credentials.session_token.empty()) {
    headers.emplace_back("x-amz-security-token", credentials.session_token);
  }
  HeaderList sorted = headers;
  sorted.emplace_back("host", input.host);
  std::sort(sorted.begin(), sorted.end());
  std::string canonical_headers, names;
  for (const auto& [name, value] : sorted) {
    canonical_headers += name + ":" + TrimmedValue(value) + "\n";
    if (!names.empty()) names += ';';
    names += name;
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", input.method, input.path, input.query,
                  canonical_headers, names, input.payload_hash);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, input.region, input.service);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, HexSha256(canonical));
  std::string key = Hmac("AWS4" + credentials.secret_key, date);
  for (const std::string_view part : {input.region, input.service}) key = Hmac(key, part);
  key = Hmac(key, "aws4_request");
  headers.emplace_back(
      "authorization",
      fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                  credentials.access_key, scope, names, Hex(Hmac(key, to_sign))));
  return headers;
}

}  // namespace sluice::aws
