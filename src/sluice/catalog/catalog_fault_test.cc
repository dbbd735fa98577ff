#include "sluice/catalog/catalog_fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/runtime/log.h"

namespace sluice::catalog {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const TableName kEvents{"main", "sales", "events"};

Error ErrorOf(int status, const std::string& body, const Subject& subject = SubjectOf(kEvents)) {
  return ToError(ParseFault(status, body), subject);
}
std::string Databricks(const std::string& code, const std::string& message,
                       const std::string& details = "[]") {
  return R"({"error_code":")" + code + R"(","message":")" + message + R"(","details":)" + details +
         "}";
}
std::string Newer(const std::string& type, const std::string& message) {
  return R"({"error":{"type":")" + type + R"(","message":")" + message +
         R"(","code":1,"stack":null}})";
}

// --- What is missing

TEST(CatalogFaultTest, GrantIsTakenFromTheMetadata) {
  const Error error = ErrorOf(
      403, Databricks("PERMISSION_DENIED", "denied",
                      R"([{"reason":"PERMISSION_DENIED","metadata":{"msg":"EXTERNAL USE SCHEMA",)"
                      R"("resourceType":"SCHEMA","resourceName":"main.odd-name"}}])"));
  EXPECT_EQ(error.kind, ErrorKind::kPermission);
  EXPECT_THAT(error.message, HasSubstr("main.sales.events"));
  EXPECT_THAT(error.remedy, HasSubstr("GRANT EXTERNAL USE SCHEMA ON SCHEMA main.`odd-name` TO "
                                      "`<user or service principal>`"));
  EXPECT_THAT(error.remedy, HasSubstr("not part of ALL PRIVILEGES"));
}

TEST(CatalogFaultTest, GrantIsTakenFromTheMessage) {
  Subject subject = SubjectOf({"main", "my sales", "ev`ents"});
  subject.asker = "11aa-22bb";
  const auto remedy = [&](const std::string& said) {
    return ErrorOf(403, Databricks("PERMISSION_DENIED", said), subject).remedy;
  };
  EXPECT_THAT(remedy("User does not have USE CATALOG on Catalog 'main'."),
              HasSubstr("run GRANT USE CATALOG ON CATALOG main TO `11aa-22bb`"));
  EXPECT_THAT(remedy("User does not have USE SCHEMA on Schema"),
              HasSubstr("GRANT USE SCHEMA ON SCHEMA main.`my sales` TO"));
  EXPECT_THAT(remedy("requires permission SELECT"),
              HasSubstr("GRANT SELECT ON TABLE main.`my sales`.`ev``ents` TO"));
  EXPECT_THAT(remedy("EXTERNAL_USE_SCHEMA"),
              HasSubstr("run GRANT EXTERNAL USE SCHEMA ON SCHEMA main.`my sales` TO"));
  EXPECT_THAT(remedy("EXTERNAL_USE_SCHEMA"), Not(HasSubstr("GRANT USE SCHEMA")));
}

TEST(CatalogFaultTest, PartOfAWordIsNotAPrivilege) {
  EXPECT_THAT(ErrorOf(403, Databricks("X", "the selected table cannot be browsed")).message,
              HasSubstr("without saying which grant"));
}

TEST(CatalogFaultTest, PathNeedsTheGrantOfItsExternalLocation) {
  Subject subject;
  subject.name = subject.location = "s3://lake/export";
  const std::string named =
      Databricks("PERMISSION_DENIED", "User lacks EXTERNAL USE LOCATION",
                 R"([{"metadata":{"resourceType":"EXTERNAL_LOCATION","resourceName":"exports"}}])");
  EXPECT_THAT(ErrorOf(403, named, subject).remedy,
              HasSubstr("GRANT EXTERNAL USE LOCATION ON EXTERNAL LOCATION exports TO"));
  EXPECT_THAT(ErrorOf(403, Databricks("PERMISSION_DENIED", "no"), subject).remedy,
              HasSubstr("`<the external location that holds s3://lake/export>`"));
}

TEST(CatalogFaultTest, DenialThatNamesNoGrantListsAllAndWhatElseItMayBe) {
  const Error error = ErrorOf(403, Newer("PermissionDeniedException", "Access denied."));
  EXPECT_EQ(error.kind, ErrorKind::kPermission);
  for (const char* grant :
       {"USE CATALOG ON CATALOG main ", "USE SCHEMA ON SCHEMA main.sales ",
        "SELECT ON TABLE main.sales.events ", "EXTERNAL USE SCHEMA ON SCHEMA main.sales "}) {
    EXPECT_THAT(error.remedy, HasSubstr(std::string("GRANT ") + grant));
  }
  EXPECT_THAT(error.remedy, HasSubstr("row filters, column masks or a policy"));
}

TEST(CatalogFaultTest, ExternalAccessThatIsSwitchedOffIsNotABadToken) {
  for (const char* what : {"TABLE", "PATH"}) {
    const std::string reason =
        std::string("UNITY_CATALOG_EXTERNAL_GENERATE_") + what + "_CREDENTIALS_DENIED";
    const std::string body =
        Databricks("UNAUTHENTICATED", "denied", R"([{"reason":")" + reason + "\"}]");
    EXPECT_FALSE(IsRefusedToken(ParseFault(401, body)));
    EXPECT_FALSE(IsRefusedToken(ParseFault(401, Databricks(reason, "denied"))));
    EXPECT_THAT(ErrorOf(401, body).message, HasSubstr("switched off for the metastore"));
    EXPECT_THAT(ErrorOf(401, body).remedy, HasSubstr("External data access"));
  }
  // The newer API sends the sentence alone.
  EXPECT_FALSE(
      IsRefusedToken(ParseFault(401, Newer("NotAuthorizedException",
                                           "Request to generate access credential for table 't' "
                                           "from outside of Databricks is denied"))));
  EXPECT_TRUE(IsRefusedToken(ParseFault(401, Newer("NotAuthorizedException", "expired"))));
  EXPECT_THAT(ErrorOf(401, "{}").message, HasSubstr("does not accept the token"));
}

TEST(CatalogFaultTest, WhatDoesNotExistIsNotFound) {
  for (const char* code :
       {"TABLE_NOT_FOUND", "TABLE_DOES_NOT_EXIST", "SCHEMA_NOT_FOUND", "CATALOG_DOES_NOT_EXIST"}) {
    EXPECT_EQ(ErrorOf(404, Databricks(code, "x")).kind, ErrorKind::kNotFound) << code;
    EXPECT_FALSE(IsRouteMissing(ParseFault(404, Databricks(code, "x")))) << code;
  }
  EXPECT_FALSE(IsRouteMissing(ParseFault(404, Newer("NoSuchCatalogException", "x"))));
  EXPECT_FALSE(
      IsRouteMissing(ParseFault(404, Databricks("EXTERNAL_LOCATION_DOES_NOT_EXIST", "x"))));
  EXPECT_TRUE(IsRouteMissing(ParseFault(404, "Status: 404\nDescription: Not Found\n")));
  EXPECT_TRUE(IsRouteMissing(ParseFault(404, Databricks("ENDPOINT_NOT_FOUND", "No API found"))));
}

TEST(CatalogFaultTest, ServerOfAnotherKindIsAMistakeInTheUrl) {
  EXPECT_EQ(ErrorOf(404, "nothing here").kind, ErrorKind::kConfig);
  EXPECT_THAT(ErrorOf(404, "nothing here").remedy, HasSubstr("catalog.url"));
}

TEST(CatalogFaultTest, StorageOfTheCatalogIsRefusedForPaths) {
  Subject subject;
  subject.name = subject.location = "s3://lake/__unitystorage/x";
  const Error error = ErrorOf(
      400, Databricks("INVALID_PARAMETER_VALUE", "LOCATION_OVERLAP: overlaps with managed storage"),
      subject);
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(error.remedy, HasSubstr("outside of every managed location"));
}

TEST(CatalogFaultTest, FiltersAndMasksAreNamed) {
  const Error error = ErrorOf(
      400, Databricks("BAD_REQUEST", "Table with row filter or column mask is not supported"));
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(error.message, HasSubstr("row filters"));
}

TEST(CatalogFaultTest, OverloadMayPass) {
  EXPECT_EQ(ErrorOf(429, Newer("TooManyRequestsException", "slow down")).kind,
            ErrorKind::kTransient);
  EXPECT_EQ(ErrorOf(503, "").kind, ErrorKind::kTransient);
  EXPECT_EQ(ErrorOf(501, "").kind, ErrorKind::kUnsupported);
}

// --- What a hostile server says

TEST(CatalogFaultTest, SecretThatTheServerEchoesIsHidden) {
  runtime::RegisterSecret("dapi-echoed-secret");
  const Error error =
      ErrorOf(401, Databricks("X dapi-echoed-secret", "bad token dapi-echoed-secret"));
  EXPECT_THAT(error.message, Not(HasSubstr("dapi-echoed")));
}

TEST(CatalogFaultTest, SecretAtTheCutIsHiddenToo) {
  runtime::RegisterSecret("dapi-secret-at-the-cut");
  const Error error =
      ErrorOf(401, Databricks("X", std::string(490, 'x') + "dapi-secret-at-the-cut"));
  EXPECT_THAT(error.message, Not(HasSubstr("dapi-")));
}

TEST(CatalogFaultTest, LongAndUnprintableTextIsCut) {
  const Error error = ErrorOf(403, Databricks("X", "a\\u001b[31m" + std::string(100'000, 'x')));
  EXPECT_LT(error.message.size(), 2000U);
  EXPECT_THAT(error.message, Not(HasSubstr("\x1b")));
}

TEST(CatalogFaultTest, NameFromTheServerCannotEndTheQuote) {
  const Error error =
      ErrorOf(403, Databricks("PERMISSION_DENIED", "no",
                              R"([{"metadata":{"msg":"USE CATALOG","resourceType":"CATALOG",)"
                              R"("resourceName":"a` TO evil; DROP TABLE b"}}])"));
  EXPECT_THAT(error.remedy, HasSubstr("`a`` TO evil; DROP TABLE b`"));
}

TEST(CatalogFaultTest, MembersOfOtherTypesAreIgnored) {
  for (const char* body :
       {"[]", "null", "7", R"({"error":7})", R"({"error":{"type":[],"message":{}}})",
        R"({"error_code":403,"message":null,"details":{"a":1}})",
        R"({"details":[1,{"reason":2,"metadata":[]},{"metadata":{"msg":3}}]})"}) {
    EXPECT_EQ(ErrorOf(403, body).kind, ErrorKind::kPermission) << body;
  }
}

}  // namespace
}  // namespace sluice::catalog
