#include "sluice/columnar/file_schema.h"

#include <fmt/format.h>

#include <string_view>

namespace sluice::columnar {
namespace {

std::string_view Name(PhysicalType type) {
  switch (type) {
    case PhysicalType::kGroup:
      return "a group";
    case PhysicalType::kBoolean:
      return "boolean";
    case PhysicalType::kInt32:
      return "int32";
    case PhysicalType::kInt64:
      return "int64";
    case PhysicalType::kInt96:
      return "int96";
    case PhysicalType::kFloat:
      return "float";
    case PhysicalType::kDouble:
      return "double";
    case PhysicalType::kByteArray:
      return "binary";
    case PhysicalType::kFixedLengthByteArray:
      return "fixed-length binary";
  }
  return "?";
}

std::string_view Name(Annotation::Unit unit) {
  switch (unit) {
    case Annotation::Unit::kMillis:
      return "milliseconds";
    case Annotation::Unit::kMicros:
      return "microseconds";
    case Annotation::Unit::kNanos:
      return "nanoseconds";
  }
  return "?";
}

std::string Describe(const Annotation& note) {
  switch (note.kind) {
    case Annotation::Kind::kNone:
      return {};
    case Annotation::Kind::kString:
      return "string";
    case Annotation::Kind::kJson:
      return "json";
    case Annotation::Kind::kBson:
      return "bson";
    case Annotation::Kind::kUuid:
      return "uuid";
    case Annotation::Kind::kList:
      return "list";
    case Annotation::Kind::kMap:
      return "map";
    case Annotation::Kind::kDecimal:
      return fmt::format("decimal({}, {})", note.precision, note.scale);
    case Annotation::Kind::kDate:
      return "date";
    case Annotation::Kind::kTime:
      return fmt::format("time in {}", Name(note.unit));
    case Annotation::Kind::kTimestamp:
      return fmt::format("{} in {}", note.is_utc ? "timestamp" : "local timestamp",
                         Name(note.unit));
    case Annotation::Kind::kInteger:
      return fmt::format("{} {} bits", note.is_signed ? "signed" : "unsigned", note.bits);
    case Annotation::Kind::kNull:
      return "nulls only";
    case Annotation::Kind::kOther:
      return "a type of another writer";
  }
  return {};
}

}  // namespace

std::string SchemaNode::ToString() const {
  std::string text(repetition == Repetition::kRepeated ? "repeated " : "");
  text += Name(physical);
  const std::string note = Describe(annotation);
  return note.empty() ? text : fmt::format("{} ({})", text, note);
}

}  // namespace sluice::columnar
