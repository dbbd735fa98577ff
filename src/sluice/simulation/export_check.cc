#include "sluice/simulation/export_check.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "sluice/delta/read/data_file.h"
#include "sluice/ledger/ledger.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/plan/output_layout.h"
#include "sluice/runtime/entropy.h"
#include "sluice/state/export_state.h"

namespace sluice::simulation {
namespace {

using ledger::ExportKind;
using ledger::Manifest;
using Faults = std::vector<std::string>;
/// id and text -> how many.
using Multiset = std::map<std::pair<int64_t, std::string>, int64_t>;

std::string TextAt(const arrow::RecordBatch& batch, const char* column, int64_t i) {
  const auto array = std::dynamic_pointer_cast<arrow::StringArray>(batch.GetColumnByName(column));
  return array && array->IsValid(i) ? array->GetString(i) : std::string();
}

class Check {
 public:
  Check(const World& world, const FileRows& rows) : world_(world), rows_(rows) {}

  Faults Run() {
    const ledger::Ledger ledger(world_.destination, world_.destination, world_.table.name);
    const auto manifests = ledger.ReadManifests();
    if (!manifests) return {"manifests: " + manifests.error().message};
    manifests_ = *manifests;
    replaced_ = Replaced();
    CheckLedger(ledger);
    CheckFiles();
    CheckWindows();
    CheckState();
    switch (world_.table.pattern()) {
      case config::Pattern::kAppend:
        CheckAppend();
        break;
      case config::Pattern::kCdc:
        CheckFeed();
        break;
      case config::Pattern::kSnapshot:
        CheckSnapshots();
        break;
    }
    return std::move(faults_);
  }

 private:
  template <typename... Args>
  void Fault(fmt::format_string<Args...> format, Args&&... args) {
    faults_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  /// Numbers whose place a backfill took.
  std::set<int64_t> Replaced() const {
    std::set<int64_t> replaced;
    for (const Manifest& manifest : manifests_) {
      replaced.insert(manifest.replaces.begin(), manifest.replaces.end());
    }
    return replaced;
  }

  /// What a reader who follows the manifests reads, in order.
  std::vector<const Manifest*> Readable() const {
    std::vector<const Manifest*> readable;
    for (const Manifest& manifest : manifests_) {
      if (!replaced_.contains(manifest.n)) readable.push_back(&manifest);
    }
    return readable;
  }

  void CheckLedger(const ledger::Ledger& ledger) {
    const auto view = ledger.Load();
    if (!view) return Fault("ledger: {}", view.error().message);
    if (view->undecided()) Fault("number {} is undecided", view->newest);
    if (static_cast<int64_t>(manifests_.size()) != view->newest) {
      Fault("{} manifests of {} numbers", manifests_.size(), view->newest);
    }
    for (size_t i = 0; i < manifests_.size(); ++i) {
      if (manifests_[i].n != static_cast<int64_t>(i) + 1) Fault("no manifest {}", i + 1);
    }
  }

  /// What lies in the data folders is what manifests name, and the other way round.
  void CheckFiles() {
    std::map<std::string, int64_t> named;
    std::set<std::string> complete, current;  // the files of replaced exports may be gone
    for (const Manifest& manifest : manifests_) {
      for (const auto& file : manifest.files) {
        named.emplace(file.path, file.size);
        const bool readable = !replaced_.contains(manifest.n);
        if (readable && !current.insert(file.path).second) Fault("{} is named twice", file.path);
        complete.insert(file.path.substr(0, file.path.rfind('/')) + "/_SUCCESS");
      }
    }
    const auto objects = store::ListAll(*world_.destination, "");
    if (!objects) return Fault("listing: {}", objects.error().message);
    for (const auto& object : *objects) {
      if (object.key.starts_with("_sluice/")) continue;
      if (object.key.ends_with("/_SUCCESS")) {
        if (!complete.contains(object.key)) Fault("{} stands beside nothing", object.key);
        continue;
      }
      const auto found = named.find(object.key);
      if (found == named.end()) {
        Fault("{} is visible and no manifest names it", object.key);
      } else if (found->second != object.size) {
        Fault("{} has {} bytes, its manifest says {}", object.key, object.size, found->second);
      }
      named.erase(object.key);
    }
    for (const auto& [path, size] : named) {
      if (current.contains(path)) Fault("{} is named and not there", path);
    }
  }

  void CheckWindows() {
    std::optional<ledger::Bound> end;
    for (const Manifest& manifest : manifests_) {
      if (MovesTheEnd(manifest.kind)) {
        if (end && manifest.kind == ExportKind::kWindow && manifest.start != *end) {
          Fault("window {} begins at {}, the one before ended at {}", manifest.n,
                ledger::ToText(manifest.start), ledger::ToText(*end));
        }
        end = manifest.end;
      }
    }
    end_ = end;
  }

  static bool MovesTheEnd(ExportKind kind) {
    return kind == ExportKind::kWindow || kind == ExportKind::kSeed ||
           kind == ExportKind::kReseed || kind == ExportKind::kSnapshot ||
           kind == ExportKind::kReset;
  }

  void CheckState() {
    if (world_.table.is_snapshot() || !end_) return;
    const state::ExportState state(world_.state, world_.wall, runtime::SeededEntropy(1));
    const auto view = state.Read();
    if (!view) return Fault("state: {}", view.error().message);
    const state::StateRow* row = view->Find(world_.table.table);
    if (row == nullptr) return Fault("no row in the state");
    ledger::Bound stands;
    if (row->last_exported_end_time) stands = *row->last_exported_end_time;
    if (row->last_exported_version) stands = *row->last_exported_version;
    if (stands != *end_) {
      Fault("the state stands at {}, the newest window ends at {}", ledger::ToText(stands),
            ledger::ToText(*end_));
    }
  }

  std::vector<ExportedRow> RowsOf(const Manifest& manifest) {
    std::vector<ExportedRow> all;
    for (const auto& file : manifest.files) {
      const auto rows = rows_(manifest, file.path);
      if (!rows) {
        Fault("{}: {}", file.path, rows.error().message);
        continue;
      }
      if (static_cast<int64_t>(rows->size()) != file.rows) {
        Fault("{} has {} rows, its manifest says {}", file.path, rows->size(), file.rows);
      }
      all.insert(all.end(), rows->begin(), rows->end());
    }
    return all;
  }

  void Compare(const Multiset& exported, const std::vector<testing::Row>& wanted,
               const std::string& what) {
    Multiset difference = exported;
    for (const testing::Row& row : wanted) --difference[{row.id, row.text.value_or("")}];
    for (const auto& [row, count] : difference) {
      if (count == 0) continue;
      Fault("{}: row {} is there {} times {}", what, row.first, count < 0 ? -count : count,
            count < 0 ? "too few" : "too many");
    }
  }

  using Wanted = std::multiset<testing::Row>;
  /// Rows of (start, end] as of the source version of `manifest`, up to `start_at`; of one folder where it is
  /// named.
  void AddRows(const Manifest& manifest, const ledger::Bound& start, const ledger::Bound& end,
               Timestamp start_at, const std::string& folder, Wanted& wanted) const {
    const int64_t from = std::get<Timestamp>(start).micros;
    const int64_t to = std::min(std::get<Timestamp>(end), start_at).micros;
    for (const testing::Row& row : world_.source.RowsAt(*manifest.source_version)) {
      if (*row.ts <= from || *row.ts > to) continue;
      const std::string lies_in =
          plan::PartitionFolder(Timestamp{*row.ts}, world_.table.partition, world_.table.timezone);
      if (folder.empty() || folder == lies_in) wanted.insert(row);
    }
  }

  /// What a backfill brought from before the table's start: there, nothing is late. What it carried over is as
  /// its writer read it.
  void AddEarlier(const Manifest& backfill, const config::StartTime& start, Wanted& wanted) const {
    if (!backfill.renewed) {
      return AddRows(backfill, backfill.start, backfill.end, start.at, "", wanted);
    }
    AddRows(backfill, backfill.renewed->start, backfill.renewed->end, start.at, "", wanted);
    std::set<std::pair<int64_t, std::string>> carried;
    for (const auto& file : backfill.files) {
      const auto name = plan::ParseDataFileName(file.path.substr(file.path.rfind('/') + 1));
      if (name && name->n != backfill.n) carried.emplace(name->n, file.partition);
    }
    for (const auto& [n, folder] : carried) {
      const Manifest& writer = manifests_[static_cast<size_t>(n) - 1];
      if (writer.kind == ExportKind::kLate) continue;  // nothing of before the start
      AddRows(writer, writer.renewed ? writer.renewed->start : writer.start,
              writer.renewed ? writer.renewed->end : writer.end, start.at, folder, wanted);
    }
  }

  void CheckAppend() {
    const auto* end = end_ ? std::get_if<Timestamp>(&*end_) : nullptr;
    if (end == nullptr) return;
    const auto* start = std::get_if<config::StartTime>(&world_.table.append().start);
    Wanted wanted;
    for (const testing::Row& row : world_.source.Rows()) {
      if (*row.ts > start->at.micros && *row.ts <= end->micros) wanted.insert(row);
    }
    Multiset exported;
    for (const Manifest* manifest : Readable()) {
      for (const auto& row : RowsOf(*manifest)) ++exported[{row.id, row.text}];
      if (manifest->kind == ExportKind::kBackfill) AddEarlier(*manifest, *start, wanted);
    }
    Compare(exported, {wanted.begin(), wanted.end()}, "export");
  }

  /// Seed + changes = the source at the last version. A backfill of what lies before the seed is not part
  /// of it.
  void CheckFeed() {
    const auto* end = end_ ? std::get_if<Version>(&*end_) : nullptr;
    if (end == nullptr) return;
    Multiset balance;
    const Manifest* seed = nullptr;
    for (const Manifest* manifest : Readable()) {
      if (manifest->kind == ExportKind::kSeed || manifest->kind == ExportKind::kReseed) {
        seed = manifest;
      }
    }
    for (const Manifest* manifest : Readable()) {
      const bool is_seed = std::holds_alternative<std::monostate>(manifest->start);
      if (seed != nullptr && (is_seed ? manifest != seed : manifest->start < seed->end)) continue;
      for (const auto& row : RowsOf(*manifest)) {
        const bool gone = row.change == "delete" || row.change == "update_preimage";
        balance[{row.id, row.text}] += gone ? -1 : 1;
      }
    }
    Compare(balance, world_.source.RowsAt(*end), "seed and changes");
  }

  void CheckSnapshots() {
    int complete = 0;
    for (const Manifest& manifest : manifests_) {
      if (manifest.kind != ExportKind::kSnapshot) continue;
      ++complete;
      Multiset exported;
      for (const auto& row : RowsOf(manifest)) ++exported[{row.id, row.text}];
      Compare(exported, world_.source.RowsAt(*manifest.source_version),
              fmt::format("snapshot {}", manifest.n));
    }
    if (complete > world_.table.snapshot().keep) Fault("{} snapshots are kept", complete);
  }

  const World& world_;
  const FileRows& rows_;
  std::vector<Manifest> manifests_;
  std::set<int64_t> replaced_;
  std::optional<ledger::Bound> end_;  ///< of the newest number that moved it
  Faults faults_;
};

}  // namespace

FileRows ParquetRows(std::shared_ptr<store::ObjectStore> destination) {
  return [destination = std::move(destination)](
             const Manifest& manifest,
             const std::string& path) -> Result<std::vector<ExportedRow>> {
    delta::Projection projection;
    SLUICE_ASSIGN_OR_RETURN(const auto schema, delta::ParseSchema(manifest.schema.dump()));
    projection.fields = schema.fields;
    SLUICE_ASSIGN_OR_RETURN(const auto file,
                            delta::DataFile::Open(destination, path, {}, std::nullopt, projection));
    std::vector<ExportedRow> rows;
    for (int group = 0; group < file->num_row_groups(); ++group) {
      SLUICE_RETURN_IF_ERROR(file->ReadRowGroup(
          group, 1024, [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
            const auto ids =
                std::dynamic_pointer_cast<arrow::Int64Array>(batch->GetColumnByName("id"));
            for (int64_t i = 0; i < batch->num_rows(); ++i) {
              rows.push_back(
                  {ids->Value(i), TextAt(*batch, "text", i), TextAt(*batch, "_change_type", i)});
            }
            return {};
          }));
    }
    return rows;
  };
}

std::vector<std::string> CheckExport(const World& world, const FileRows& rows) {
  return Check(world, rows).Run();
}

}  // namespace sluice::simulation
