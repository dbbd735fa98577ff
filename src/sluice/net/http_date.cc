#include "sluice/net/http_date.h"

#include <curl/curl.h>

namespace sluice::net {

std::optional<Timestamp> ParseHttpDate(const std::string& text) {
  const time_t seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return Timestamp{static_cast<int64_t>(seconds) * 1'000'000};
}

}  // namespace sluice::net
