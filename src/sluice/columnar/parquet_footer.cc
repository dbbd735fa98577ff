#include "sluice/columnar/parquet_footer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/columnar/parquet_limits.h"
#include "sluice/columnar/thrift_compact.h"

namespace sluice::columnar {
namespace {

using Kind = Annotation::Kind;
using Unit = Annotation::Unit;

// Fields of FileMetaData.
constexpr int kSchema = 2, kRowGroups = 4, kKeyValues = 5, kEncryption = 8;
constexpr int kColumnsOfRowGroup = 1;  // of RowGroup
// Fields of SchemaElement.
constexpr int kType = 1, kTypeLength = 2, kRepetition = 3, kName = 4, kChildren = 5;
constexpr int kConvertedType = 6, kScale = 7, kPrecision = 8, kFieldId = 9, kLogicalType = 10;

// One SchemaElement, and what of it stays in the plain footer.
struct Element {
  SchemaNode node;
  int64_t children = 0;
  int64_t converted = -1;
  int64_t precision = 0, scale = 0;
  std::string plain;
};

// Calls `take(field)` for each field of a struct; what it leaves unread must be skipped by it.
template <typename Take>
void ForEachField(ThriftReader& reader, Take take) {
  int id = 0;
  while (reader.ok()) {
    const ThriftField field = reader.Field(id);
    if (field.type == ThriftType::kStop) return;
    id = field.id;
    take(field);
  }
}

bool IsInteger(ThriftType type) {
  return type == ThriftType::kInt16 || type == ThriftType::kInt32 || type == ThriftType::kInt64;
}

// The integer of a field that should be one; 0 for anything else, passed over.
int64_t IntegerOf(ThriftReader& reader, ThriftType type) {
  if (IsInteger(type)) return reader.Integer();
  if (type == ThriftType::kByte) return reader.Byte();
  reader.Skip(type);
  return 0;
}

// A union of empty structs: the id of the one that is set.
int UnionOf(ThriftReader& reader, ThriftType type) {
  int set = 0;
  if (type != ThriftType::kStruct) {
    reader.Skip(type);
    return set;
  }
  ForEachField(reader, [&](const ThriftField& field) {
    set = field.id;
    reader.Skip(field.type);
  });
  return set;
}

Unit UnitOf(int id) { return id == 1 ? Unit::kMillis : id == 2 ? Unit::kMicros : Unit::kNanos; }

// The struct inside the union LogicalType.
void ReadParameters(ThriftReader& reader, Annotation& note) {
  ForEachField(reader, [&](const ThriftField& field) {
    const bool is_true = field.type == ThriftType::kTrue;
    if (note.kind == Kind::kDecimal) {
      (field.id == 1 ? note.scale : note.precision) =
          static_cast<int>(IntegerOf(reader, field.type));
    } else if (note.kind == Kind::kInteger && field.id == 1) {
      note.bits = static_cast<int>(IntegerOf(reader, field.type));
    } else if (note.kind == Kind::kInteger) {
      note.is_signed = is_true;
      reader.Skip(field.type);
    } else if ((note.kind == Kind::kTime || note.kind == Kind::kTimestamp) && field.id == 1) {
      note.is_utc = is_true;
      reader.Skip(field.type);
    } else if ((note.kind == Kind::kTime || note.kind == Kind::kTimestamp) && field.id == 2) {
      note.unit = UnitOf(UnionOf(reader, field.type));
    } else {
      reader.Skip(field.type);
    }
  });
}

Kind LogicalKind(int id) {
  constexpr Kind kKinds[] = {Kind::kOther,     Kind::kString,  Kind::kMap,     Kind::kList,
                             Kind::kString,    Kind::kDecimal, Kind::kDate,    Kind::kTime,
                             Kind::kTimestamp, Kind::kOther,   Kind::kInteger, Kind::kNull,
                             Kind::kJson,      Kind::kBson,    Kind::kUuid};
  return id > 0 && static_cast<size_t>(id) < std::size(kKinds) ? kKinds[id] : Kind::kOther;
}

Annotation ReadLogicalType(ThriftReader& reader) {
  Annotation note;
  ForEachField(reader, [&](const ThriftField& field) {
    note.kind = LogicalKind(field.id);
    if (field.type == ThriftType::kStruct) {
      ReadParameters(reader, note);
    } else {
      reader.Skip(field.type);
    }
  });
  return note;
}

Annotation FromConvertedType(const Element& element) {
  Annotation note;
  const auto integer = [&](int64_t first, bool is_signed) {
    note.kind = Kind::kInteger;
    note.bits = 8 << (element.converted - first);
    note.is_signed = is_signed;
  };
  const auto time = [&](Kind kind, Unit unit) {
    note.kind = kind;
    note.unit = unit;
  };
  switch (element.converted) {
    case -1:
      break;
    case 0:
    case 4:
      note.kind = Kind::kString;
      break;
    case 1:
    case 2:
      note.kind = Kind::kMap;
      break;
    case 3:
      note.kind = Kind::kList;
      break;
    case 5:
      note.kind = Kind::kDecimal;
      note.precision = static_cast<int>(element.precision);
      note.scale = static_cast<int>(element.scale);
      break;
    case 6:
      note.kind = Kind::kDate;
      break;
    case 7:
      time(Kind::kTime, Unit::kMillis);
      break;
    case 8:
      time(Kind::kTime, Unit::kMicros);
      break;
    case 9:
      time(Kind::kTimestamp, Unit::kMillis);
      break;
    case 10:
      time(Kind::kTimestamp, Unit::kMicros);
      break;
    case 11:
    case 12:
    case 13:
    case 14:
      integer(11, /*is_signed=*/false);
      break;
    case 15:
    case 16:
    case 17:
    case 18:
      integer(15, /*is_signed=*/true);
      break;
    case 19:
      note.kind = Kind::kJson;
      break;
    case 20:
      note.kind = Kind::kBson;
      break;
    default:
      note.kind = Kind::kOther;
      break;
  }
  return note;
}

PhysicalType ToPhysical(int64_t type) {
  constexpr PhysicalType kTypes[] = {PhysicalType::kBoolean,   PhysicalType::kInt32,
                                     PhysicalType::kInt64,     PhysicalType::kInt96,
                                     PhysicalType::kFloat,     PhysicalType::kDouble,
                                     PhysicalType::kByteArray, PhysicalType::kFixedLengthByteArray};
  return type >= 0 && static_cast<size_t>(type) < std::size(kTypes) ? kTypes[type]
                                                                    : PhysicalType::kGroup;
}

Element ReadElement(ThriftReader& reader) {
  Element element;
  ThriftWriter plain;
  Annotation logical;
  bool has_logical = false;
  ForEachField(reader, [&](const ThriftField& field) {
    const size_t begin = reader.position();
    switch (field.id) {
      case kType:
        element.node.physical = ToPhysical(IntegerOf(reader, field.type));
        break;
      case kTypeLength:
        element.node.fixed_length = static_cast<int>(IntegerOf(reader, field.type));
        break;
      case kRepetition: {
        const int64_t repetition = IntegerOf(reader, field.type);
        element.node.repetition = repetition == 1   ? Repetition::kOptional
                                  : repetition == 2 ? Repetition::kRepeated
                                                    : Repetition::kRequired;
        break;
      }
      case kName:
        if (field.type == ThriftType::kBinary) {
          element.node.name = reader.Binary();
        } else {
          reader.Skip(field.type);
        }
        break;
      case kChildren:
        element.children = IntegerOf(reader, field.type);
        break;
      case kConvertedType:
        element.converted = IntegerOf(reader, field.type);
        return;
      case kFieldId:
        element.node.field_id = static_cast<int32_t>(IntegerOf(reader, field.type));
        return;
      case kScale:
        element.scale = IntegerOf(reader, field.type);
        return;
      case kPrecision:
        element.precision = IntegerOf(reader, field.type);
        return;
      case kLogicalType:
        has_logical = field.type == ThriftType::kStruct;
        if (has_logical) {
          logical = ReadLogicalType(reader);
        } else {
          reader.Skip(field.type);
        }
        return;
      default:
        reader.Skip(field.type);
        return;
    }
    plain.Field(field.id, field.type, reader.Since(begin));
  });
  plain.Stop();
  element.plain = std::move(plain.out());
  element.node.annotation = has_logical ? logical : FromConvertedType(element);
  return element;
}

// Puts the flat list of elements together as a tree.
class TreeBuilder {
 public:
  explicit TreeBuilder(std::vector<Element> elements) : elements_(std::move(elements)) {}

  Result<SchemaNode> Build() && {
    SchemaNode root;
    const bool built = BuildNode(0, root) && next_ == elements_.size();
    if (too_deep_) {
      return Fail(ErrorKind::kCorrupt,
                  "its columns are nested deeper than {} levels, the most that sluice reads",
                  kMostColumnDepth);
    }
    if (!built) return Fail(ErrorKind::kCorrupt, "its footer is damaged");
    return root;
  }

 private:
  bool BuildNode(int depth, SchemaNode& out) {
    too_deep_ = too_deep_ || depth > kMostColumnDepth;
    if (next_ >= elements_.size() || too_deep_) return false;
    Element& element = elements_[next_++];
    out = std::move(element.node);
    out.first_leaf = leaves_;
    if (out.physical != PhysicalType::kGroup) {
      out.leaves = 1;
      ++leaves_;
      return element.children == 0;
    }
    for (int64_t i = 0; i < element.children; ++i) {
      SchemaNode child;
      if (!BuildNode(depth + 1, child)) return false;
      out.children.push_back(std::move(child));
    }
    out.leaves = leaves_ - out.first_leaf;
    return true;
  }

  std::vector<Element> elements_;
  size_t next_ = 0;
  int leaves_ = 0;
  bool too_deep_ = false;
};

// The list `schema`; its plain form is appended to `plain`.
std::vector<Element> ReadSchema(ThriftReader& reader, ThriftWriter& plain) {
  std::vector<Element> elements;
  const ThriftList list = reader.List();
  plain.List(list);
  for (uint64_t i = 0; i < list.size && reader.ok() && i <= kMostColumns; ++i) {
    elements.push_back(ReadElement(reader));
    plain.out().append(elements.back().plain);
  }
  return elements;
}

void ReadKeyValues(ThriftReader& reader, std::map<std::string, std::string>& out) {
  const ThriftList list = reader.List();
  for (uint64_t i = 0; i < list.size && reader.ok(); ++i) {
    std::string key, value;
    ForEachField(reader, [&](const ThriftField& field) {
      if (field.type != ThriftType::kBinary) {
        reader.Skip(field.type);
      } else {
        (field.id == 1 ? key : value) = reader.Binary();
      }
    });
    out.emplace(std::move(key), std::move(value));
  }
}

// Passes over the list of row groups, and adds to `columns` how many each has. Arrow makes objects of hundreds of bytes
// of them before it looks at any.
void SkipRowGroups(ThriftReader& reader, std::vector<uint64_t>& columns) {
  const ThriftList list = reader.List();
  for (uint64_t i = 0; i < list.size && reader.ok(); ++i) {
    uint64_t count = 0;
    ForEachField(reader, [&](const ThriftField& field) {
      if (field.id != kColumnsOfRowGroup || field.type != ThriftType::kList) {
        return reader.Skip(field.type);
      }
      const ThriftList chunks = reader.List();
      count += chunks.size;
      for (uint64_t k = 0; k < chunks.size && reader.ok(); ++k) reader.Skip(chunks.type);
    });
    columns.push_back(count);
  }
}

}  // namespace

Result<ParquetFooter> ParseParquetFooter(std::string_view bytes) {
  ParquetFooter footer;
  ThriftReader reader(bytes);
  ThriftWriter plain;
  std::vector<Element> elements;
  std::vector<uint64_t> row_groups;
  bool encrypted = false;
  ForEachField(reader, [&](const ThriftField& field) {
    const size_t begin = reader.position();
    if (field.id == kSchema && field.type == ThriftType::kList) {
      plain.Field(field.id, field.type);
      elements = ReadSchema(reader, plain);
    } else if (field.id == kKeyValues && field.type == ThriftType::kList) {
      ReadKeyValues(reader, footer.key_values);
    } else if (field.id == kRowGroups && field.type == ThriftType::kList) {
      SkipRowGroups(reader, row_groups);
      plain.Field(field.id, field.type, reader.Since(begin));
    } else {
      encrypted = encrypted || (field.id == kEncryption && field.type == ThriftType::kStruct);
      reader.Skip(field.type);
      plain.Field(field.id, field.type, reader.Since(begin));
    }
  });
  plain.Stop();
  if (elements.size() > kMostColumns) {
    return Fail(ErrorKind::kCorrupt,
                "it has more than {} columns and parts of columns, the most that sluice reads",
                kMostColumns);
  }
  if (!reader.ok()) return Fail(ErrorKind::kCorrupt, "its footer is damaged");
  SLUICE_ASSIGN_OR_RETURN(footer.root, TreeBuilder(std::move(elements)).Build());
  const auto columns = static_cast<uint64_t>(footer.root.leaves);
  if (std::any_of(row_groups.begin(), row_groups.end(),
                  [&](uint64_t count) { return count != columns; }) ||
      row_groups.size() * columns > bytes.size() / kLeastChunkBytes) {
    return Fail(ErrorKind::kCorrupt,
                "its footer does not say of each row group what its {} columns are", columns);
  }
  // Only a footer that is whole can say so.
  if (encrypted) {
    return Fail(Error{ErrorKind::kUnsupported, "the file is encrypted",
                      "rewrite the table without Parquet encryption"});
  }
  footer.plain = std::move(plain.out());
  return footer;
}

}  // namespace sluice::columnar
