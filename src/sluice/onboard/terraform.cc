#include "sluice/onboard/terraform.h"

#include <fmt/format.h>

#include <string_view>

#include "sluice/onboard/policies.h"

namespace sluice::onboard {
namespace {

constexpr size_t kStep = 2;

/// A value of JSON as an expression of HCL, whose objects assign by '='.
std::string Expression(const Json& value, size_t depth) {
  const std::string inner((depth + 1) * kStep, ' '), outer(depth * kStep, ' ');
  if (value.is_string()) return HclString(value.get<std::string>());
  if (value.is_array()) {
    if (value.empty()) return "[]";
    std::string text = "[\n";
    for (const auto& element : value) {
      text += fmt::format("{}{},\n", inner, Expression(element, depth + 1));
    }
    return text + outer + "]";
  }
  if (value.is_object()) {
    std::string text = "{\n";
    for (const auto& [key, member] : value.items()) {
      text += fmt::format("{}{} = {}\n", inner, HclString(key), Expression(member, depth + 1));
    }
    return text + outer + "}";
  }
  return value.dump();
}

std::string Encoded(const Json& document) {
  return fmt::format("jsonencode({})", Expression(document, 1));
}

}  // namespace

std::string HclString(const std::string& text) {
  std::string quoted = Json(text).dump();
  for (const std::string_view sign : {"${", "%{"}) {
    for (size_t at = quoted.find(sign); at != std::string::npos; at = quoted.find(sign, at + 3)) {
      quoted.insert(at, 1, sign.front());
    }
  }
  return quoted;
}

std::string BucketResources(const Setup& setup) {
  const std::string key =
      setup.encryption.type == config::Encryption::Type::kSseKms
          ? fmt::format(
                "      sse_algorithm     = \"aws:kms\"\n      kms_master_key_id = {}\n"
                "    }}\n    bucket_key_enabled = true",
                HclString(setup.encryption.kms_key_id.value_or("")))
          : std::string("      sse_algorithm = \"AES256\"\n    }");
  return fmt::format(R"(resource "aws_s3_bucket" "sluice" {{
  bucket = {0}
}}

resource "aws_s3_bucket_public_access_block" "sluice" {{
  bucket                  = aws_s3_bucket.sluice.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}}

resource "aws_s3_bucket_server_side_encryption_configuration" "sluice" {{
  bucket = aws_s3_bucket.sluice.id
  rule {{
    apply_server_side_encryption_by_default {{
{1}
  }}
}}

resource "aws_s3_bucket_lifecycle_configuration" "sluice" {{
  bucket = aws_s3_bucket.sluice.id
  rule {{
    id     = "sluice-stale-uploads"
    status = "Enabled"
    filter {{
      prefix = {2}
    }}
    abort_incomplete_multipart_upload {{
      days_after_initiation = {3}
    }}
  }}
}})",
                     HclString(setup.destination.bucket), key,
                     HclString(PrefixOf(setup.destination)), kStaleUploadDays);
}

std::string BucketPolicyResource(const Setup& setup, const Json& policy) {
  return fmt::format(
      "# One resource holds the whole policy of a bucket: where it has one, add the statements "
      "there.\n"
      "resource \"aws_s3_bucket_policy\" \"sluice\" {{\n  bucket = {}\n  policy = {}\n}}",
      HclString(setup.destination.bucket), Encoded(policy));
}

std::string KeyGrantResource(const Setup& setup) {
  return fmt::format(
      "resource \"aws_kms_grant\" \"sluice_partner\" {{\n  name              = \"sluice-partner\"\n"
      "  key_id            = {}\n  grantee_principal = {}\n  operations        = [\"Decrypt\"]\n}}",
      HclString(setup.encryption.kms_key_id.value_or("")), HclString(setup.partner.role_arn));
}

std::string RoleResources(const std::string& label, const std::string& name, const Json& trust,
                          const Json& rights) {
  return fmt::format(
      "resource \"aws_iam_role\" \"{0}\" {{\n  name               = {1}\n"
      "  assume_role_policy = {2}\n}}\n\n"
      "resource \"aws_iam_role_policy\" \"{0}\" {{\n  name   = \"sluice\"\n"
      "  role   = aws_iam_role.{0}.id\n  policy = {3}\n}}",
      label, HclString(name), Encoded(trust), Encoded(rights));
}

std::string UnityCatalogResources(const Setup& setup) {
  return fmt::format(R"(resource "databricks_storage_credential" "sluice" {{
  name = {0}
  aws_iam_role {{
    role_arn = {1}
  }}
}}

resource "databricks_external_location" "sluice" {{
  name            = {0}
  url             = {2}
  credential_name = databricks_storage_credential.sluice.name
}}

resource "databricks_schema" "sluice" {{
  catalog_name = {3}
  name         = {4}
  storage_root = {5}
  depends_on   = [databricks_external_location.sluice]
}})",
                     HclString(setup.schema), HclString(setup.databricks.arn),
                     HclString(setup.destination.ToString()), HclString(setup.catalog),
                     HclString(setup.schema), HclString(setup.ManagedFolder().ToString()));
}

}  // namespace sluice::onboard
