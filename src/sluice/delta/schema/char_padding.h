#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/schema/schema.h"

/// CHAR(n), which Delta stores as a string with a note in the field's metadata: files may hold its
/// values without their trailing blanks, and Spark adds them when it reads.
namespace sluice::delta {

/// The lengths of a column's CHAR(n) values, in its own shape.
struct CharLengths {
  int64_t length = 0;  ///< 0: a string of any length, or no string
  /// Of a struct its fields, of an array its element, of a map its key and value; empty where no
  /// CHAR(n) lies below.
  std::vector<CharLengths> parts;
  bool any() const { return length > 0 || !parts.empty(); }
};

/// What the note in the metadata of a column of the table says. kUnsupported where it speaks of a CHAR(n)
/// inside the column that can't be found there.
Result<CharLengths> ReadCharLengths(const Field& column);

/// How long the texts of a CHAR(n) or VARCHAR(n) column may be.
struct TextLimit {
  int64_t characters = 0;  ///< at most; 0: any number
  bool padded =
      false;  ///< CHAR(n): filled up to that many with blanks, which count for nothing in comparisons
  bool operator==(const TextLimit&) const = default;
};
/// What the note in the metadata of a column of strings says.
TextLimit TextLimitOf(const Field& column);

/// Characters, not bytes, of UTF-8.
int64_t CountCharacters(std::string_view text);

/// `values`, each CHAR(n) filled up with blanks to n characters; longer ones and nulls as they are.
Result<std::shared_ptr<arrow::Array>> PadChars(const std::shared_ptr<arrow::Array>& values,
                                               const CharLengths& lengths);

}  // namespace sluice::delta
