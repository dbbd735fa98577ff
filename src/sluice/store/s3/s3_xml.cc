#include "sluice/store/s3/s3_xml.h"

namespace sluice::store {

Result<pugi::xml_node> ParseRoot(pugi::xml_document& document, std::string_view body,
                                 std::string_view expected) {
  const auto parsed = document.load_buffer(body.data(), body.size());
  if (!parsed) return Fail(ErrorKind::kCorrupt, "the answer is not XML: {}", parsed.description());
  const pugi::xml_node root = document.document_element();
  const std::string_view name = root.name();
  if (name == "ListAllMyBucketsResult") {
    return Fail(Error{ErrorKind::kConfig,
                      "the server answered for all buckets, for it does not take the bucket's name "
                      "from the host's",
                      "set `path_style: true`"});
  }
  if (name != expected) {
    return Fail(ErrorKind::kCorrupt, "the answer is a <{}>, not a <{}>", name, expected);
  }
  return root;
}

}  // namespace sluice::store
