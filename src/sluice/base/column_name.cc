#include "sluice/base/column_name.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "sluice/base/lower_case_ranges.h"

namespace sluice {
namespace {

constexpr char32_t kCapitalSigma = 0x3a3, kSmallSigma = 0x3c3, kFinalSigma = 0x3c2;
constexpr char32_t kCapitalIWithDot = 0x130, kDotAbove = 0x307;
// Marks a byte that is not UTF-8; its value lies in the low bits.
constexpr char32_t kRawByte = 0x80000000;

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

char FoldAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The length of the sequence that `lead` begins; 0 if it begins none.
size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

char32_t TakeCodePoint(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = SequenceLength(lead);
  constexpr unsigned char kLeadBits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  char32_t code = lead & kLeadBits[length];
  bool whole = length > 0 && length <= text.size();
  for (size_t i = 1; whole && i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    whole = (next & 0xc0) == 0x80;
    code = code << 6 | (next & 0x3f);
  }
  text.remove_prefix(whole ? length : 1);
  return whole ? code : kRawByte | lead;
}

void AppendCodePoint(char32_t code, std::string& out) {
  if ((code & kRawByte) != 0 || code < 0x80) {
    out += static_cast<char>(code & 0xff);
    return;
  }
  if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      out += static_cast<char>(0xe0 | code >> 12);
    } else {
      out += static_cast<char>(0xf0 | code >> 18);
      out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    }
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
  }
  out += static_cast<char>(0x80 | (code & 0x3f));
}

char32_t LowerCase(char32_t code) {
  if (code < 0x80) return static_cast<unsigned char>(FoldAscii(static_cast<char>(code)));
  const auto* range =
      std::lower_bound(std::begin(kLowerCaseRanges), std::end(kLowerCaseRanges), code,
                       [](const LowerCaseRange& r, char32_t c) { return r.last < c; });
  if (range == std::end(kLowerCaseRanges) || code < range->first) return code;
  const auto offset = static_cast<int32_t>(code - range->first);
  if (offset % range->step != 0) return code;
  return static_cast<char32_t>(static_cast<int32_t>(code) + range->distance);
}

// A letter that has a form of the other case.
bool IsCased(char32_t code) {
  if (LowerCase(code) != code) return true;
  if (code < 0x80) return code >= 'a' && code <= 'z';
  return code == kFinalSigma ||
         std::any_of(std::begin(kLowerCaseRanges), std::end(kLowerCaseRanges), [&](const auto& r) {
           const auto upper = static_cast<char32_t>(static_cast<int32_t>(code) - r.distance);
           return upper >= r.first && upper <= r.last && LowerCase(upper) == code;
         });
}

// What does not end a word for Java's word iterator.
bool IsWordPart(char32_t code) {
  if (code >= 0x80) return true;
  const char c = static_cast<char>(code);
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("_-.'\"").find(c) != std::string_view::npos;
}

template <typename Iterator>
bool CasedBeforeWordEnds(Iterator at, Iterator end) {
  for (; at != end && IsWordPart(*at); ++at) {
    if (IsCased(*at)) return true;
  }
  return false;
}

// A capital sigma that ends a word has a form of its own.
bool IsFinal(const std::vector<char32_t>& name, size_t at) {
  const auto here = name.begin() + static_cast<ptrdiff_t>(at);
  return CasedBeforeWordEnds(std::make_reverse_iterator(here), name.rend()) &&
         !CasedBeforeWordEnds(here + 1, name.end());
}

}  // namespace

std::string FoldColumnName(std::string_view name) {
  std::string folded;
  folded.reserve(name.size());
  if (IsAscii(name)) {
    std::transform(name.begin(), name.end(), std::back_inserter(folded), FoldAscii);
    return folded;
  }
  std::vector<char32_t> codes;
  while (!name.empty()) codes.push_back(TakeCodePoint(name));
  for (size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == kCapitalSigma) {
      AppendCodePoint(IsFinal(codes, i) ? kFinalSigma : kSmallSigma, folded);
    } else if (codes[i] == kCapitalIWithDot) {
      folded += 'i';
      AppendCodePoint(kDotAbove, folded);
    } else {
      AppendCodePoint(LowerCase(codes[i]), folded);
    }
  }
  return folded;
}

bool SameColumnName(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (IsAscii(a) && IsAscii(b)) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return FoldAscii(x) == FoldAscii(y); });
  }
  return FoldColumnName(a) == FoldColumnName(b);
}

}  // namespace sluice
