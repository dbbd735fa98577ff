#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sluice/base/result.h"
#include "sluice/base/types.h"

namespace sluice::ledger {

/// Who works on an export: enough to see, on the same machine, whether that process still lives.
struct Runner {
  std::string host;       ///< host name, for people
  std::string boot_id;    ///< of the running kernel; "" if it cannot be read
  std::string pid_space;  ///< the process's pid namespace
  int64_t pid = 0;
  int64_t start_ticks = 0;  ///< when the process began, in the kernel's ticks: pids are used again
  std::string run_id;       ///< random, one per run of one table

  static Runner ThisProcess(std::string run_id);
  std::string ToString() const;  ///< "pid 4711 on host"
};

/// A sign of life beside an intent. A hint and nothing more: no promise rests on it.
struct Heartbeat {
  Runner runner;
  Timestamp at;           ///< wall clock of the runner
  bool released = false;  ///< its runner let go of the export: any runner may adopt it
};

inline constexpr Duration kHeartbeatInterval = Seconds(30);
inline constexpr Duration kHeartbeatExpiry = Minutes(5);

enum class Liveness { kAlive, kGone };

/// Whether another runner should leave the export to `heartbeat`'s owner at `now`: gone if released, older than
/// five minutes, a process of this very machine that has ended, or, from another machine, more than five minutes
/// in the future.
Liveness Judge(const Heartbeat& heartbeat, Timestamp now, const Runner& self);

void to_json(nlohmann::json& json, const Runner& runner);
void from_json(const nlohmann::json& json, Runner& runner);
std::string Serialize(const Heartbeat& heartbeat);
Result<Heartbeat> ParseHeartbeat(std::string_view text, std::string_view name);

}  // namespace sluice::ledger
