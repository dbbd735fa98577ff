#include <algorithm>
#include <set>
#include <utility>

#include "sluice/columnar/parquet_encoder.h"
#include "sluice/delta/schema.h"
#include "sluice/exporter/exporter.h"
#include "sluice/exporter/facts.h"
#include "sluice/exporter/retention.h"
#include "sluice/plan/append_task.h"
#include "sluice/plan/column_choice.h"

#include <arrow/type.h>

namespace sluice::exporter {
namespace {

constexpr std::string_view kProbeFolder = "_sluice/probe/";

/// Findings about one subject, added one a line.
class Findings {
 public:
  explicit Findings(std::string subject) : subject_(std::move(subject)) {}
  void Add(Severity severity, std::string message, std::string fix = {}) {
    findings_.push_back({subject_, severity, std::move(message), std::move(fix)});
  }
  void AddFault(const Error& error) { Add(Severity::kFault, error.message, error.remedy); }
  std::vector<Finding> Take() && { return std::move(findings_); }

 private:
  std::string subject_;
  std::vector<Finding> findings_;
};

/// Writes a probe, reads it, is refused when it writes it again, and removes it: all that an export will
/// ask of the destination.
Status Probe(store::ObjectStore& store, const store::Key& key) {
  SLUICE_ASSIGN_OR_RETURN(const auto put, store.PutIfAbsent(key, "probe\n"));
  if (put != store::PutOutcome::kCreated) {
    return Fail(ErrorKind::kInternal, "{}: a random name was taken", store.DisplayName(key));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::string back, store.Get(key));
  SLUICE_ASSIGN_OR_RETURN(const auto again, store.PutIfAbsent(key, "other\n"));
  SLUICE_RETURN_IF_ERROR(store.Delete(key));
  if (back != "probe\n" || again == store::PutOutcome::kCreated) {
    return Fail(Error{ErrorKind::kUnsupported,
                      fmt::format("{}: a conditional write replaced an object that was there",
                                  store.DisplayName(key)),
                      "use a store that honours If-None-Match: *"});
  }
  return {};
}

void CheckHistory(Session& session, const delta::Snapshot& snapshot, Findings& findings) {
  constexpr int64_t kCommits = 100;
  const auto listing = session.log->List();
  if (!listing || listing->commits.empty()) return;
  std::set<std::string> changing;
  Version first{std::max<int64_t>(0, snapshot.version.value - kCommits + 1)};
  first = std::max(first, listing->commits.front().version);
  for (Version v = first; v <= snapshot.version; v = Next(v)) {
    const auto commit = session.log->ReadCommit(v);
    if (!commit) {
      findings.AddFault(commit.error());
      return;
    }
    const bool takes_rows = std::any_of(commit->removes.begin(), commit->removes.end(),
                                        [](const auto& remove) { return remove.data_change; });
    if (takes_rows) changing.insert(commit->info ? commit->info->operation : "unknown operation");
  }
  if (changing.empty()) {
    findings.Add(Severity::kOk, fmt::format("versions {} to {} only add rows", first.value,
                                            snapshot.version.value));
    return;
  }
  findings.Add(Severity::kWarning,
               fmt::format("rows are changed or deleted in the source ({}); pattern append never "
                           "tells the partner",
                           fmt::join(changing, ", ")),
               "if the partner must see updates and deletes, use pattern cdc");
}

/// `start` is exclusive: says how many rows stand exactly on it.
void CheckStart(Session& session, const AppendSource& source, Findings& findings) {
  const auto* start = std::get_if<config::StartTime>(&session.table->start);
  if (start == nullptr) return;
  plan::PlannedExport planned;
  planned.start = start->at - Duration{1};
  planned.end = start->at;
  auto task = plan::MakeWindowTask(*session.table, planned, source.snapshot);
  if (!task) return;
  plan::LateCommit everything;
  everything.version = source.snapshot.version;
  everything.added = std::move(task->files);
  task->files.clear();
  task->late = {std::move(everything)};
  const auto rows = session.mover->CountLate(*task, session.services->cancel);
  if (!rows) {
    findings.AddFault(rows.error());
  } else if (*rows > 0) {
    findings.Add(
        Severity::kWarning,
        fmt::format("{} rows stand exactly on start ({}), which is exclusive: they are not "
                    "exported",
                    *rows, FormatTimestamp(start->at)),
        "to export them, set start a microsecond earlier");
  }
}

void CheckColumns(Session& session, const AppendSource& source, Findings& findings) {
  const auto choice = plan::ChooseColumns(*session.table, source.snapshot.metadata.schema);
  if (!choice) return findings.AddFault(choice.error());
  for (const auto& name : choice->replaced) {
    findings.Add(Severity::kWarning,
                 fmt::format("the source's column '{}' is replaced by the partition column of that "
                             "name",
                             name),
                 "rename it in the source if the partner needs it");
  }
  auto schema = delta::ToArrow(delta::TableSchema{choice->output});
  if (!schema) return findings.AddFault(schema.error());
  const auto encodable = columnar::CheckEncodable(**schema);
  if (!encodable) findings.AddFault(encodable.error());
}

void CheckPosition(Session& session, const AppendSource& source, Findings& findings) {
  const auto windows = plan::PlanWindows(*session.table, source.facts);
  if (!windows) return findings.AddFault(windows.error());
  std::vector<std::string> notes;
  const auto changed = CheckSchemaChange(session, source.facts, notes);
  if (!changed) findings.AddFault(changed.error());
  for (auto& note : notes) findings.Add(Severity::kWarning, std::move(note));
}

void CheckRetention(Session& session, const ledger::Position& position, Findings& findings) {
  const auto retention = LookAtRetention(session, position.scanned_through);
  if (!retention) return findings.AddFault(retention.error());
  if (!retention->left) return;
  constexpr Duration kSoon = Days(3);
  if (*retention->left < kSoon) {
    findings.Add(
        Severity::kWarning,
        retention->left->micros <= 0
            ? std::string("the source may drop commits that the next run needs at any time")
            : fmt::format("the source may drop commits that the next run needs in {}",
                          FormatDuration(*retention->left)),
        "run now, or raise delta.logRetentionDuration on the source");
  } else {
    findings.Add(Severity::kOk,
                 fmt::format("{} left before the source may drop what the next run "
                             "needs",
                             FormatDuration(Days(retention->left->micros / Days(1).micros))));
  }
}

Status CheckTableInto(const Services& services, const config::Table& table, Findings& findings) {
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  SLUICE_ASSIGN_OR_RETURN(const auto view, session.ledger->Load());
  SLUICE_ASSIGN_OR_RETURN(const AppendSource source,
                          LookAtSource(session, view.position(), std::nullopt));
  findings.Add(Severity::kOk,
               fmt::format("{}: version {}, {} files, {} bytes; watermark {} ({})",
                           session.source->DisplayName(""), source.snapshot.version.value,
                           source.snapshot.num_files, source.snapshot.total_bytes, table.watermark,
                           source.snapshot.metadata.schema.Find(table.watermark)->type.ToString()));
  CheckColumns(session, source, findings);
  CheckPosition(session, source, findings);
  CheckHistory(session, source.snapshot, findings);
  CheckRetention(session, view.position(), findings);
  CheckStart(session, source, findings);
  return {};
}

}  // namespace

std::vector<Finding> CheckDestination(const Services& services) {
  Findings destination("destination");
  const auto places = FindPlaces(*services.config);
  if (!places) {
    destination.AddFault(places.error());
    return std::move(destination).Take();
  }
  const auto probe = [&](Findings& findings, const store::Location& at) {
    const auto store = services.open_store(at);
    if (!store) return findings.AddFault(store.error());
    const std::string key =
        std::string(kProbeFolder) + runtime::RandomHex16(*services.entropy) + ".txt";
    const auto probed = Probe(**store, key);
    if (!probed) return findings.AddFault(probed.error());
    findings.Add(Severity::kOk, fmt::format("{}: a probe was written, read, conditionally refused "
                                            "and removed",
                                            at.ToString()));
  };
  probe(destination, places->destination);
  std::vector<Finding> all = std::move(destination).Take();

  Findings state("state");
  const auto beside = places->state.Parent();
  if (beside && beside->ToString() != places->destination.ToString()) probe(state, *beside);
  const auto store = services.open_store(places->state);
  if (!store) {
    state.AddFault(store.error());
  } else {
    const auto view = state::ExportState(*store, services.wall, services.entropy).Read();
    if (!view) {
      state.AddFault(view.error());
    } else {
      state.Add(Severity::kOk,
                view->exists ? fmt::format("{}: version {}, {} rows", places->state.ToString(),
                                           view->version.value, view->rows.size())
                             : fmt::format("{}: made by the first run", places->state.ToString()));
    }
  }
  for (auto& finding : std::move(state).Take()) all.push_back(std::move(finding));
  return all;
}

std::vector<Finding> CheckTable(const Services& services, const config::Table& table) {
  Findings findings(table.name);
  const Status status = CheckTableInto(services, table, findings);
  if (!status) findings.AddFault(status.error());
  return std::move(findings).Take();
}

}  // namespace sluice::exporter
