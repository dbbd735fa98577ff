#include "sluice/runtime/log.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sluice/base/mutex.h"

namespace sluice::runtime {
namespace {

/// Shorter ones would blank half the text.
constexpr size_t kShortestSecret = 4;

struct LongerFirst {
  bool operator()(const std::string& a, const std::string& b) const {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  }
};

struct Secrets {
  Mutex mutex;
  // How many registered each, the longest first: one that holds another must not leave its tail.
  std::map<std::string, int, LongerFirst> known SLUICE_GUARDED_BY(mutex);
  // By value, the longest first as above.
  std::map<std::string, std::string, LongerFirst> expanded SLUICE_GUARDED_BY(mutex);
};

Secrets& TheSecrets() {
  static Secrets secrets;
  return secrets;
}

/// Blanks secrets in every message before the pattern is applied.
class RedactingFormatter : public spdlog::formatter {
 public:
  explicit RedactingFormatter(std::unique_ptr<spdlog::formatter> inner)
      : inner_(std::move(inner)) {}
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string clean =
        Redact(std::string_view(message.payload.data(), message.payload.size()));
    spdlog::details::log_msg copy = message;
    copy.payload = clean;
    inner_->format(copy, out);
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<RedactingFormatter>(inner_->clone());
  }

 private:
  std::unique_ptr<spdlog::formatter> inner_;
};

}  // namespace

void StartLog(Verbosity verbosity, std::string_view run_id) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto logger = std::make_shared<spdlog::logger>("sluice", std::move(sink));
  // On a terminal a progress line may be in the way.
  const std::string clear = isatty(STDERR_FILENO) != 0 ? "\r\x1b[K" : "";
  logger->set_formatter(
      std::make_unique<RedactingFormatter>(std::make_unique<spdlog::pattern_formatter>(
          verbosity == Verbosity::kVerbose
              ? fmt::format("{}%Y-%m-%dT%H:%M:%S.%eZ {} %l %v", clear, run_id)
              : clear + "%Y-%m-%dT%H:%M:%SZ %l %v",
          spdlog::pattern_time_type::utc)));
  logger->set_level(verbosity == Verbosity::kQuiet    ? spdlog::level::err
                    : verbosity == Verbosity::kNormal ? spdlog::level::info
                                                      : spdlog::level::debug);
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void RegisterSecret(std::string_view secret) {
  if (secret.size() < kShortestSecret) return;
  Secrets& secrets = TheSecrets();
  const MutexLock lock(secrets.mutex);
  ++secrets.known[std::string(secret)];
}

void RenewedSecret::Renew(std::string_view secret) {
  if (secret == latest_) return;
  RegisterSecret(secret);
  const std::string forgotten =
      std::exchange(previous_, std::exchange(latest_, std::string(secret)));
  if (forgotten.size() < kShortestSecret) return;
  Secrets& secrets = TheSecrets();
  const MutexLock lock(secrets.mutex);
  const auto found = secrets.known.find(forgotten);
  if (found != secrets.known.end() && --found->second == 0) secrets.known.erase(found);
}

std::string Redact(std::string_view text) {
  std::string clean(text);
  Secrets& secrets = TheSecrets();
  const MutexLock lock(secrets.mutex);
  for (const auto& [secret, owners] : secrets.known) {
    for (size_t at = clean.find(secret); at != std::string::npos; at = clean.find(secret, at)) {
      clean.replace(at, secret.size(), "***");
      at += 3;
    }
  }
  return clean;
}

void RegisterExpansion(std::string_view name, std::string_view value) {
  constexpr size_t kShortest = 8;
  if (value.size() < kShortest) return;
  Secrets& secrets = TheSecrets();
  const MutexLock lock(secrets.mutex);
  secrets.expanded.emplace(value, fmt::format("${{{}}}", name));
}

std::string RedactError(std::string_view text) {
  std::string clean = Redact(text);
  Secrets& secrets = TheSecrets();
  const MutexLock lock(secrets.mutex);
  for (const auto& [value, name] : secrets.expanded) {
    for (size_t at = clean.find(value); at != std::string::npos; at = clean.find(value, at)) {
      clean.replace(at, value.size(), name);
      at += name.size();
    }
  }
  return clean;
}

}  // namespace sluice::runtime
