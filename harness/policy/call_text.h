// System calls as text: what a case makes, and what a rule names.
//
//   parse_call("mkdir(\"teste\", 0o755)")   // one text, one number
//   parse_call("uname(scratch)@i386")       // through the 32-bit entry, with a buffer of 4096 bytes
//
// Grammar: syscall(argument, ...)[@abi]. The syscall is a name or a number, an argument a number, the word scratch, or text
// in double quotes (with \" \\ \n \t and \xHH). At most six arguments. Errors have no place.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/abi.h"
#include "model/probe.h"

namespace sandgauge {

/// Reads the form above and checks that the ABI has the call.
Result<CallRequest> parse_call(std::string_view text);
/// Fails if an argument of an i386 call does not fit in the 32 bits that the probe's int $0x80 passes on. Negative numbers
/// stand for their lower half.
Result<void> check_width(const CallRequest& call);
/// A number, or the word scratch.
Result<CallArgument> parse_call_argument(std::string_view text);
/// The name, or the number in decimal, of a syscall that at least one of the ABIs has. Numbers go from 0 to 0x3fffffff,
/// the ABI's own: x32 without bit 30.
Result<std::string> parse_syscall(std::string_view text, std::span<const Abi> abis);

}  // namespace sandgauge
