#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "sluice/columnar/variant_value.h"

namespace sluice::columnar {

inline std::string TextOfValue(std::string_view value, const VariantDictionary& names) {
  if (BasicTypeOf(value) == VariantBasic::kShortString) return fmt::format("'{}'", value.substr(1));
  if (BasicTypeOf(value) == VariantBasic::kPrimitive) {
    std::string text = fmt::format("{}", static_cast<uint8_t>(value[0]) >> 2);
    for (const char byte : value.substr(1)) {
      text += fmt::format(" {:02x}", static_cast<uint8_t>(byte));
    }
    return text;
  }
  const auto parts = VariantParts::Parse(value);
  if (!parts) return parts.error().message;
  std::string text;
  for (uint32_t i = 0; i < parts->size(); ++i) {
    if (i > 0) text += ", ";
    if (parts->is_object()) {
      text += std::string(names.Name(parts->NameId(i)).value_or("?")) + ": ";
    }
    const std::string_view part = parts->Part(i).value_or("?");
    const bool is_scalar = BasicTypeOf(part) == VariantBasic::kPrimitive ||
                           BasicTypeOf(part) == VariantBasic::kShortString;
    text += TextOfValue(is_scalar ? ScalarAt(part).value_or(part) : part, names);
  }
  return parts->is_object() ? "{" + text + "}" : "[" + text + "]";
}

/// For tests: {name: value} and [value]; 'text'; of a primitive its type and its bytes in hexadecimal: "3 05" is 5.
inline std::string TextOfVariant(std::string_view value, std::string_view metadata) {
  const auto names = VariantDictionary::Parse(metadata);
  return names ? TextOfValue(value, *names) : names.error().message;
}

}  // namespace sluice::columnar
