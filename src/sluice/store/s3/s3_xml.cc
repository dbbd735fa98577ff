#include "sluice/store/s3/s3_xml.h"

#include <fmt/format.h>

namespace sluice::store {

Error NotOfS3(std::string message) {
  return Error{ErrorKind::kCorrupt, std::move(message),
               "check that `endpoint` names an S3 server, and that no proxy answers in its place"};
}

Result<pugi::xml_node> ParseRoot(pugi::xml_document& document, std::string_view body,
                                 std::string_view expected) {
  const auto parsed = document.load_buffer(body.data(), body.size());
  if (!parsed) {
    return Fail(NotOfS3(fmt::format("the answer is not XML: {}", parsed.description())));
  }
  const pugi::xml_node root = document.document_element();
  const std::string_view name = root.name();
  if (name == "ListAllMyBucketsResult") {
    return Fail(Error{ErrorKind::kConfig,
                      "the server answered for all buckets, for it does not take the bucket's name "
                      "from the host's",
                      "set `path_style: true`"});
  }
  if (name != expected) {
    return Fail(NotOfS3(fmt::format("the answer is a <{}>, not a <{}>", name, expected)));
  }
  return root;
}

}  // namespace sluice::store
