#include "sluice/catalog/patient_http.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "sluice/catalog/json_answer.h"
#include "sluice/net/http_date.h"

namespace sluice::catalog {
namespace {

/// No answer of a catalog takes longer; one that comes a byte at a time must not hold a run.
constexpr Duration kLongestAnswer = Minutes(1);
/// How long a server that did not answer counts as silent, and how long it may then take.
constexpr Duration kSilent = Minutes(1), kLongestWhileSilent = Seconds(10);
/// The longest wait that a server can ask for; a deadline is far shorter.
constexpr int64_t kLongestWaitSeconds = 86'400;

/// What Retry-After asks for: seconds, or a date by the server's own clock.
Duration WaitThatIsAsked(const net::HttpResponse& answer) {
  const std::string& text = answer.header("retry-after");
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size()) {
    return Seconds(std::clamp<int64_t>(seconds, 0, kLongestWaitSeconds));
  }
  const auto until = net::ParseHttpDate(text);
  const auto sent = net::ParseHttpDate(answer.header("date"));
  if (!until || !sent || *until <= *sent) return {};
  return std::min(*until - *sent, Seconds(kLongestWaitSeconds));
}

/// Those of net speak of S3's settings.
Error InWordsOfCatalogs(Error error) {
  switch (error.kind) {
    case ErrorKind::kConfig:
      error.remedy =
          "correct `catalog.url`: https://HOST, the address of the workspace or the catalog server";
      break;
    case ErrorKind::kPermission:
      error.remedy =
          "check that `catalog.url` is right; if it is, let this machine trust the authority that "
          "signed the "
          "server's certificate: add it to the system's certificates (update-ca-certificates)";
      break;
    case ErrorKind::kTransient:
      error.remedy = "check `catalog.url` and that this machine may connect to it, then run again";
      break;
    case ErrorKind::kCorrupt:
      error.remedy = "check that `catalog.url` is the address of a Unity Catalog";
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

bool IsRefusalForNow(int status) {
  return status == 408 || status == 429 || (status >= 500 && status != 501);
}

PatientHttp::PatientHttp(std::shared_ptr<const net::HttpClient> http,
                         std::shared_ptr<runtime::Clock> clock,
                         std::shared_ptr<runtime::Entropy> entropy, runtime::RetryPolicy policy)
    : http_(std::move(http)),
      clock_(std::move(clock)),
      entropy_(std::move(entropy)),
      policy_(policy) {}

Result<net::HttpResponse> PatientHttp::Send(net::HttpRequest request,
                                            const runtime::CancelToken& cancel) const {
  request.cancel = &cancel;
  request.most_body_bytes = kMostAnswerBytes;
  runtime::RetryPolicy policy = policy_;
  Duration longest = kLongestAnswer;
  if (clock_->MonotonicMicros() < silent_until_) {
    policy.attempts = 1;
    longest = kLongestWhileSilent;
  }
  const int64_t deadline = clock_->MonotonicMicros() + policy.deadline.micros;
  std::optional<net::HttpResponse> refusal;
  int64_t not_before = 0;
  const auto attempt = [&]() -> Status {
    const int64_t wait = not_before - clock_->MonotonicMicros();
    if (wait > 0) clock_->SleepFor(Duration{wait}, cancel);
    SLUICE_RETURN_IF_ERROR(cancel.Check());
    const int64_t began = clock_->MonotonicMicros();
    request.limit =
        Duration{std::clamp<int64_t>(deadline - began, Seconds(1).micros, longest.micros)};
    refusal.reset();
    auto answer = http_->Send(request);
    spdlog::debug("{} {}: {} after {} ms", request.method, request.url,
                  answer ? std::to_string(answer->status) : answer.error().message,
                  (clock_->MonotonicMicros() - began) / 1000);
    if (!answer) return Fail(InWordsOfCatalogs(std::move(answer).error()));
    refusal = std::move(*answer);
    if (!IsRefusalForNow(refusal->status)) return {};
    const Duration asked = WaitThatIsAsked(*refusal);
    not_before = clock_->MonotonicMicros() + asked.micros;
    if (not_before >= deadline) return {};  // it will not be answered in time: this is the answer
    return Fail(ErrorKind::kTransient, "{}: HTTP status {}", request.url, refusal->status);
  };
  const Status sent = runtime::Retry(policy, *clock_, *entropy_, cancel, attempt);
  const bool silent = !sent && !refusal && sent.error().kind == ErrorKind::kTransient;
  silent_until_ = silent ? clock_->MonotonicMicros() + kSilent.micros : 0;
  if (!sent && !(refusal && sent.error().kind == ErrorKind::kTransient)) {
    return Fail(sent.error());
  }
  return std::move(*refusal);
}

}  // namespace sluice::catalog
