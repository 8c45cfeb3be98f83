// The frame of every HTML page: one file that needs no network and reads well on a phone, in dark mode and on paper.
//
//   return html_page("Cost of filters", ".bar{display:grid}", "<p>12 rounds</p>");
//
// Colours are CSS variables (--ink, --paper, --faint, --soft, --accent, --second, --third, --bad) that follow the reader's
// setting; the classes good, fair, poor and none colour what was judged. A wide table goes into <div class="wide">.
#pragma once

#include <string>
#include <string_view>

namespace sandgauge {

/// `title` is text and is escaped; it is the page's heading too. `style` and `body` are CSS and HTML.
std::string html_page(std::string_view title, std::string_view style, std::string_view body);

}  // namespace sandgauge
