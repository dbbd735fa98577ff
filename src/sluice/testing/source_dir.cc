#include "sluice/testing/source_dir.h"

namespace sluice::testing {

std::filesystem::path SourceDir() { return SLUICE_SOURCE_DIR; }

}  // namespace sluice::testing
