#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/delta/log/actions.h"
#include "sluice/delta/schema/statistics.h"
#include "sluice/delta/snapshot/snapshot.h"

/// The rows of a checkpoint as actions. Each reader takes one action's column, read as the type
/// that the matching ...Type() gives, and a row at which it is not null. Pure.
namespace sluice::delta {

/// `whole`: with what only a writer needs, too.
std::shared_ptr<arrow::DataType> CheckpointAddType(bool whole);
std::shared_ptr<arrow::DataType> CheckpointRemoveType();
std::shared_ptr<arrow::DataType> CheckpointProtocolType();
std::shared_ptr<arrow::DataType> CheckpointMetadataType();
std::shared_ptr<arrow::DataType> CheckpointTransactionType();
std::shared_ptr<arrow::DataType> CheckpointDomainType();
std::shared_ptr<arrow::DataType> CheckpointVersionType();
std::shared_ptr<arrow::DataType> CheckpointSidecarType();
/// Of `stats_parsed`, for those of `columns` that can have bounds.
std::shared_ptr<arrow::DataType> ParsedStatisticsType(const std::vector<Field>& columns);

/// Without an action in them: a row whose path (id, appId, domain) is null.
bool HasAction(const arrow::StructArray& actions, int64_t row);

/// The rows of the add column, whose fields are looked up once. Borrows them.
class CheckpointAdds {
 public:
  explicit CheckpointAdds(const arrow::StructArray& adds);

  bool HasAction(int64_t row) const;
  /// An add is there, but its path is not: no writer of a whole checkpoint leaves that.
  bool LacksPath(int64_t row) const;
  std::string_view path(int64_t row) const;
  std::string_view stats(int64_t row) const;  ///< JSON, "" if none
  int64_t size(int64_t row) const;
  std::optional<DeletionVectorDescriptor> deletion_vector(int64_t row) const;
  /// Without its statistics unless `with_stats`.
  AddFile At(int64_t row, bool with_stats) const;

 private:
  const arrow::StructArray& adds_;
  const arrow::StringArray &paths_, &stats_;
  const arrow::Int64Array &sizes_, &times_;
  const arrow::StructArray& vectors_;
};

RemoveFile CheckpointRemove(const arrow::StructArray& removes, int64_t row);
Protocol CheckpointProtocol(const arrow::StructArray& protocols, int64_t row);
Metadata CheckpointMetadata(const arrow::StructArray& metadata, int64_t row);
SetTransaction CheckpointTransaction(const arrow::StructArray& transactions, int64_t row);
DomainMetadata CheckpointDomain(const arrow::StructArray& domains, int64_t row);
/// Of checkpointMetadata: of which version the checkpoint is.
Version CheckpointVersion(const arrow::StructArray& metadata, int64_t row);
/// The path of a sidecar.
std::string CheckpointSidecar(const arrow::StructArray& sidecars, int64_t row);

/// What a row of `stats_parsed` says about `columns`, typed as TypeStatistics types the JSON.
FileStatistics ParsedStatistics(const arrow::StructArray& stats, int64_t row,
                                const std::vector<Field>& columns);

}  // namespace sluice::delta
