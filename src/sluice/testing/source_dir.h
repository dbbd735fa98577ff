#pragma once

#include <filesystem>

namespace sluice::testing {

/// The root of the source tree, for tests that read tests/fixtures.
std::filesystem::path SourceDir();

}  // namespace sluice::testing
