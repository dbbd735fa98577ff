#pragma once

#include <functional>
#include <memory>

#include "sluice/delta/log/log.h"
#include "sluice/simulation/export_check.h"
#include "sluice/testing/table_builder.h"
#include "sluice/transfer/mover.h"

namespace sluice::simulation {

/// What a simulated lake knows of itself.
struct Lake {
  std::shared_ptr<const testing::TableBuilder> history;
  /// Files that were live at no version from this one on are vacuumed; below 0: nothing is.
  std::function<Version()> vacuumed_through;
};

/// A mover that moves what a TableBuilder knows of files instead of their bytes: one small text file for
/// each partition, a row a line. It obeys its task (files, window, late commits, versions) and withholds
/// completion as the real one does. Late rows are identified by whole rows, so that it fits tables without
/// change data files.
std::unique_ptr<transfer::Mover> MakeModelMover(const delta::Log& source,
                                                std::shared_ptr<store::ObjectStore> destination,
                                                Lake lake);

/// Reads the files of a model mover.
FileRows ModelRows(std::shared_ptr<store::ObjectStore> destination);

}  // namespace sluice::simulation
