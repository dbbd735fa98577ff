#include "sluice/exporter/inspect/check_bucket.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::exporter {
namespace {

using store::ServerEncryption;

/// A crash must be settled before its uploads are gone: a long weekend must not be too long.
constexpr int kUploadDays = 7;

class BucketCheck {
 public:
  BucketCheck(const store::BucketSettings& settings, const BucketUse& use, Findings& findings)
      : settings_(settings), use_(use), findings_(findings), name_("s3://" + settings.bucket()) {}

  bool Run() {
    if (!CheckRegion()) return false;
    CheckPublicAccess();
    CheckEncryption();
    CheckLifecycle();
    CheckVersions();
    if (use_.partner) CheckPartner(*use_.partner);
    AddUnknown();
    return true;
  }

 private:
  void Add(Severity severity, const std::string& message, std::string fix = {}) {
    findings_.Add(severity, name_ + ": " + message, std::move(fix));
  }

  /// The answer, or nullopt and a note that it was not checked; `action` is what the policy must allow.
  template <typename T>
  std::optional<T> Known(Result<T> answer, const std::string& what, const std::string& action) {
    if (answer) return std::move(*answer);
    if (answer.error().kind == ErrorKind::kPermission) {
      forbidden_.push_back(what);
      actions_.push_back(action);
    } else if (answer.error().kind == ErrorKind::kUnsupported) {
      unsupported_.push_back(what);
    } else {
      findings_.AddFault(answer.error());
    }
    return std::nullopt;
  }

  void AddUnknown() {
    if (!forbidden_.empty()) {
      Add(Severity::kNote,
          fmt::format("not checked, because these credentials may not ask: {}",
                      fmt::join(forbidden_, ", ")),
          fmt::format("to check it, allow {}", fmt::join(actions_, ", ")));
    }
    if (!unsupported_.empty()) {
      Add(Severity::kNote, fmt::format("not checked, because the server has no such setting: {}",
                                       fmt::join(unsupported_, ", ")));
    }
  }

  bool CheckRegion() {
    const auto region = settings_.Region();
    if (!region) {
      findings_.AddFault(region.error());
      return false;
    }
    if (!*region) {
      forbidden_.push_back("whether the bucket exists, and its region");
      actions_.push_back("s3:ListBucket");
    } else if ((*region)->empty()) {
      Add(Severity::kOk, "reachable");
    } else if (use_.region && *use_.region != **region) {
      Add(Severity::kFault,
          fmt::format("is in region {}, but `region` says {}", **region, *use_.region),
          fmt::format("set `region: {}`", **region));
    } else {
      Add(Severity::kOk, fmt::format("reachable, in region {}", **region));
    }
    return true;
  }

  /// As the server says, else as the policy reads; nullopt where neither may be read.
  std::optional<bool> IsPolicyPublic() {
    const auto answer = Known(settings_.HasPublicPolicy(), "whether the policy is public",
                              "s3:GetBucketPolicyStatus");
    if (answer.value_or(false)) return true;
    policy_ = Known(settings_.Policy(), "the policy", "s3:GetBucketPolicy");
    if (!policy_) return answer;
    const auto lets = onboard::LetsEverybodyIn(*policy_);
    if (!lets) {
      findings_.AddFault(lets.error());
      return answer;
    }
    return *lets;
  }

  void CheckPublicAccess() {
    const auto block = Known(settings_.PublicAccess(), "the block of public access",
                             "s3:GetBucketPublicAccessBlock");
    const auto is_public = IsPolicyPublic();
    const bool blocks = block && *block && (*block)->blocks_all();
    const std::string block_it = fmt::format(
        "aws s3api put-public-access-block --bucket {} --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,"
        "RestrictPublicBuckets=true",
        settings_.bucket());
    if (is_public.value_or(false) && !(block && *block && (*block)->restrict_buckets)) {
      Add(Severity::kFault, "its policy allows everybody: exports are public",
          "remove the statement with \"Principal\": \"*\" from the policy, then run " + block_it);
    } else if (blocks) {
      Add(Severity::kOk, "public access is blocked");
    } else if (block) {
      Add(Severity::kWarning,
          *block ? "public access is only partly blocked" : "public access is not blocked",
          block_it);
    } else if (is_public) {
      Add(Severity::kOk, "its policy allows only those it names");
    }
  }

  void CheckEncryption() {
    const auto answer =
        Known(settings_.Encryption(), "the default encryption", "s3:GetEncryptionConfiguration");
    const bool asked = use_.encryption.type != ServerEncryption::Type::kNone;
    if (!answer && !asked) return;
    ServerEncryption::Type type = use_.encryption.type;
    auto key = use_.encryption.kms_key_id;
    if (!asked) {
      type = answer->type;
      key = answer->kms_key_id;
    } else if (type == ServerEncryption::Type::kSseKms && !key && answer &&
               answer->type == ServerEncryption::Type::kSseKms) {
      key = answer->kms_key_id;
    }
    const char* by = asked ? "as `encryption` asks" : "by the bucket's default";
    switch (type) {
      case ServerEncryption::Type::kNone:
        Add(Severity::kNote, "new objects are not encrypted by the server",
            "set `encryption: {type: sse-s3}`, or a default encryption on the bucket");
        return;
      case ServerEncryption::Type::kSseS3:
        Add(Severity::kOk, fmt::format("new objects are encrypted with SSE-S3, {}", by));
        return;
      case ServerEncryption::Type::kSseKms:
        break;
    }
    Add(Severity::kOk, fmt::format("new objects are encrypted with SSE-KMS{}, {}",
                                   key ? " and key " + *key : std::string(), by));
    if (!use_.partner) return;
    if (!key || key->ends_with("alias/aws/s3")) {
      Add(Severity::kWarning,
          "objects under AWS's own key aws/s3 cannot be read from another account, whatever "
          "the bucket's policy says",
          "encrypt with your own key: `encryption: {type: sse-kms, kms_key_id: ..}`");
    } else {
      Add(Severity::kNote,
          fmt::format("{} can read only what it may decrypt", use_.partner->role_arn),
          "allow the role kms:Decrypt in the policy of key " + *key);
    }
  }

  bool Touches(const store::LifecycleRule& rule) const {
    return !rule.asks_for_tags &&
           (use_.prefix.starts_with(rule.prefix) || rule.prefix.starts_with(use_.prefix));
  }

  void CheckLifecycle() {
    const auto rules =
        Known(settings_.Lifecycle(), "the lifecycle rules", "s3:GetLifecycleConfiguration");
    if (!rules) return;
    bool clean = true;
    for (const auto& rule : *rules) {
      if (Touches(rule)) clean = CheckRule(rule) && clean;
    }
    drops_old_versions_ = std::any_of(rules->begin(), rules->end(), [&](const auto& rule) {
      return Touches(rule) && rule.drops_old_versions_after_days;
    });
    if (!clean) return;
    const bool aborts = std::any_of(rules->begin(), rules->end(), [&](const auto& rule) {
      return Touches(rule) && rule.aborts_uploads_after_days;
    });
    Add(Severity::kOk, aborts ? "lifecycle rules leave exports alone and abort abandoned "
                                "uploads"
                              : "no lifecycle rule touches exports; `sluice prune` aborts "
                                "abandoned uploads");
  }

  /// False where the rule harms.
  bool CheckRule(const store::LifecycleRule& rule) {
    const std::string called =
        fmt::format("lifecycle rule '{}' ({})", rule.id,
                    rule.prefix.empty() ? "the whole bucket" : rule.prefix + "*");
    bool clean = true;
    if (rule.aborts_uploads_after_days.value_or(kUploadDays) < kUploadDays) {
      Add(Severity::kFault,
          fmt::format("{} aborts uploads after {} days: an export that is decided but not settled "
                      "by then loses its files",
                      called, *rule.aborts_uploads_after_days),
          fmt::format("set DaysAfterInitiation of that rule to {} or more", kUploadDays));
      clean = false;
    }
    if (rule.expires) {
      Add(Severity::kFault,
          fmt::format("{} deletes what is exported{}, manifests and ledger included", called,
                      rule.expires_after_days
                          ? fmt::format(" after {} days", *rule.expires_after_days)
                          : std::string(" at a date")),
          fmt::format("give that rule a prefix outside {}; `keep` and `keep_for` remove old "
                      "snapshots",
                      use_.prefix.empty() ? "what sluice writes" : use_.prefix));
      clean = false;
    }
    if (!rule.archive_class.empty()) {
      Add(Severity::kWarning,
          fmt::format("{} moves objects to {}: they must be restored before anyone can read "
                      "them, `verify` included",
                      called, rule.archive_class),
          "use a class that can be read at once, e.g. GLACIER_IR");
      clean = false;
    }
    return clean;
  }

  void CheckVersions() {
    const auto versioning =
        Known(settings_.GetVersioning(), "versioning", "s3:GetBucketVersioning");
    const auto lock =
        Known(settings_.GetObjectLock(), "the object lock", "s3:GetBucketObjectLockConfiguration");
    if (lock && *lock && !(*lock)->mode.empty()) {
      Add(Severity::kNote,
          fmt::format(
              "objects are locked for {} days ({}): what `prune` and `keep` remove is only hidden "
              "and takes up space until then",
              (*lock)->days, (*lock)->mode));
    } else if (versioning == store::Versioning::kOn && !drops_old_versions_) {
      Add(Severity::kNote,
          "versions are kept: heartbeats, and what `prune` and `keep` remove, take up space as "
          "old versions",
          "add a lifecycle rule with NoncurrentVersionExpiration");
    }
  }

  void CheckPartner(const onboard::PartnerAccess& access) {
    if (!policy_) return;
    const auto gaps = onboard::FindPartnerGaps(*policy_, access);
    if (!gaps) return findings_.AddFault(gaps.error());
    if (!gaps->any()) {
      Add(Severity::kOk, fmt::format("its policy allows {} to read exports and nothing internal",
                                     access.role_arn));
      return;
    }
    std::vector<std::string> missing;
    if (!gaps->unreadable.empty()) {
      missing.push_back(fmt::format("does not allow {} to read {}", access.role_arn,
                                    fmt::join(gaps->unreadable, ", ")));
    }
    if (gaps->cannot_list) {
      missing.push_back(fmt::format("does not allow {} to list the bucket", access.role_arn));
    }
    if (!gaps->not_denied.empty()) {
      missing.push_back(fmt::format("does not deny {} what is internal: {}", access.role_arn,
                                    fmt::join(gaps->not_denied, ", ")));
    }
    Add(Severity::kWarning, fmt::format("its policy {}", fmt::join(missing, "; ")),
        "add these statements to the bucket's policy:\n" + onboard::PartnerStatementsText(access));
  }

  const store::BucketSettings& settings_;
  const BucketUse& use_;
  Findings& findings_;
  const std::string name_;
  std::vector<std::string> forbidden_, actions_, unsupported_;
  std::optional<std::string> policy_;  ///< its JSON, where it may be read
  bool drops_old_versions_ = false;
};

}  // namespace

bool CheckBucket(const store::BucketSettings& settings, const BucketUse& use, Findings& findings) {
  return BucketCheck(settings, use, findings).Run();
}

}  // namespace sluice::exporter
