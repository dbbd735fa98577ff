#include "sluice/onboard/aws_commands.h"

#include <fmt/format.h>

#include <string_view>

#include "sluice/onboard/policies.h"

namespace sluice::onboard {
namespace {

/// "aws s3api COMMAND --bucket B", for the server of the destination.
std::string S3Command(const Setup& setup, const char* command) {
  std::string text =
      fmt::format("aws s3api {} --bucket {}", command, ShellWord(setup.destination.bucket));
  if (!setup.endpoint.empty()) text += " --endpoint-url " + ShellWord(setup.endpoint);
  return text;
}

/// A document as the value of an option, readable: a here-document that expands nothing.
std::string DocumentOption(const char* option, const Json& document) {
  return fmt::format("{} \"$(cat <<'JSON'\n{}\nJSON\n)\"", option, document.dump(2));
}

/// Lines moved to the right, but for those of here-documents, which must end at the first column.
std::string Indented(std::string_view text) {
  std::string indented;
  bool in_document = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!in_document) indented += "  ";
    indented += std::string(line) + "\n";
    if (line.ends_with("<<'JSON'")) in_document = true;
    if (line == "JSON") in_document = false;
  }
  return indented;
}

}  // namespace

std::string ShellWord(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string CreateBucketCommands(const Setup& setup) {
  std::string create = S3Command(setup, "create-bucket") + " --region " + ShellWord(setup.region);
  // S3 refuses this one region as a constraint.
  if (setup.region != "us-east-1") {
    create +=
        " \\\n  --create-bucket-configuration " + ShellWord("LocationConstraint=" + setup.region);
  }
  const auto set = [&](const char* command, const char* option, const Json& document) {
    return fmt::format("{} \\\n  {}\n", S3Command(setup, command),
                       DocumentOption(option, document));
  };
  const std::string commands =
      create + "\n" +
      set("put-public-access-block", "--public-access-block-configuration", PublicAccessBlock()) +
      set("put-bucket-encryption", "--server-side-encryption-configuration",
          DefaultEncryption(setup)) +
      set("put-bucket-lifecycle-configuration", "--lifecycle-configuration", Lifecycle(setup));
  return fmt::format(
      "if {} 2>/dev/null; then\n"
      "  echo 'The bucket exists. Its settings were left alone: compare them.' >&2\n"
      "else\n{}fi",
      S3Command(setup, "head-bucket"), Indented(commands));
}

std::string BucketPolicyCommands(const Setup& setup, const Json& policy) {
  return fmt::format(
      "# put-bucket-policy replaces the whole policy, so this runs only where there is none.\n"
      "if {} >/dev/null 2>&1; then\n"
      "  echo 'The bucket has a policy. It was left alone: add the statements to it.' >&2\n"
      "else\n{}fi",
      S3Command(setup, "get-bucket-policy"),
      Indented(fmt::format("{} \\\n  {}\n", S3Command(setup, "put-bucket-policy"),
                           DocumentOption("--policy", policy))));
}

std::string KeyGrantCommand(const Setup& setup) {
  return fmt::format(
      "aws kms create-grant --region {} \\\n  --key-id {} \\\n  --grantee-principal {} \\\n"
      "  --operations Decrypt",
      ShellWord(setup.region), ShellWord(setup.encryption.kms_key_id.value_or("")),
      ShellWord(setup.partner.role_arn));
}

std::string RoleCommands(const std::string& name, const Json& trust, const Json& rights) {
  const std::string role = "--role-name " + ShellWord(name);
  return fmt::format(
      "if aws iam get-role {0} >/dev/null 2>&1; then\n"
      "{1}"
      "else\n"
      "{2}"
      "fi\n"
      "aws iam put-role-policy {0} --policy-name sluice \\\n  {3}",
      role,
      Indented(fmt::format("aws iam update-assume-role-policy {} \\\n  {}\n", role,
                           DocumentOption("--policy-document", trust))),
      Indented(fmt::format("aws iam create-role {} \\\n  {}\n", role,
                           DocumentOption("--assume-role-policy-document", trust))),
      DocumentOption("--policy-document", rights));
}

}  // namespace sluice::onboard
