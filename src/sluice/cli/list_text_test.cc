#include "sluice/cli/list_text.h"

#include <gmock/gmock.h>

namespace sluice::cli {
namespace {

using exporter::ListedObject;
using exporter::Standing;
using testing::HasSubstr;

ListedObject Object(std::string key, int64_t size, Standing standing, std::string remark = "") {
  store::ObjectInfo object;
  object.key = std::move(key);
  object.size = size;
  object.modified = Timestamp{Hours(9).micros};
  return {std::move(object), standing, std::move(remark), "repair it"};
}

const std::vector<ListedObject>& SomeObjects() {
  static const std::vector<ListedObject> objects{
      Object("_export_state/a.json", 10, Standing::kInternal),
      Object("events_incremental/dt=2026-01-01/hr=00/a.parquet", 2048, Standing::kExported),
      Object("events_incremental/dt=2026-01-01/hr=00/b.parquet", 5, Standing::kForeign),
      Object("readme.txt", 7, Standing::kForeign),
      Object("events_incremental/dt=2026-01-02/hr=00/c.parquet", 9, Standing::kMissing, "gone")};
  return objects;
}

TEST(ListTextTest, ARecursiveListingHasTheColumnsOfAws) {
  EXPECT_EQ(DescribeListing({Object("a/b.parquet", 2048, Standing::kExported)}, {true}),
            "1970-01-01 09:00:00       2048 a/b.parquet");
}

TEST(ListTextTest, HumanReadableSizesAreThoseOfAws) {
  EXPECT_EQ(DescribeListing({Object("a", 2048, Standing::kExported)}, {true, true}),
            "1970-01-01 09:00:00    2.0 KiB a");
  EXPECT_EQ(DescribeListing({Object("a", 3, Standing::kExported)}, {true, true}),
            "1970-01-01 09:00:00    3 Bytes a");
}

TEST(ListTextTest, FoldersComeFirstAndSayWhatIsOddInThem) {
  EXPECT_EQ(DescribeListing(SomeObjects(), {}),
            "                           PRE _export_state/  (internal)\n"
            "                           PRE events_incremental/  (1 foreign, 1 missing)\n"
            "1970-01-01 09:00:00          7 readme.txt  (foreign)");
}

TEST(ListTextTest, OneTableIsListedByItsPartitions) {
  ListStyle style;
  style.one_table = true;
  EXPECT_THAT(DescribeListing(SomeObjects(), style),
              HasSubstr("PRE events_incremental/dt=2026-01-01/  (1 foreign)"));
}

TEST(ListTextTest, TotalsCountWhatLiesThere) {
  ListStyle style;
  style.summarize = true;
  const std::string text = DescribeListing(SomeObjects(), style);
  EXPECT_THAT(text, HasSubstr("\nTotal Objects: 4\n   Total Size: 2070\n"));
  EXPECT_THAT(text, HasSubstr("Layout: 1 exported, 2 foreign, 1 missing"));
}

TEST(ListTextTest, OnlyFaultsAreAnError) {
  EXPECT_FALSE(FaultsOf({Object("a", 1, Standing::kForeign)}));
  const auto error = FaultsOf(SomeObjects());
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, HasSubstr("1 missing"));
  EXPECT_THAT(error->message, HasSubstr("dt=2026-01-02/hr=00/c.parquet"));
}

}  // namespace
}  // namespace sluice::cli
