#include "sluice/catalog/sign_in.h"

#include <gtest/gtest.h>

#include "sluice/catalog/catalog_fixture.h"
#include "sluice/runtime/log.h"
#include "sluice/testing/matchers.h"

namespace sluice::catalog {
namespace {

using testing::HasMessage;
using testing::HasRemedy;
using testing::IsError;

class SignInTest : public ::testing::Test {
 protected:
  /// "host token client_id client_secret", "-" for what is not set; or the error.
  std::string Found() {
    const auto found = FindSignIn(options_);
    if (!found) return found.error().message;
    const auto shown = [](const std::string& text) { return text.empty() ? "-" : text; };
    return shown(found->host) + " " + shown(found->token) + " " + shown(found->client_id) + " " +
           shown(found->client_secret);
  }

  SignInEnvironment environment_;
  CatalogOptions options_;
};

// --- Precedence

TEST_F(SignInTest, VariablesThatTheConfigNamesAloneSayWhoAsks) {
  environment_.WriteProfiles("[DEFAULT]\nhost = https://a\ntoken = of-profile\n");
  environment_.Set("DATABRICKS_TOKEN", "of-databricks");
  environment_.Set("MINE", "of-mine");
  options_.url = "https://b";
  options_.token_env = "MINE";
  EXPECT_EQ(Found(), "https://b of-mine - -");
}

TEST_F(SignInTest, ClientOfNamedVariables) {
  environment_.Set("MY_ID", "an-id");
  environment_.Set("MY_SECRET", "a-secret");
  environment_.Set("DATABRICKS_HOST", "https://of-variable");
  options_.client_id_env = "MY_ID";
  options_.client_secret_env = "MY_SECRET";
  EXPECT_EQ(Found(), "https://of-variable - an-id a-secret");
}

TEST_F(SignInTest, NamedVariableThatIsNotSetIsNamed) {
  options_.url = "https://b";
  options_.token_env = "NOT_SET_ANYWHERE";
  EXPECT_THAT(FindSignIn(options_), IsError(ErrorKind::kConfig));
  EXPECT_THAT(FindSignIn(options_), HasMessage("NOT_SET_ANYWHERE"));
}

TEST_F(SignInTest, DefaultProfileIsReadWhereNothingElseSaysWhoAsks) {
  environment_.WriteProfiles(
      "[DEFAULT]\nhost = https://a\ntoken = of-profile\n[other]\ntoken = no\n");
  EXPECT_EQ(Found(), "https://a of-profile - -");
  options_.url = "https://a";
  EXPECT_EQ(Found(), "https://a of-profile - -");
}

TEST_F(SignInTest, FileMayNameItsDefaultProfile) {
  environment_.WriteProfiles(
      "[DEFAULT]\nhost = https://a\ntoken = no\n[__settings__]\ndefault_profile = two\n"
      "[two]\nhost = https://two\ntoken = of-two\n");
  EXPECT_EQ(Found(), "https://two of-two - -");
}

TEST_F(SignInTest, VariablesKeepTheDefaultProfileOut) {
  environment_.WriteProfiles("[DEFAULT]\nhost = https://a\nclient_id = i\nclient_secret = s\n");
  environment_.Set("DATABRICKS_HOST", "https://b");
  environment_.Set("DATABRICKS_TOKEN", "of-variable");
  EXPECT_EQ(Found(), "https://b of-variable - -");
}

TEST_F(SignInTest, VariablesWinOverANamedProfileSettingBySetting) {
  environment_.WriteProfiles("[p]\nhost = https://a\ntoken = of-profile\n");
  environment_.Set("DATABRICKS_CONFIG_PROFILE", "p");
  EXPECT_EQ(Found(), "https://a of-profile - -");
  environment_.Set("DATABRICKS_TOKEN", "of-variable");
  EXPECT_EQ(Found(), "https://a of-variable - -");
}

TEST_F(SignInTest, ProfileOfTheConfigWinsOverTheVariables) {
  environment_.WriteProfiles(
      "[p]\nhost = https://a\ntoken = of-p\n[q]\nhost = https://b\ntoken = of-q\n");
  environment_.Set("DATABRICKS_CONFIG_PROFILE", "p");
  options_.profile = "q";
  EXPECT_EQ(Found(), "https://b of-q - -");
}

TEST_F(SignInTest, ProfilesDoNotInheritFromDefault) {
  environment_.WriteProfiles(
      "[DEFAULT]\nhost = https://a\ntoken = of-default\n[p]\nhost = https://b\n");
  options_.profile = "p";
  EXPECT_EQ(Found(), "https://b - - -") << "as Databricks' SDKs read it";
}

TEST_F(SignInTest, AnotherFileMayBeNamed) {
  environment_.WriteProfiles("[DEFAULT]\nhost = https://a\ntoken = of-file\n");
  environment_.Set("DATABRICKS_CONFIG_FILE", "~/nowhere");
  options_.url = "https://a";
  EXPECT_EQ(Found(), "https://a - - -");
  options_.profile = "p";
  EXPECT_THAT(FindSignIn(options_), HasMessage("~/nowhere has no profile 'p'"));
  environment_.Set("DATABRICKS_CONFIG_FILE", "~/.databrickscfg");
  options_.profile = "DEFAULT";
  EXPECT_EQ(Found(), "https://a of-file - -");
}

TEST_F(SignInTest, CatalogWithoutSignInIsAskedWithoutAToken) {
  options_.url = "http://127.0.0.1:8080";
  EXPECT_EQ(Found(), "http://127.0.0.1:8080 - - -");
}

// --- What is refused

TEST_F(SignInTest, TwoWaysAtOnceAreRefusedUnlessOneIsChosen) {
  environment_.WriteProfiles("[p]\nhost = https://a\nclient_id = i\nclient_secret = s-of-p\n");
  environment_.Set("DATABRICKS_TOKEN", "of-variable");
  options_.profile = "p";
  EXPECT_THAT(FindSignIn(options_), HasMessage("more than one way"));
  EXPECT_THAT(FindSignIn(options_), HasMessage("token (DATABRICKS_TOKEN)"));
  EXPECT_THAT(FindSignIn(options_), HasMessage("client_id (profile p of ~/.databrickscfg)"));
  environment_.Set("DATABRICKS_AUTH_TYPE", "oauth-m2m");
  EXPECT_EQ(Found(), "https://a - i s-of-p");
  environment_.Set("DATABRICKS_AUTH_TYPE", "pat");
  EXPECT_EQ(Found(), "https://a of-variable - -");
}

TEST_F(SignInTest, OtherWaysAreRefusedByNameWithWhatWorks) {
  options_.profile = "p";
  const auto with = [&](const std::string& settings) {
    environment_.WriteProfiles("[p]\nhost = https://a\n" + settings);
    return FindSignIn(options_);
  };
  EXPECT_THAT(with("auth_type = databricks-cli\n"), HasMessage("by databricks-cli"));
  EXPECT_THAT(with("auth_type = azure-cli\n"), HasRemedy("DATABRICKS_CLIENT_SECRET"));
  EXPECT_THAT(with("username = u\npassword = p\n"), HasMessage("by basic"));
  EXPECT_THAT(with("azure_tenant_id = t\nazure_client_id = c\nazure_client_secret = s\n"),
              HasMessage("by azure"));
  EXPECT_THAT(with("metadata_service_url = http://x\n"), HasMessage("by metadata-service"));
  EXPECT_THAT(with("auth_type = pat\n"), HasMessage("its settings are missing"));
}

TEST_F(SignInTest, HalfAClientIsRefused) {
  environment_.Set("DATABRICKS_CLIENT_ID", "i");
  options_.url = "https://a";
  EXPECT_THAT(FindSignIn(options_), HasMessage("client secret is missing"));
}

TEST_F(SignInTest, TokenOfTwoLinesIsRefusedAndNotShown) {
  environment_.Set("DATABRICKS_TOKEN", "two\r\nx-evil: lines");
  options_.url = "https://a";
  EXPECT_THAT(FindSignIn(options_), HasMessage("line break"));
  EXPECT_EQ(FindSignIn(options_).error().message.find("evil"), std::string::npos);
}

TEST_F(SignInTest, SecretsOfAProfileGoToItsHostOnly) {
  environment_.WriteProfiles("[DEFAULT]\nhost = https://a.example\ntoken = t-of-a\n");
  options_.url = "https://b.example";
  EXPECT_THAT(FindSignIn(options_), IsError(ErrorKind::kConfig));
  EXPECT_THAT(FindSignIn(options_), HasMessage("is of https://a.example"));
  options_.url = "https://A.example/?o=1";
  EXPECT_TRUE(FindSignIn(options_)) << "the same host";
}

TEST_F(SignInTest, WithoutAHostItIsAskedFor) {
  EXPECT_THAT(FindSignIn(options_), HasMessage("address is missing"));
}

// --- Forms

TEST_F(SignInTest, UrlAsItStandsInABrowserIsCleaned) {
  const auto host = [&](const std::string& url) {
    options_.url = url;
    const auto found = FindSignIn(options_);
    return found ? found->host : found.error().message;
  };
  EXPECT_EQ(host("adb-1.2.azuredatabricks.net"), "https://adb-1.2.azuredatabricks.net");
  EXPECT_EQ(host("https://a/?o=123#x"), "https://a");
  EXPECT_EQ(host("http://a:8080/api/2.1/unity-catalog/"), "http://a:8080");
  EXPECT_EQ(host("https://proxy/uc"), "https://proxy/uc");
  EXPECT_THAT(host("https://u:p@a"), ::testing::HasSubstr("a user or a password"));
  EXPECT_THAT(host("ftp://a"), ::testing::HasSubstr("'ftp'"));
  EXPECT_THAT(host("https://"), ::testing::HasSubstr("not a URL"));
  EXPECT_THAT(host("https://a b"), ::testing::HasSubstr("not a URL"));
}

TEST_F(SignInTest, SecretsAreHiddenFromTheLog) {
  environment_.WriteProfiles("[DEFAULT]\nhost = https://a\ntoken = dapi-in-a-profile\n");
  ASSERT_TRUE(FindSignIn(options_));
  EXPECT_EQ(runtime::Redact("it is dapi-in-a-profile"), "it is ***");
}

TEST(ParseIniTest, ReadsWhatPythonsParserReads) {
  const auto sections = ParseIni(
      "\xef\xbb\xbf# a comment\n; another\nstray = 1\n[one]\r\nHost : https://a\r\ntoken=a=b # c\n"
      "  continued\n[ two ]\nkey\n[one]\nadded = 1\n[broken\nlost = 1\n");
  EXPECT_EQ(sections.at("one").at("host"), "https://a");
  EXPECT_EQ(sections.at("one").at("token"), "a=b # c");
  EXPECT_EQ(sections.at("one").at("added"), "1");
  EXPECT_TRUE(sections.at(" two ").empty());
  EXPECT_EQ(sections.size(), 2U);
}

}  // namespace
}  // namespace sluice::catalog
