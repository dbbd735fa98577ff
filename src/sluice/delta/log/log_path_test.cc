#include "sluice/delta/log/log_path.h"

#include <gtest/gtest.h>

namespace sluice::delta {
namespace {

TEST(LogPath, WhatIsMadeIsParsedBack) {
  const LogFileName commit{LogFileKind::kCommit, Version{7}};
  EXPECT_EQ(CommitKey(Version{7}), "_delta_log/00000000000000000007.json");
  EXPECT_EQ(ParseLogKey(CommitKey(Version{7})), commit);
  const LogFileName checkpoint{LogFileKind::kCheckpoint, Version{1000000000000000000}};
  EXPECT_EQ(ParseLogKey(CheckpointKey(Version{1000000000000000000})), checkpoint);
}

TEST(LogPath, PartsOfACheckpointSayWhichOfHowMany) {
  const LogFileName part{LogFileKind::kCheckpointPart, Version{10}, 2, 3};
  EXPECT_EQ(ParseLogKey("_delta_log/00000000000000000010.checkpoint.0000000002.0000000003.parquet"),
            part);
}

TEST(LogPath, CheckpointsWithANameOfTheirOwnAreInParquetOrJson) {
  const LogFileName named{LogFileKind::kNamedCheckpoint, Version{1}};
  for (const char* format : {"parquet", "json"}) {
    EXPECT_EQ(ParseLogKey(std::string("_delta_log/00000000000000000001.checkpoint.") +
                          "80a083e8-7026-4e79-81be-64bd76c43a11." + format),
              named);
  }
}

TEST(LogPath, CompactedLogsSayFromWhereToWhere) {
  const LogFileName compacted{LogFileKind::kCompacted, Version{1}, 1, 1, Version{3}};
  EXPECT_EQ(ParseLogKey(CompactedKey(Version{1}, Version{3})), compacted);
}

TEST(LogPath, KeysOfAVersionComeAfterItsLogKeyBefore) {
  EXPECT_LT(LogKeyBefore(Version{7}), CommitKey(Version{7}));
  EXPECT_GT(LogKeyBefore(Version{7}), CheckpointKey(Version{6}));
}

TEST(LogPath, EverythingElseInTheFolderIsNotOurs) {
  for (const char* key :
       {"_delta_log/",
        "_delta_log/_last_checkpoint",
        "_delta_log/00000000000000000001.crc",
        "_delta_log/.00000000000000000001.json.crc",
        "_delta_log/00000000000000000001.json.tmp",
        "_delta_log/00000000000000000003.00000000000000000003.compacted.json",
        "_delta_log/00000000000000000003.00000000000000000001.compacted.json",
        "_delta_log/00000000000000000001.00000000000000000003.json",
        "_delta_log/00000000000000000001.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.avro",
        "_delta_log/00000000000000000001.checkpoint..parquet",
        "_delta_log/00000000000000000001.checkpoint.0000000000.0000000003.parquet",
        "_delta_log/00000000000000000001.checkpoint.0000000004.0000000003.parquet",
        "_delta_log/00000000000000000001.checkpoint.1.3.parquet",
        "_delta_log/_staged_commits/00000000000000000001.json",
        "_delta_log/_sidecars/00000000000000000001.checkpoint.parquet",
        "_delta_log/0000000000000000001.json",
        "_delta_log/000000000000000000001.json",
        "_delta_log/99999999999999999999.json",
        "_delta_log/-0000000000000000001.json",
        "00000000000000000001.json",
        "data/00000000000000000001.json"}) {
    EXPECT_EQ(ParseLogKey(key), std::nullopt) << key;
  }
}

}  // namespace
}  // namespace sluice::delta
