#pragma once

#include <memory>

#include "sluice/store/location.h"
#include "sluice/store/object_store.h"
#include "sluice/store/s3/s3_options.h"

namespace sluice::stores {

/// Opens the store rooted at `location`; `options` say how to reach it on S3.
Result<std::shared_ptr<store::ObjectStore>> OpenStore(const store::Location& location,
                                                      const store::S3Options& options = {});

}  // namespace sluice::stores
