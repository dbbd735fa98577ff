#include "sluice/ledger/ledger_identity.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "sluice/ledger/record_fields.h"
#include "sluice/ledger/records.h"

namespace sluice::ledger {
namespace {

/// `place` as seen from `here`; "" where no path leads there.
std::string FromHere(const store::Location& place, const store::Location& here) {
  if (place.scheme != here.scheme || place.bucket != here.bucket) return "";
  const auto absolute = [](const store::Location& at) {
    return std::filesystem::path(at.path.starts_with('/') ? at.path : "/" + at.path);
  };
  return absolute(place).lexically_relative(absolute(here)).string();
}

bool SamePlace(const std::string& a, const std::string& a_from_here, const std::string& b,
               const std::string& b_from_here) {
  return a == b || (!a_from_here.empty() && a_from_here == b_from_here);
}

}  // namespace

LedgerIdentity MakeIdentity(const store::Location& state, const store::Location& beside,
                            const store::Location& destination, std::string table,
                            const std::optional<store::Location>& source) {
  LedgerIdentity identity;
  identity.state = state.LastPart();
  identity.destination = destination.ToString();
  identity.destination_from_here = FromHere(destination, beside);
  identity.table = std::move(table);
  if (source) {
    identity.source = source->ToString();
    identity.source_from_here = FromHere(*source, beside);
  }
  return identity;
}

std::vector<std::string> Differences(const LedgerIdentity& recorded, const LedgerIdentity& ours,
                                     bool with_state) {
  std::vector<std::string> differences;
  const auto add = [&](const char* what, const std::string& theirs, const std::string& own) {
    differences.push_back(fmt::format("{} {}, not {}", what, theirs, own));
  };
  if (with_state && recorded.state != ours.state) add("state", recorded.state, ours.state);
  if (!SameDestination(recorded, ours)) {
    add("destination", recorded.destination, ours.destination);
  }
  if (recorded.table != ours.table) add("table", recorded.table, ours.table);
  const bool both_known = !recorded.source.empty() && !ours.source.empty();
  if (both_known &&
      !SamePlace(recorded.source, recorded.source_from_here, ours.source, ours.source_from_here)) {
    add("source", recorded.source, ours.source);
  }
  return differences;
}

bool SameDestination(const LedgerIdentity& a, const LedgerIdentity& b) {
  return SamePlace(a.destination, a.destination_from_here, b.destination, b.destination_from_here);
}

std::string Serialize(const LedgerIdentity& identity) {
  const nlohmann::json json = {{"format", kFormat},
                               {"state", identity.state},
                               {"destination", identity.destination},
                               {"destination_from_here", identity.destination_from_here},
                               {"table", identity.table},
                               {"source", identity.source},
                               {"source_from_here", identity.source_from_here}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<LedgerIdentity> ParseIdentity(std::string_view text, std::string_view name) {
  return ParseRecord<LedgerIdentity>(text, name, kFormat, [](const RecordFields& fields) {
    LedgerIdentity identity;
    identity.state = fields.Text("state");
    identity.destination = fields.Text("destination");
    identity.destination_from_here = fields.Text("destination_from_here");
    identity.table = fields.Text("table");
    identity.source = fields.Text("source");
    identity.source_from_here = fields.Text("source_from_here");
    return identity;
  });
}

}  // namespace sluice::ledger
