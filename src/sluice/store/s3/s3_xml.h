#pragma once

#include <pugixml.hpp>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::store {

/// An answer that S3 would not give: kCorrupt with a remedy about the server, for no file is damaged.
Error NotOfS3(std::string message);

/// The root of an answer, which must be called `expected`; it lives as long as `document`. kCorrupt for what is
/// no such document; kConfig where the server took the request for one about all buckets, because it does not
/// read the bucket's name from the host's.
Result<pugi::xml_node> ParseRoot(pugi::xml_document& document, std::string_view body,
                                 std::string_view expected);

}  // namespace sluice::store
