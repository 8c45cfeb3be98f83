#include "report/page.h"

#include <gmock/gmock.h>

namespace sandgauge::page_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(PageTest, EscapesTheTitleAndKeepsTheBody) {
  const std::string page = html_page("a <b> \x1b[1m", ".mine{color:red}", "<p>kept</p>\n");
  EXPECT_THAT(page, HasSubstr("<title>a &lt;b&gt; \\x1b[1m</title>"));
  EXPECT_THAT(page, HasSubstr("<h1>a &lt;b&gt; \\x1b[1m</h1>\n<p>kept</p>\n</body>"));
  EXPECT_THAT(page, HasSubstr(".mine{color:red}</style>"));
}

TEST(PageTest, NeedsNothingFromElsewhere) {
  const std::string page = html_page("x", "", "");
  for (const char* outside : {"http:", "https:", "url(", "@import", "src=", "<link"})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
}

TEST(PageTest, FollowsTheReadersScreenColoursAndPaper) {
  const std::string page = html_page("x", "", "");
  for (const char* part : {"width=device-width", "prefers-color-scheme:dark", "@media print"})
    EXPECT_THAT(page, HasSubstr(part));
}

}  // namespace
}  // namespace sandgauge::page_test
