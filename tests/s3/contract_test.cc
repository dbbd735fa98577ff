#include "minio_fixture.h"
#include "sluice/testing/store_contract.h"

namespace sluice::testing {

INSTANTIATE_TEST_SUITE_P(MinIO, StoreContract,
                         ::testing::Values(StoreUnderTest{
                             "s3",
                             [] { return s3::NewStore(); },
                             {.lists_no_key_below_another = true, .loses_emptied_folders = true}}),
                         NameOfStore);

}  // namespace sluice::testing
