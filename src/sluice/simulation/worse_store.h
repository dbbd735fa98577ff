#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "sluice/base/types.h"
#include "sluice/store/object_store.h"

/// Stores that show less, or promise less, than the one behind them.
namespace sluice::simulation {

/// A Delta table that still grows: versions after `visible()` are not in its log yet.
std::shared_ptr<store::ObjectStore> GrowingTable(std::shared_ptr<store::ObjectStore> table,
                                                 std::function<Version()> visible);

/// One condition of the protocol, taken away. Simulations must notice.
enum class Mutation {
  kNone,
  kIntentsOverwrite,    ///< puts of intents take no notice of what is there
  kDecisionsOverwrite,  ///< likewise decisions
  kManifestsOverwrite,  ///< likewise manifests
  kStateOverwrites,     ///< likewise commits of the state table
  kUploadsAtOnce,       ///< an upload is visible as soon as it is finished, decided or not
  kAbsentIsComplete,    ///< an upload that is not there is taken for completed
};
std::string_view Name(Mutation mutation);

/// `inner` without that condition.
std::shared_ptr<store::ObjectStore> Mutate(std::shared_ptr<store::ObjectStore> inner,
                                           Mutation mutation);

}  // namespace sluice::simulation
