#include "sluice/exporter/report/table_error.h"

#include <gmock/gmock.h>

#include <new>
#include <stdexcept>

#include "sluice/testing/matchers.h"

namespace sluice::exporter {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

TEST(GuardedTest, WhatWorkReturnsIsHandedOn) {
  EXPECT_THAT(Guarded([] { return Status(); }), IsOk());
  EXPECT_THAT(Guarded([]() -> Status { return Fail(ErrorKind::kConflict, "no"); }),
              IsError(ErrorKind::kConflict));
}

TEST(GuardedTest, WhatWorkThrowsIsAnErrorWithARemedy) {
  const Status thrown = Guarded([]() -> Status { throw std::runtime_error("boom"); });
  EXPECT_THAT(thrown, IsError(ErrorKind::kInternal));
  EXPECT_THAT(thrown, HasMessage("boom"));
  EXPECT_THAT(Guarded([]() -> Status { throw std::bad_alloc(); }), HasMessage("memory"));
  EXPECT_THAT(Guarded([]() -> Status { throw 7; }), IsError(ErrorKind::kInternal));
  EXPECT_FALSE(thrown.error().remedy.empty());
}

TEST(OfTableTest, NamesTheTableInMessageAndRemedy) {
  config::Table table;
  table.table = "main.sales.events";
  table.name = "events";
  const Error error =
      OfTable(Error{ErrorKind::kConflict, "recreated", "run `sluice state forget NAME`"}, table);
  EXPECT_EQ(error.message, "table main.sales.events: recreated");
  EXPECT_EQ(error.remedy, "run `sluice state forget events`");
}

}  // namespace
}  // namespace sluice::exporter
