#include "sluice/store/s3/s3_reader.h"

#include "sluice/store/s3/s3_xml.h"

#include <fmt/format.h>

#include <utility>

namespace sluice::store {
namespace {

/// How often an answer may break off without a byte before we give up.
constexpr int kBrokenAnswers = 5;

Error ShortError(const S3Client& client, const std::string& full_key, int64_t wanted) {
  return {ErrorKind::kCorrupt,
          fmt::format("{}: ends before byte {}", client.DisplayName(full_key), wanted),
          {}};
}

}  // namespace

Status ReadRange(const S3Client& client, const std::string& full_key, const std::string& etag,
                 int64_t offset, std::span<uint8_t> out) {
  const int64_t end = offset + static_cast<int64_t>(out.size());
  int broken = 0;
  while (!out.empty()) {
    S3Request request;
    request.key = full_key;
    request.headers = {{"range", fmt::format("bytes={}-{}", offset, end - 1)}};
    if (!etag.empty()) request.headers.emplace_back("if-match", "\"" + etag + "\"");
    request.into = out;
    request.action = "reading";
    request.is_cancellable = true;
    auto sent = client.Send(request);
    if (!sent) {
      S3Failure& failure = sent.error();
      if (failure.fault.status == 416) return Fail(ShortError(client, full_key, end));
      if (failure.error.kind == ErrorKind::kConflict) {
        return Fail(
            Error{ErrorKind::kConflict,
                  fmt::format("{}: was replaced while it was read", client.DisplayName(full_key)),
                  "run again"});
      }
      return Fail(std::move(failure.error));
    }
    const net::HttpResponse& answer = sent->http;
    if (answer.status != 206 && (answer.status != 200 || offset != 0)) {
      return Fail(NotOfS3(fmt::format("{}: the server ignored the range (status {})",
                                      client.DisplayName(full_key), answer.status)));
    }
    const auto got = static_cast<int64_t>(answer.filled);
    out = out.subspan(answer.filled);
    offset += got;
    if (out.empty()) return {};
    if (answer.broken.empty()) return Fail(ShortError(client, full_key, end));
    broken = got > 0 ? 0 : broken + 1;
    if (broken >= kBrokenAnswers) {
      return Fail(ErrorKind::kTransient, "{}: reading failed: {}", client.DisplayName(full_key),
                  answer.broken);
    }
  }
  return {};
}

}  // namespace sluice::store
