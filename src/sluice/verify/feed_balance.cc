#include "sluice/verify/feed_balance.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/columnar/row_hash.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/exporter/source/look_at_source.h"
#include "sluice/ledger/in_force.h"
#include "sluice/plan/snapshot_plan.h"
#include "sluice/verify/former_config.h"

namespace sluice::verify {
namespace {

using ledger::ExportKind;
using ledger::Manifest;

constexpr size_t kFeedColumns = 3;

bool IsSeed(const Manifest& manifest) {
  return manifest.kind == ExportKind::kSeed || manifest.kind == ExportKind::kReseed;
}

/// The columns of a manifest without the feed's own.
Result<delta::TableSchema> TableSchemaOf(const Manifest& manifest) {
  SLUICE_ASSIGN_OR_RETURN(auto schema, delta::ParseSchema(manifest.schema.dump()));
  if (!IsSeed(manifest) && schema.fields.size() >= kFeedColumns) {
    schema.fields.resize(schema.fields.size() - kFeedColumns);
  }
  return schema;
}

/// True if `later` has every column of `earlier`, in that order, and perhaps others: whether one may be null
/// does not matter.
bool OnlyAdds(const delta::TableSchema& earlier, const delta::TableSchema& later) {
  auto next = later.fields.begin();
  for (const auto& field : earlier.fields) {
    next = std::find_if(next, later.fields.end(), [&](const delta::Field& candidate) {
      return candidate.name == field.name && candidate.type == field.type;
    });
    if (next == later.fields.end()) return false;
    ++next;
  }
  return true;
}

bool SameColumns(const delta::TableSchema& one, const delta::TableSchema& other) {
  return one.fields.size() == other.fields.size() && OnlyAdds(one, other);
}

}  // namespace

Status FeedBalance::Begin(const std::vector<Manifest>& current) {
  if (!session_.table->is_cdc()) return {};
  const auto seed = std::find_if(current.rbegin(), current.rend(), IsSeed);
  if (seed == current.rend() || !std::holds_alternative<Version>(seed->end)) return {};
  seed_ = through_ = std::get<Version>(seed->end);
  newest_ = *seed;
  chain_.insert(seed->n);
  SLUICE_ASSIGN_OR_RETURN(schema_, TableSchemaOf(*seed));
  for (auto manifest = seed.base(); manifest != current.end() && broken_.empty(); ++manifest) {
    if (manifest->kind == ExportKind::kBackfill) continue;
    const auto* start = std::get_if<Version>(&manifest->start);
    const auto* end = std::get_if<Version>(&manifest->end);
    if (ledger::OnlySkips(*manifest)) continue;
    if (manifest->kind == ExportKind::kReset && manifest->end == ledger::Bound(through_)) {
      continue;  // it confirmed where the state stood
    }
    if (manifest->kind == ExportKind::kReset) {
      broken_ = fmt::format("reset {} moved the state", manifest->n);
    } else if (manifest->kind != ExportKind::kWindow || start == nullptr || end == nullptr ||
               *start != through_) {
      broken_ = fmt::format("export {} does not go on where the one before it ended", manifest->n);
    } else {
      SLUICE_RETURN_IF_ERROR(TakeColumns(*manifest));
      if (!broken_.empty()) break;
      through_ = *end;
      newest_ = *manifest;
      chain_.insert(manifest->n);
    }
  }
  return {};
}

Status FeedBalance::TakeColumns(const Manifest& manifest) {
  SLUICE_ASSIGN_OR_RETURN(auto columns, TableSchemaOf(manifest));
  bool fits = SameColumns(schema_, columns);
  if (!fits && OnlyAdds(schema_, columns)) {
    // A column that the config added later was not null before.
    SLUICE_ASSIGN_OR_RETURN(fits, SameColumnChoice(newest_, manifest));
  }
  if (!fits) broken_ = fmt::format("the columns changed with export {}", manifest.n);
  if (fits) schema_ = std::move(columns);
  return {};
}

Result<bool> FeedBalance::SameColumnChoice(const Manifest& one, const Manifest& other) {
  SLUICE_ASSIGN_OR_RETURN(const auto first, session_.ledger->ReadDecision(one.n));
  SLUICE_ASSIGN_OR_RETURN(const auto second, session_.ledger->ReadDecision(other.n));
  return first && second && first->position.column_choice == second->position.column_choice;
}

Result<std::shared_ptr<arrow::RecordBatch>> FeedBalance::Widen(
    const Manifest& manifest, const arrow::RecordBatch& rows) const {
  SLUICE_ASSIGN_OR_RETURN(const auto own, TableSchemaOf(manifest));
  SLUICE_ASSIGN_OR_RETURN(const auto wanted, delta::ToArrow(schema_));
  arrow::ArrayVector columns;
  for (size_t i = 0, next = 0; i < schema_.fields.size(); ++i) {
    if (next < own.fields.size() && own.fields[next].name == schema_.fields[i].name) {
      columns.push_back(rows.column(static_cast<int>(next++)));
      continue;
    }
    SLUICE_ARROW_ASSIGN(
        auto nulls,
        arrow::MakeArrayOfNull(wanted->field(static_cast<int>(i))->type(), rows.num_rows()),
        "a column that was added later");
    columns.push_back(std::move(nulls));
  }
  arrow::FieldVector fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    fields.push_back(arrow::field(schema_.fields[i].name, columns[i]->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(),
                                  std::move(columns));
}

Status FeedBalance::Add(const Manifest& manifest, const arrow::RecordBatch& rows) {
  if (!chain_.contains(manifest.n) || !broken_.empty()) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto values, Widen(manifest, rows));
  if (IsSeed(manifest)) {
    SLUICE_ASSIGN_OR_RETURN(const RowHashSum sum, columnar::SumRowHashes(*values));
    const MutexLock lock(mutex_);
    total_.Add(RowTotal{rows.num_rows(), sum});
    return {};
  }
  SLUICE_ASSIGN_OR_RETURN(const auto hashes, columnar::HashRows(*values));
  const auto& types = static_cast<const arrow::StringArray&>(
      *rows.column(rows.num_columns() - static_cast<int>(kFeedColumns)));
  const MutexLock lock(mutex_);
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const auto& hash = hashes[static_cast<size_t>(row)];
    const auto type = types.GetView(row);
    if (type == "insert" || type == "update_postimage") {
      total_.Add(RowTotal{1, RowHashSum{hash.high, hash.low}});
    } else {
      total_.hash.Subtract(hash.high, hash.low);
      --total_.rows;
    }
  }
  return {};
}

void FeedBalance::Spoil(const Manifest& manifest) {
  if (!chain_.contains(manifest.n) || !broken_.empty()) return;
  broken_ = fmt::format("the rows of export {} are not those of its manifest", manifest.n);
}

Status FeedBalance::Close(std::string& words, std::vector<std::string>& faults) {
  if (!seed_) return {};
  const std::string sum = fmt::format("seed of version {} and its changes up to version {}",
                                      seed_->value, through_.value);
  if (!broken_.empty()) {
    words = fmt::format("{} are not summed up: {}", sum, broken_);
    return {};
  }
  const auto former = FindFormerConfig(session_, newest_);
  if (!former) {
    if (former.error().kind != ErrorKind::kConflict) return Fail(former.error());
    words = fmt::format("{} are not compared: {}", sum, former.error().message);
    return {};
  }
  const UnderConfig under(session_, former->table);
  exporter::SourceOptions at;
  at.at = through_;
  const auto source = exporter::LookAtSource(session_, ledger::Position{}, at);
  Result<transfer::TransferResult> whole = Fail(ErrorKind::kInternal, "not read yet");
  if (!source) {
    whole = Fail(source.error());
  } else {
    const plan::PlannedExport planned = plan::PlanSeed((*source)->facts(), ExportKind::kSeed);
    SLUICE_ASSIGN_OR_RETURN(const auto task, (*source)->MakeTask(planned));
    if (!SameColumns(delta::TableSchema{task.output_fields}, schema_)) {
      words = fmt::format("{} are not compared: the source has other columns by now", sum);
      return {};
    }
    whole = session_.mover->Visit(
        task, [](const arrow::RecordBatch&, const std::string&) { return Status(); },
        session_.services->cancel);
  }
  if (!whole) {
    if (whole.error().kind == ErrorKind::kCancelled ||
        whole.error().kind == ErrorKind::kTransient) {
      return Fail(whole.error());
    }
    words = fmt::format("{} are not compared: {}", sum, whole.error().message);
    return {};
  }
  const MutexLock lock(mutex_);
  if (RowTotal{whole->rows, whole->row_hash} == total_) {
    words = fmt::format("{} make up the source at that version: {} rows", sum, whole->rows);
  } else {
    faults.push_back(fmt::format("{} make {} rows, the source at that version has {}{}", sum,
                                 total_.rows, whole->rows,
                                 total_.rows == whole->rows ? " and others" : ""));
  }
  return {};
}

}  // namespace sluice::verify
