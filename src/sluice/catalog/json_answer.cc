#include "sluice/catalog/json_answer.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::catalog {
namespace {

constexpr int kDeepest = 64;

/// How deeply arrays and objects lie in each other, up to a little more than kDeepest.
int DepthOf(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (size_t at = 0; at < text.size() && deepest <= kDeepest; ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Result<Json> ParseJson(std::string_view text) {
  if (DepthOf(text) > kDeepest) {
    return Fail(ErrorKind::kCorrupt, "the answer is nested more than {} levels deep", kDeepest);
  }
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Fail(ErrorKind::kCorrupt, "the answer is not JSON");
  return json;
}

Error WithinAnswer(Error error, const std::string& name) {
  if (error.kind == ErrorKind::kCorrupt && error.remedy.empty()) {
    error.remedy =
        "check that `catalog.url` is the URL of a Unity Catalog; if it is, report this answer to "
        "whoever runs it";
  }
  return std::move(error).Within(name);
}

bool IsHtml(const net::HttpResponse& answer) {
  const size_t start = answer.body.find_first_not_of(" \t\r\n");
  return answer.header("content-type").starts_with("text/html") ||
         (start != std::string::npos && answer.body[start] == '<');
}

const Json* Member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string Text(const Json& object, const char* name) {
  const Json* member = Member(object, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string();
}

std::optional<int64_t> Number(const Json& object, const char* name) {
  const Json* member = Member(object, name);
  if (member == nullptr || !member->is_number_integer()) return std::nullopt;
  if (member->is_number_unsigned() &&
      member->get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) {
    return std::nullopt;
  }
  return member->get<int64_t>();
}

}  // namespace sluice::catalog
