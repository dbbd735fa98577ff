#include "sluice/ledger/runner.h"

#include <limits.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "sluice/base/time_zone.h"

namespace sluice::ledger {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Field 22 of /proc/PID/stat; nullopt if there is no such process, or only its unreaped remains. The
/// name in field 2 may hold blanks and parentheses, so counting begins after the last ')'.
std::optional<int64_t> StartTicks(int64_t pid) {
  const std::string stat = FirstLine("/proc/" + std::to_string(pid) + "/stat");
  const size_t after_name = stat.rfind(')');
  if (after_name == std::string::npos) return std::nullopt;
  std::istringstream rest(stat.substr(after_name + 1));
  std::string field;
  rest >> field;
  if (field == "Z" || field == "X") return std::nullopt;
  constexpr int kFieldsBetweenStateAndStart = 18;
  for (int i = 0; i < kFieldsBetweenStateAndStart; ++i) rest >> field;
  int64_t ticks = 0;
  if (!(rest >> ticks)) return std::nullopt;
  return ticks;
}

std::string LinkTarget(const char* path) {
  char buffer[256];
  const ssize_t n = readlink(path, buffer, sizeof buffer);
  return n > 0 ? std::string(buffer, static_cast<size_t>(n)) : std::string();
}

}  // namespace

Runner Runner::ThisProcess(std::string run_id) {
  Runner runner;
  char host[HOST_NAME_MAX + 1] = {};
  gethostname(host, HOST_NAME_MAX);
  runner.host = host;
  runner.boot_id = FirstLine("/proc/sys/kernel/random/boot_id");
  runner.pid_space = LinkTarget("/proc/self/ns/pid");
  runner.pid = getpid();
  runner.start_ticks = StartTicks(runner.pid).value_or(0);
  runner.run_id = std::move(run_id);
  return runner;
}

std::string Runner::ToString() const { return fmt::format("pid {} on {}", pid, host); }

Liveness Judge(const Heartbeat& heartbeat, Timestamp now, const Runner& self) {
  if (heartbeat.released) return Liveness::kGone;
  if (now - heartbeat.at > kHeartbeatExpiry) return Liveness::kGone;
  const Runner& owner = heartbeat.runner;
  const bool same_machine = !self.boot_id.empty() && owner.boot_id == self.boot_id &&
                            owner.pid_space == self.pid_space && owner.host == self.host;
  if (same_machine) {
    const bool runs = StartTicks(owner.pid) == std::optional(owner.start_ticks);
    return runs ? Liveness::kAlive : Liveness::kGone;
  }
  // From a clock that is wrong: when it was written is not known.
  return heartbeat.at - now > kHeartbeatExpiry ? Liveness::kGone : Liveness::kAlive;
}

void to_json(nlohmann::json& json, const Runner& runner) {
  json = {
      {"host", runner.host}, {"boot_id", runner.boot_id},         {"pid_space", runner.pid_space},
      {"pid", runner.pid},   {"start_ticks", runner.start_ticks}, {"run_id", runner.run_id}};
}

void from_json(const nlohmann::json& json, Runner& runner) {
  json.at("host").get_to(runner.host);
  json.at("boot_id").get_to(runner.boot_id);
  json.at("pid_space").get_to(runner.pid_space);
  json.at("pid").get_to(runner.pid);
  json.at("start_ticks").get_to(runner.start_ticks);
  json.at("run_id").get_to(runner.run_id);
}

std::string Serialize(const Heartbeat& heartbeat) {
  nlohmann::json json = {{"runner", heartbeat.runner},
                         {"at", FormatTimestamp(heartbeat.at)},
                         {"released", heartbeat.released}};
  // A host may be called anything, and a heartbeat is written by a thread where nobody catches.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<Heartbeat> ParseHeartbeat(std::string_view text, std::string_view name) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    Heartbeat heartbeat;
    json.at("runner").get_to(heartbeat.runner);
    SLUICE_ASSIGN_OR_RETURN(heartbeat.at,
                            ParseTimestamp(json.at("at").get<std::string>(), TimeZone::Utc()));
    json.at("released").get_to(heartbeat.released);
    return heartbeat;
  } catch (const nlohmann::json::exception& e) {
    return Fail(ErrorKind::kCorrupt, "{}: not a heartbeat: {}", name, e.what());
  }
}

}  // namespace sluice::ledger
