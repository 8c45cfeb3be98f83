// What guests, packages and tools of the host say to the lab.

#include "lab/debian.h"
#include "lab/elf.h"
#include "lab/kernel.h"
#include "lab/wire.h"
#include "target.h"

namespace sandgauge::fuzz {
namespace {

/// All frames of the bytes, which arrive in pieces of this size.
Result<std::string> frames_of(std::string_view bytes, std::size_t piece) {
  FrameReader reader;
  std::string frames;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    auto fed = reader.feed(bytes.substr(0, piece), [&](Frame frame) {
      frames += fmt::format("{}{}:{}", static_cast<char>(frame.type), frame.payload.size(), frame.payload);
    });
    if (!fed) return fail(fed.error());
  }
  return frames;
}

const Target wire("wire", [](std::string_view bytes) {
  const auto whole = frames_of(bytes, bytes.size());
  const auto pieces = frames_of(bytes, 3);
  expect(accepted(whole) == accepted(pieces), "frames do not depend on how they arrive");
  if (whole) expect(*whole == *pieces, "frames do not depend on how they arrive");
});

const Target host_tools("host_tools", [](std::string_view text) {
  loader_of(text);
  (void)accepted(parse_loader_list(text));
  for (const DebianKernel& kernel : parse_madison(text)) expect(!kernel.version.empty(), "a kernel has a version");
  depends_on(text, "linux-image-");
  (void)accepted(parse_kernel_name(text));
});

}  // namespace
}  // namespace sandgauge::fuzz
