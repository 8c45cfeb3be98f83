#include "report/page.h"

#include <fmt/format.h>

#include "report/escape.h"

namespace sandgauge {
namespace {

constexpr char kFrameStyle[] = R"(
:root{color-scheme:light dark;--ink:#1c2733;--paper:#fff;--faint:#d5dce3;--soft:#5b6875;--accent:#0b66c2;--second:#c2570b;--third:#2c8a4b;--bad:#b3261e;
--good-ground:#ddf2e3;--fair-ground:#fbf0cf;--poor-ground:#fadcd9;--none-ground:#eceff2}
@media(prefers-color-scheme:dark){:root{--ink:#e4eaf0;--paper:#12181f;--faint:#34404c;--soft:#9aa8b6;--accent:#6cb2f5;--second:#f2a160;--third:#7ccf96;--bad:#ff8a80;
--good-ground:#173d26;--fair-ground:#453a12;--poor-ground:#512421;--none-ground:#222b34}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:64rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
a{color:var(--accent)}h1{font-size:1.5rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--faint)}
table{border-collapse:collapse;width:100%;font-size:.95rem}td,th{text-align:left;padding:.2rem .5rem .2rem 0;border-bottom:1px solid var(--faint);vertical-align:top}
.wide{overflow-x:auto;overflow-wrap:normal}.wide td,.wide th{padding:.2rem .5rem}.wide td:first-child{white-space:nowrap}
.good{background:var(--good-ground)}.fair{background:var(--fair-ground)}.poor{background:var(--poor-ground)}.none{background:var(--none-ground)}
@media print{:root{color-scheme:light;--ink:#000;--paper:#fff;--faint:#bbb;--soft:#444;--accent:#0b4f94;--second:#a0460a;--third:#1f6b39;
--good-ground:#ddf2e3;--fair-ground:#fbf0cf;--poor-ground:#fadcd9;--none-ground:#eceff2}body{max-width:none;font-size:11pt;padding:0}
.wide{overflow:visible;font-size:8pt}li,tr{break-inside:avoid}h2{break-after:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)";

}  // namespace

std::string html_page(std::string_view title, std::string_view style, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\">\n<title>{0}</title>\n<style>{1}{2}</style>\n</head>\n<body>\n"
      "<h1>{0}</h1>\n{3}</body>\n</html>\n",
      xml_text(visible(title)), kFrameStyle, style, body);
}

}  // namespace sandgauge
