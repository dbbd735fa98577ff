#include "sluice/exporter/far_ahead.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::exporter {

std::optional<FarAhead> FindFarAhead(const Session& session, std::optional<Timestamp> exported,
                                     std::optional<Timestamp> row) {
  if (!exported && !row) return std::nullopt;
  const bool by_row = row && (!exported || *row > *exported);
  const Timestamp position = by_row ? *row : *exported;
  const Services& services = *session.services;
  const Timestamp now = std::max(services.clock->Now(), services.wall->Now());
  if (position - now <= Days(1)) return std::nullopt;
  return FarAhead{
      fmt::format("{} at {}, {} from now: nothing is exported until then",
                  by_row ? "the row in _export_state stands" : "the exports end",
                  FormatTimestamp(position),
                  FormatDuration(Days((position - now).micros / Days(1).micros))),
      fmt::format("if that time is a mistake, correct it with `sluice state set {} TIME`",
                  session.name())};
}

}  // namespace sluice::exporter
