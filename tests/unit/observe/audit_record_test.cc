#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "observe/audit.h"

namespace sandgauge::audit_record_test {
namespace {

using testing::HasSubstr;

constexpr char kRecord[] =
    "audit(1606791644.847:499): auid=1000 uid=1000 gid=1000 ses=4 subj=unconfined pid=23772 comm=\"getuid\" "
    "exe=\"/vagrant/examples/getuid\" sig=0 arch=c000003e syscall=102 compat=0 ip=0x7f3739414b2b code=0x7ffc0000";

const AuditRecord kParsed{.serial = 499,
                          .pid = 23772,
                          .signal = 0,
                          .arch = 0xC000003E,
                          .syscall = 102,
                          .compat = false,
                          .code = 0x7FFC0000,
                          .instruction_pointer = 0x7F3739414B2B,
                          .comm = "getuid",
                          .exe = "/vagrant/examples/getuid",
                          .session = 4};

/// kRecord with one piece replaced.
std::string with(const std::string& piece, const std::string& replacement) {
  std::string text = kRecord;
  const std::size_t at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return text.replace(at, piece.size(), replacement);
}

TEST(ParseAuditRecordTest, ReadsTheKernelsText) {
  const auto record = parse_audit_record(kRecord);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(*record, kParsed);
}

TEST(ParseAuditRecordTest, TheSessionMayBeMissingButNotWrong) {
  const auto without = parse_audit_record(with(" ses=4", ""));
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_EQ(without->session, kNoAuditSession);
  const auto unset = parse_audit_record(with("ses=4", "ses=4294967295"));
  ASSERT_TRUE(unset) << unset.error().message;
  EXPECT_EQ(unset->session, kNoAuditSession);
  EXPECT_FALSE(parse_audit_record(with("ses=4", "ses=x")));
}

TEST(ParseAuditRecordTest, SkipsWhatLogsPutAroundIt) {
  const std::string record = kRecord;
  for (const std::string& text : {
           "type=1326 " + record,
           "audit: type=1326 " + record + "\n",
           "[   12.345678] audit: type=1326 " + record,
           "Nov 22 05:49:01 host kernel: audit: type=1326 " + record,
           "type=SECCOMP msg=" + record +
               "\x1d"
               "ARCH=x86_64 SYSCALL=getuid AUID=\"vagrant\" SIG=0 PID=1",
           record + std::string("\0", 1),
       }) {
    const auto parsed = parse_audit_record(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, kParsed) << text;
  }
}

TEST(ParseAuditRecordTest, RefusesAnotherType) {
  const auto record = parse_audit_record("type=1300 " + std::string(kRecord));
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().message, "audit record: of type '1300', expected 1326 (SECCOMP)");
}

TEST(ParseAuditRecordTest, DecodesStringsWithOddBytes) {
  auto record = parse_audit_record(with("\"getuid\"", "61206222"));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->comm, "a b\"");
  record = parse_audit_record(with("\"/vagrant/examples/getuid\"", "2F746D702FC3A9"));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->exe, "/tmp/\xC3\xA9");
}

TEST(ParseAuditRecordTest, TakesUnquotedTextThatIsNotHexAsItIs) {
  for (const char* exe : {"(null)", "?", "abc"}) {  // three digits are no hex string
    const auto record = parse_audit_record(with("\"/vagrant/examples/getuid\"", exe));
    ASSERT_TRUE(record);
    EXPECT_EQ(record->exe, exe);
  }
}

TEST(ParseAuditRecordTest, KeepsDigitsInQuotesAsText) {
  const auto record = parse_audit_record(with("\"getuid\"", "\"6120\""));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->comm, "6120");
}

TEST(ParseAuditRecordTest, IgnoresWordsWithinALabel) {
  auto record = parse_audit_record(with("subj=unconfined", "subj=docker-default (enforce)"));
  ASSERT_TRUE(record);
  EXPECT_EQ(*record, kParsed);
  record = parse_audit_record(with("subj=unconfined", "subj=profile pid=1 sig=31 code=0x0"));
  ASSERT_TRUE(record);
  EXPECT_EQ(*record, kParsed) << "a label cannot pose as later fields";
}

TEST(ParseAuditRecordTest, ReadsKillsForeignAbisAndNegativeNumbers) {
  auto record =
      parse_audit_record(with("sig=0 arch=c000003e syscall=102 compat=0", "sig=31 arch=40000003 syscall=20 compat=1"));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->signal, 31);
  EXPECT_EQ(record->arch, 0x40000003U);
  EXPECT_TRUE(record->compat);
  record = parse_audit_record(with("syscall=102", "syscall=-1"));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->syscall, -1);
  record = parse_audit_record(with("syscall=102", "syscall=1073741863"));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->syscall, 0x40000000 | 39);
}

TEST(ParseAuditRecordTest, NamesTheFieldThatIsMissing) {
  for (const char* field : {"pid", "comm", "exe", "sig", "arch", "syscall", "compat", "ip", "code"}) {
    const auto record = parse_audit_record(with(std::string(" ") + field + "=", " other="));
    ASSERT_FALSE(record) << field;
    EXPECT_EQ(record.error().message, std::string("audit record: no field ") + field + "=");
  }
}

TEST(ParseAuditRecordTest, NamesTheFieldThatIsWrong) {
  const struct {
    const char* piece;
    const char* replacement;
    const char* complaint;
  } rows[] = {
      {"pid=23772", "pid=x", "pid= is 'x', expected a number"},
      {"pid=23772", "pid=", "pid= is '', expected a number"},
      {"pid=23772", "pid=99999999999", "pid= is '99999999999', expected a number"},
      {"sig=0", "sig=0x", "sig= is '0x', expected a number"},
      {"arch=c000003e", "arch=x86_64", "arch= is 'x86_64', expected a number"},
      {"code=0x7ffc0000", "code=0x17ffc0000", "code= is '0x17ffc0000', expected a number"},
      {"compat=0", "compat=no", "compat= is 'no', expected a number"},
      {"getuid\" sig=0", "getuid sig=0", "expected a closing quote"},
  };
  for (const auto& row : rows) {
    const auto record = parse_audit_record(with(row.piece, row.replacement));
    ASSERT_FALSE(record) << row.replacement;
    EXPECT_THAT(record.error().message, HasSubstr(row.complaint));
  }
}

TEST(ParseAuditRecordTest, NeedsATimeAndASerial) {
  for (const std::string& text : {std::string(), std::string("audit"), std::string("audit("), std::string("auid=1 pid=2"),
                                  with("audit(1606791644.847:499)", "audit(1606791644.847:499")}) {
    const auto record = parse_audit_record(text);
    ASSERT_FALSE(record) << text;
    EXPECT_EQ(record.error().message, "audit record: no audit(time:serial)") << text;
  }
  for (const char* stamp : {"audit()", "audit(1606791644.847)", "audit(499)", "audit(1606791644.847:)", "audit(1.2:x)"}) {
    const auto record = parse_audit_record(with("audit(1606791644.847:499)", stamp));
    ASSERT_FALSE(record) << stamp;
    EXPECT_THAT(record.error().message, HasSubstr("no serial number in the stamp '"));
  }
}

TEST(ParseAuditRecordTest, SurvivesEveryTruncation) {
  const std::string text = kRecord;
  for (std::size_t length = 0; length < text.size(); ++length) {
    const auto record = parse_audit_record(text.substr(0, length));
    // What is left of the last number may still be one.
    if (length <= text.find("code=0x")) {
      ASSERT_FALSE(record) << length;
      EXPECT_THAT(record.error().message, HasSubstr("audit record: ")) << length;
    }
  }
}

}  // namespace
}  // namespace sandgauge::audit_record_test
