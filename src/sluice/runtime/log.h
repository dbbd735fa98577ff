#pragma once

#include <spdlog/spdlog.h>

#include <string>
#include <string_view>

namespace sluice::runtime {

enum class Verbosity { kQuiet, kNormal, kVerbose };

/// Sets up the process's log: stderr, one line per event, time in UTC. Called once, by main. A verbose log
/// has `run_id` in each line.
void StartLog(Verbosity verbosity, std::string_view run_id);

/// From now on `secret` is replaced by "***" wherever a log line or Redact() meets it. Thread-safe.
/// Secrets shorter than four characters are refused silently: they would blank half the text.
void RegisterSecret(std::string_view secret);
std::string Redact(std::string_view text);

/// A secret that is renewed from time to time. The latest is hidden as RegisterSecret hides it, and so is the one
/// before it, which requests in flight may still carry; older ones are forgotten. The last two stay hidden when
/// this is destroyed. Used by one thread at a time.
class RenewedSecret {
 public:
  void Renew(std::string_view secret);

 private:
  std::string latest_, previous_;
};

/// From now on errors say `${name}` where they would say `value`, which the config took from the environment:
/// whether it is a secret, nobody knows. Thread-safe. Values shorter than eight characters are refused
/// silently: they may be any word.
void RegisterExpansion(std::string_view name, std::string_view value);
/// `text` of an error, with what was registered hidden.
std::string RedactError(std::string_view text);

}  // namespace sluice::runtime
