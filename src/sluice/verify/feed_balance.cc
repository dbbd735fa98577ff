#include "sluice/verify/feed_balance.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/columnar/row_hash.h"
#include "sluice/delta/change_feed.h"
#include "sluice/delta/schema.h"
#include "sluice/exporter/pattern_source.h"
#include "sluice/plan/snapshot_plan.h"
#include "sluice/verify/former_config.h"

namespace sluice::verify {
namespace {

using ledger::ExportKind;

constexpr int kFeedColumns = 3;

/// The columns of a feed's manifest without the feed's own.
std::string TableSchemaOf(const nlohmann::json& schema, bool feed) {
  nlohmann::json fields = schema.value("fields", nlohmann::json::array());
  if (feed && fields.size() >= kFeedColumns) {
    for (int i = 0; i < kFeedColumns; ++i) fields.erase(fields.size() - 1);
  }
  return fields.dump();
}

}  // namespace

void FeedBalance::Begin(const ledger::Manifest& manifest) {
  if (session_.table->pattern != config::Pattern::kCdc) return;
  const auto* end = std::get_if<Version>(&manifest.end);
  const bool is_seed = manifest.kind == ExportKind::kSeed || manifest.kind == ExportKind::kReseed;
  if (is_seed && end != nullptr) {
    const std::lock_guard lock(mutex_);
    total_ = RowTotal{};
    seed_ = through_ = *end;
    schema_ = TableSchemaOf(manifest.schema, /*feed=*/false);
    newest_ = manifest;
    broken_.clear();
    return;
  }
  if (!seed_ || !broken_.empty() || manifest.kind == ExportKind::kBackfill) return;
  const auto* start = std::get_if<Version>(&manifest.start);
  if (manifest.kind == ExportKind::kReset) {
    broken_ = fmt::format("reset {} moved the state", manifest.n);
  } else if (manifest.kind != ExportKind::kWindow || start == nullptr || end == nullptr ||
             *start != through_) {
    broken_ = fmt::format("export {} does not go on where the one before it ended", manifest.n);
  } else if (TableSchemaOf(manifest.schema, /*feed=*/true) != schema_) {
    broken_ = fmt::format("the columns changed with export {}", manifest.n);
  } else {
    through_ = *end;
    newest_ = manifest;
  }
}

Status FeedBalance::Add(const ledger::Manifest& manifest, const arrow::RecordBatch& rows) {
  const bool is_seed = manifest.kind == ExportKind::kSeed || manifest.kind == ExportKind::kReseed;
  const bool counts = is_seed || manifest.kind == ExportKind::kWindow;
  if (session_.table->pattern != config::Pattern::kCdc || !seed_ || !broken_.empty() || !counts) {
    return {};
  }
  if (is_seed) {
    SLUICE_ASSIGN_OR_RETURN(const RowHashSum sum, columnar::SumRowHashes(rows));
    const std::lock_guard lock(mutex_);
    total_.Add(RowTotal{rows.num_rows(), sum});
    return {};
  }
  std::vector<int> table_columns(static_cast<size_t>(rows.num_columns() - kFeedColumns));
  for (size_t i = 0; i < table_columns.size(); ++i) table_columns[i] = static_cast<int>(i);
  SLUICE_ARROW_ASSIGN(const auto values, rows.SelectColumns(table_columns), "rows of the feed");
  SLUICE_ASSIGN_OR_RETURN(const auto hashes, columnar::HashRows(*values));
  const auto& types =
      static_cast<const arrow::StringArray&>(*rows.column(rows.num_columns() - kFeedColumns));
  const std::lock_guard lock(mutex_);
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

Status FeedBalance::Close(std::string& words, std::vector<std::string>& faults) {
  if (session_.table->pattern != config::Pattern::kCdc || !seed_) return {};
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
    if (TableSchemaOf(nlohmann::json::parse(delta::SchemaToJson(
                          delta::WithoutMetadata(delta::TableSchema{task.output_fields}))),
                      false) != schema_) {
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
