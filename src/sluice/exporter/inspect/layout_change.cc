#include "sluice/exporter/inspect/layout_change.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sluice/plan/planned_export.h"

namespace sluice::exporter {
namespace {

struct Meaning {
  const char* key;
  std::string_view append, feed;  ///< what comes of a change; "" where the pattern has no such key
  std::string_view remedy;
};

constexpr std::string_view kMakeAnew =
    "set it back, or tell the partner; `sluice backfill NAME --from .. --to .. --again` exports "
    "a range again in the new layout";

constexpr std::array<Meaning, 3> kMeanings{{
    {"timezone", "dt and hr of new folders are in another zone than those of existing ones",
     "_commit_date of new folders is in another zone than that of existing ones", kMakeAnew},
    {"partition", "folders with and without hr will be mixed", "", kMakeAnew},
    {"watermark",
     "rows whose two columns are on either side of the last window's end are exported twice or not "
     "at all",
     "", "set it back, unless the column was only renamed in the source"},
}};

std::string Text(const nlohmann::json& shape, const char* key) {
  const auto found = shape.find(key);
  return found != shape.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::vector<LayoutChange> FindLayoutChanges(const ledger::LedgerView& view,
                                            const config::Table& table) {
  std::vector<LayoutChange> changes;
  const bool nothing_exported = std::holds_alternative<std::monostate>(view.position().end);
  if (!view.intent || !view.intent->shape.is_object() || nothing_exported) return changes;
  const nlohmann::json now = plan::ShapeOf(table);
  for (const Meaning& meaning : kMeanings) {
    const std::string_view consequence = table.is_append() ? meaning.append
                                         : table.is_cdc()  ? meaning.feed
                                                           : "";
    const std::string before = Text(view.intent->shape, meaning.key),
                      after = Text(now, meaning.key);
    if (consequence.empty() || before.empty() || before == after) continue;
    changes.push_back({fmt::format("`{}` was {} for export {} and is now {}: {}", meaning.key,
                                   before, view.newest, after, consequence),
                       std::string(meaning.remedy)});
  }
  return changes;
}

}  // namespace sluice::exporter
