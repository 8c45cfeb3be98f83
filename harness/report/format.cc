#include "report/format.h"

namespace sandgauge {

Result<Format> parse_format(std::string_view name) {
  if (name == "text") return Format::text;
  if (name == "tap") return Format::tap;
  if (name == "junit") return Format::junit;
  if (name == "json") return Format::json;
  return fail("unknown format '{}', expected text, tap, junit or json", name);
}

}  // namespace sandgauge
