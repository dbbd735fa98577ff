#include "sluice/config/yaml_document.h"

#include <yaml-cpp/eventhandler.h>

#include <map>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace sluice::config {
namespace {

constexpr size_t kDeepest = 32;
constexpr int64_t kMostValues = 1'000'000;

/// Walks one document as it is read, before a tree is made of it, and keeps the first reason not to.
/// Sizes are those with every alias followed: a few lines of aliases to aliases can expand to more
/// values than memory holds.
class DocumentGuard : public YAML::EventHandler {
 public:
  const std::optional<std::pair<YAML::Mark, std::string>>& refusal() const { return refusal_; }
  const YAML::Mark& start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { Value(mark, anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string&) override {
    Value(mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto anchored = anchored_.find(anchor);
    if (anchored == anchored_.end()) {
      Refuse(mark, "an anchor cannot contain itself: this alias is inside what it names");
      return;
    }
    Count(mark, anchored->second.values);
    Deepen(mark, anchored->second.depth);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Begin(mark, anchor);
  }
  void OnSequenceEnd() override { End(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Begin(mark, anchor);
  }
  void OnMapEnd() override { End(); }

 private:
  struct Extent {
    int64_t values = 1;
    size_t depth = 1;
  };
  struct Open {
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    Extent extent;
  };

  void Refuse(const YAML::Mark& mark, std::string why) {
    if (!refusal_) refusal_.emplace(mark, std::move(why));
  }
  void Count(const YAML::Mark& mark, int64_t values) {
    int64_t& sum = open_.empty() ? total_ : open_.back().extent.values;
    sum = std::min(kMostValues + 1, sum + values);
    if (sum > kMostValues) {
      Refuse(mark, fmt::format("with its aliases expanded, this is larger than a config can be "
                               "(more than {} values)",
                               kMostValues));
    }
  }
  /// Something at `depth` is inside what is open.
  void Deepen(const YAML::Mark& mark, size_t depth) {
    if (open_.size() + depth > kDeepest) {
      Refuse(mark,
             fmt::format("nested deeper than a config can be (more than {} levels)", kDeepest));
    }
    if (!open_.empty()) {
      open_.back().extent.depth = std::max(open_.back().extent.depth, depth + 1);
    }
  }
  void Value(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) anchored_[anchor] = Extent{};
    Count(mark, 1);
    Deepen(mark, 1);
  }
  void Begin(const YAML::Mark& mark, YAML::anchor_t anchor) { open_.push_back({mark, anchor, {}}); }
  void End() {
    const Open closed = open_.back();
    open_.pop_back();
    if (closed.anchor != 0) anchored_[closed.anchor] = closed.extent;
    Count(closed.mark, closed.extent.values);
    Deepen(closed.mark, closed.extent.depth);
  }

  std::vector<Open> open_;
  std::map<YAML::anchor_t, Extent> anchored_;  ///< of anchors whose value is complete
  int64_t total_ = 0;
  std::optional<std::pair<YAML::Mark, std::string>> refusal_;
  YAML::Mark start_;
};

}  // namespace

YAML::Node LoadDocument(const std::string& text, Mistakes& mistakes) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  DocumentGuard document;
  if (!parser.HandleNextDocument(document)) return YAML::Node(YAML::NodeType::Null);
  if (document.refusal()) {
    mistakes.Add(document.refusal()->first, document.refusal()->second);
    return YAML::Node(YAML::NodeType::Null);
  }
  // Never ask for all documents: at a token that can't begin one, such as ',', yaml-cpp answers with
  // empty documents without end.
  DocumentGuard next;
  if (parser.HandleNextDocument(next)) {
    const YAML::Mark mark = next.start();
    const bool is_document = text.compare(static_cast<size_t>(mark.pos), 3, "---") == 0;
    mistakes.Add(mark, is_document ? "a config is one YAML document, and a second one begins here"
                                   : "not valid YAML: this does not belong to anything before it");
    return YAML::Node(YAML::NodeType::Null);
  }
  return YAML::Load(text);
}

std::string YamlMistake(const YAML::Exception& error) {
  namespace Msg = YAML::ErrorMsg;
  static const std::vector<std::pair<std::string, std::string>> kWords{
      {Msg::END_OF_MAP,
       "a key or a '- ' was expected here; is a line indented differently from "
       "those beside it, or does something follow a quoted value?"},
      {Msg::END_OF_SEQ,
       "another '- ' was expected here; is a line indented differently from those "
       "beside it?"},
      {Msg::END_OF_MAP_FLOW, "a '{' is not closed by a '}'"},
      {Msg::END_OF_SEQ_FLOW, "a '[' is not closed by a ']'"},
      {Msg::FLOW_END, "this ']' or '}' closes nothing"},
      {Msg::MAP_VALUE,
       "a ':' is not expected here; is a line indented differently from those "
       "beside it, or does a value that holds ': ' lack its quotes?"},
      {Msg::MAP_KEY,
       "a key is not expected here; is a line indented differently from those "
       "beside it?"},
      {Msg::BLOCK_ENTRY,
       "a '- ' is not expected here; is the line indented by a tab, or "
       "differently from those beside it?"},
      {Msg::TAB_IN_INDENTATION, "a tab; YAML allows only spaces for indentation"},
      {Msg::EOF_IN_SCALAR, "a quote is not closed"},
      {Msg::DOC_IN_SCALAR, "a quote is not closed before the next document begins"},
      {Msg::UNKNOWN_TOKEN, "a value that begins with this character needs quotes"},
      {Msg::UNKNOWN_ANCHOR,
       "this alias names an anchor that does not exist; a value that begins with "
       "'*' needs quotes"},
      {Msg::ALIAS_NOT_FOUND, "a value that begins with '*' needs quotes"},
      {Msg::ANCHOR_NOT_FOUND, "a value that begins with '&' needs quotes"},
      {Msg::CHAR_IN_BLOCK, "after '|' or '>' the text must begin on the next line"},
      {Msg::END_OF_VERBATIM_TAG, "a value that begins with '!' needs quotes"}};
  for (const auto& [said, meant] : kWords) {
    if (error.msg == said) return "not valid YAML: " + meant;
  }
  if (error.msg.starts_with(Msg::INVALID_ESCAPE)) {
    return "not valid YAML: a backslash in double quotes begins an escape; write it twice, or use "
           "single quotes";
  }
  return "not valid YAML: " + error.msg;
}

}  // namespace sluice::config
