#include "sluice/net/http_date.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

TEST(HttpDateTest, ThreeFormsOfHttpAreOneInstant) {
  const Timestamp instant{1'445'412'480'000'000};
  EXPECT_EQ(ParseHttpDate("Wed, 21 Oct 2015 07:28:00 GMT"), instant);
  EXPECT_EQ(ParseHttpDate("Wednesday, 21-Oct-15 07:28:00 GMT"), instant);
  EXPECT_EQ(ParseHttpDate("Wed Oct 21 07:28:00 2015"), instant);
}

TEST(HttpDateTest, OtherTextIsNotADate) {
  for (const char* text :
       {"", "yesterday", "Wed, 21 Oct", "Wed, 41 Oct 2015 07:28:00 GMT", "<html>"}) {
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice::net
