#include "sluice/exporter/source/far_ahead.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::exporter {

std::optional<FarAhead> FindFarAhead(std::string_view name, const ledger::Bound& exported,
                                     const ledger::Bound& row, Timestamp now) {
  const bool by_row = row > exported;  // no time at all comes before any time
  const auto* position = std::get_if<Timestamp>(by_row ? &row : &exported);
  if (position == nullptr || *position - now <= Days(1)) return std::nullopt;
  return FarAhead{
      fmt::format("{} at {}, {} from now: nothing is exported until then",
                  by_row ? "the row in _export_state stands" : "the exports end",
                  FormatTimestamp(*position),
                  FormatDuration(Days((*position - now).micros / Days(1).micros))),
      fmt::format("if that time is a mistake, correct it with `sluice state set {} TIME`", name)};
}

Timestamp LatestClock(const Services& services) {
  return std::max(services.clock->Now(), services.wall->Now());
}

Status RequireClockNotAhead(const Session& session, Timestamp end) {
  const auto store_time = session.destination->StoreTime();
  if (!store_time || end - *store_time <= Minutes(1)) return {};
  const Services& services = *session.services;
  if (services.clock->Now() - services.wall->Now() > Days(1)) return {};
  return Fail(
      Error{ErrorKind::kConflict,
            fmt::format(
                "the window would end at {}, but by the destination's clock it is {} only: rows of "
                "its last {} are still coming",
                FormatTimestamp(end), FormatTimestamp(*store_time),
                FormatDuration(Minutes((end - *store_time).micros / Minutes(1).micros))),
            "set this machine's clock by NTP, or leave --now out"});
}

}  // namespace sluice::exporter
