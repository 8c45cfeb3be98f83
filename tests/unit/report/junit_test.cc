#include "report/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.h"

namespace sandgauge::junit_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kProperties =
    "    <properties>\n"
    "      <property name=\"version\" value=\"0.1.0\"/>\n"
    "      <property name=\"kernel\" value=\"6.1.0\"/>\n"
    "      <property name=\"machine\" value=\"x86_64\"/>\n"
    "      <property name=\"user\" value=\"root\"/>\n"
    "      <property name=\"note\" value=\"1 filter is already loaded: its verdicts come first\"/>\n"
    "    </properties>\n";

TEST(JunitTest, EveryStatusHasItsElement) {
  EXPECT_EQ(to_junit(sample_report()),
            std::string("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<testsuites name=\"sandgauge\" tests=\"4\" failures=\"1\" errors=\"1\" time=\"0.020000\">\n"
                        "  <testsuite name=\"uname\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" "
                        "time=\"0.002000\" hostname=\"box\">\n") +
                kProperties +
                "    <testcase classname=\"uname\" name=\"uname/uname/KILL\" time=\"0.000500\"/>\n"
                "    <testcase classname=\"uname\" name=\"uname/deny/bpf\" time=\"0.001500\">\n"
                "      <failure type=\"expectation\" message=\"exit is 0\">cases/uname.yaml:12\n"
                "ERRNO(EPERM) makes uname fail\n"
                "exit is 0\n"
                "backend bpf, probe handler+audit\n"
                "exit: expected 2, observed 0\n"
                "stderr: expected , observed \\x1b[1mx\\n\n"
                "the kernel did ALLOW\n"
                "stdout: ID: 0\\n\n"
                "to reproduce:\n"
                "  0: ld [4]\n"
                "  1: ret ALLOW\n"
                "  sandgauge run --filter 'uname/deny/bpf'\n"
                "</failure>\n"
                "    </testcase>\n"
                "  </testsuite>\n"
                "  <testsuite name=\"getuid\" tests=\"2\" failures=\"0\" errors=\"1\" skipped=\"1\" time=\"0.000000\" "
                "hostname=\"box\">\n" +
                kProperties +
                "    <testcase classname=\"getuid\" name=\"getuid/getuid/TRAP\" time=\"0.000000\">\n"
                "      <error type=\"setup\" message=\"execve /x: ENOENT\">execve /x: ENOENT\n"
                "</error>\n"
                "    </testcase>\n"
                "    <testcase classname=\"getuid\" name=\"getuid/getuid/LOG\" time=\"0.000000\">\n"
                "      <skipped type=\"requirement\" message=\"needs CAP_AUDIT_READ\"/>\n"
                "    </testcase>\n"
                "  </testsuite>\n"
                "</testsuites>\n");
}

TEST(JunitTest, ARunOfNothingHasNoSuites) {
  EXPECT_EQ(to_junit({}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"sandgauge\" tests=\"0\" failures=\"0\" errors=\"0\" time=\"0.000000\">\n"
            "</testsuites>\n");
}

TEST(JunitTest, MarkupInNamesAndReasonsIsEscaped) {
  Report report{.kernel = "6<&>\"\x02"};
  report.results = {with_status(passing("a&b", "<x>", "\""), Status::fail, Cause::expectation, "1 < 2\n& \"so\"\x1b\xff")};
  report.results[0].facts = {"</failure>"};
  const std::string xml = to_junit(report);
  EXPECT_THAT(xml, HasSubstr("value=\"6&lt;&amp;&gt;&quot;\""));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"a&amp;b\""));
  EXPECT_THAT(xml, HasSubstr("classname=\"a&amp;b\" name=\"a&amp;b/&lt;x&gt;/&quot;\""));
  EXPECT_THAT(xml, HasSubstr("message=\"1 &lt; 2&#10;&amp; &quot;so&quot;\ufffd\""));
  EXPECT_THAT(xml, HasSubstr("\n&lt;/failure&gt;\n</failure>"));
}

TEST(JunitTest, AnUnknownHostIsNotNamed) {
  Report report = sample_report();
  report.started = "2026-01-31T23:59:59Z";
  EXPECT_THAT(to_junit(report), HasSubstr(" hostname=\"box\" timestamp=\"2026-01-31T23:59:59Z\">"));
  report.hostname = "";
  EXPECT_THAT(to_junit(report), Not(HasSubstr("hostname")));
}

TEST(JunitTest, AnInterruptedRunIsAnErrorOfItsOwn) {
  Report report;
  report.results = {passing("s", "a", "LOG")};
  report.interrupted = true;
  report.not_run = 2;
  const std::string xml = to_junit(report);
  EXPECT_THAT(xml, HasSubstr("<testsuites name=\"sandgauge\" tests=\"2\" failures=\"0\" errors=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<testcase classname=\"sandgauge\" name=\"sandgauge/run\""));
  EXPECT_THAT(xml, HasSubstr("<error type=\"interrupted\" message=\"interrupted: 2 cases not run\">"));
}

TEST(JunitTest, SurvivingMutantsAreAFailure) {
  Report report;
  report.results = {passing("s", "a", "LOG")};
  report.mutation = {{.mutants = 2, .noticed = 1, .survivors = {{"s/a/LOG", "LOG -> ALLOW"}}}};
  const std::string xml = to_junit(report);
  EXPECT_THAT(xml, HasSubstr("tests=\"2\" failures=\"1\" errors=\"0\""));
  EXPECT_THAT(xml, HasSubstr("name=\"sandgauge/mutation\""));
  EXPECT_THAT(xml, HasSubstr("survived: s/a/LOG: LOG -&gt; ALLOW\n</failure>"));
}

}  // namespace
}  // namespace sandgauge::junit_test
