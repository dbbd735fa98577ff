#pragma once

#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/feed/change_feed.h"

/// How the files of a feed are read: shared by change_file and match_rows.
namespace sluice::delta {

/// How `fields` are read from `file`.
Result<Projection> ProjectionOf(const ChangeFile& file, const std::vector<Field>& fields,
                                const TimeZone& zone);

/// `error` of a file, with the version whose changes it holds and what to do where it is gone.
Error WithinVersion(Error error, Version version);

}  // namespace sluice::delta
