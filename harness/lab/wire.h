// The wire between a guest's init and the lab: frames on the guest's second serial port.
//
//   send_frame: 'O' 5 0 0 0 h e l l o      type, length (little endian), that many bytes
//
//   FrameReader reader;
//   reader.feed(bytes, [](Frame frame) { ... });   // once for each frame that is complete
//
// The port carries nothing else, so that what the kernel prints cannot be taken for a result. A frame of an unknown type, or
// one longer than kMostFrameBytes, is an error: the guest's bytes are not to be believed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sandgauge {

enum class FrameType : char {
  ready = 'R',      // init runs and has mounted everything; the payload is uname -r
  out = 'O',        // the command wrote this to its standard output
  err = 'E',        // ... to its standard error
  alive = 'H',      // nothing to say, but init is being scheduled
  file = 'F',       // a file that was asked for begins: its number, as decimal digits
  content = 'C',    // more of that file
  ended = 'X',      // the command's wait status, as decimal digits; the last frame
  impossible = '!'  // init could not do its work; the payload says why
};

inline constexpr std::size_t kFrameHeaderBytes = 5;
inline constexpr std::size_t kMostFrameBytes = 64 * 1024;

struct Frame {
  FrameType type = FrameType::alive;
  std::string_view payload;
};

class FrameReader {
 public:
  /// Calls `take` for each complete frame; keeps the rest for the next time. Fails at bytes that are no frame, and after
  /// that always.
  Result<void> feed(std::string_view bytes, const std::function<void(Frame)>& take);

 private:
  std::string pending_;
  bool lost_ = false;
};

}  // namespace sandgauge
