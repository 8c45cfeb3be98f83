#include "lab/wire.h"

namespace sandgauge {
namespace {

constexpr std::string_view kTypes = "ROEHFCX!";

std::size_t length_of(std::string_view header) {
  std::size_t length = 0;
  for (std::size_t i = 4; i >= 1; --i) length = length << 8 | static_cast<unsigned char>(header[i]);
  return length;
}

}  // namespace

Result<void> FrameReader::feed(std::string_view bytes, const std::function<void(Frame)>& take) {
  if (lost_) return fail("the guest sent bytes that are no frame");
  pending_ += bytes;
  std::string_view rest = pending_;
  while (rest.size() >= kFrameHeaderBytes) {
    const std::size_t length = length_of(rest);
    if (kTypes.find(rest[0]) == std::string_view::npos || length > kMostFrameBytes) {
      lost_ = true;
      return fail("the guest sent bytes that are no frame: type {}, length {}", static_cast<unsigned char>(rest[0]), length);
    }
    if (rest.size() < kFrameHeaderBytes + length) break;
    take({.type = static_cast<FrameType>(rest[0]), .payload = rest.substr(kFrameHeaderBytes, length)});
    rest.remove_prefix(kFrameHeaderBytes + length);
  }
  pending_.erase(0, pending_.size() - rest.size());
  return {};
}

}  // namespace sandgauge
