#include "sluice/exporter/inspect/repair_advice.h"

#include <fmt/format.h>

namespace sluice::exporter {

std::string RepairAdvice(std::string_view name, const ledger::Manifest& manifest) {
  using ledger::ExportKind;
  const std::string copy = fmt::format("restore the files of export {} from a copy", manifest.n);
  switch (manifest.kind) {
    case ExportKind::kWindow:
    case ExportKind::kBackfill:
      return fmt::format(
          "{}, or export its window again: `sluice backfill {} --from {} --to {} --again`", copy,
          name, ledger::ToText(manifest.start), ledger::ToText(manifest.end));
    case ExportKind::kLate:
      return fmt::format(
          "{}, or export again the windows that its rows belong to: `sluice backfill {} --from .. "
          "--to "
          ".. --again`",
          copy, name);
    case ExportKind::kSeed:
    case ExportKind::kReseed:
      return fmt::format("{}, or start the feed over from a new snapshot: `sluice run {} --reseed`",
                         copy, name);
    case ExportKind::kSnapshot:
      return fmt::format("{}, or export a new snapshot for readers to use: `sluice run {}`", copy,
                         name);
    case ExportKind::kReset:
    case ExportKind::kVoid:
      break;
  }
  return copy;
}

}  // namespace sluice::exporter
