// Profiles, format by format.

#include "profile.h"
#include "target.h"

namespace sandgauge::fuzz {
namespace {

const Target policy_yaml("policy_yaml", [](std::string_view text) { try_profile(text, ProfileFormat::yaml); });
const Target oci_json("oci_json", [](std::string_view text) { try_profile(text, ProfileFormat::oci); });
const Target kafel("kafel", [](std::string_view text) { try_profile(text, ProfileFormat::kafel); });
const Target minijail("minijail", [](std::string_view text) { try_profile(text, ProfileFormat::minijail); });
const Target env_list("env_list", [](std::string_view text) { try_profile(text, ProfileFormat::env); });
const Target bpf_bytes("bpf_bytes", [](std::string_view bytes) { try_profile(bytes, ProfileFormat::bpf); });
const Target bpf_hex("bpf_hex", [](std::string_view text) { try_profile(text, ProfileFormat::bpf_hex); });
const Target bpf_c("bpf_c", [](std::string_view text) { try_profile(text, ProfileFormat::bpf_c); });

}  // namespace
}  // namespace sandgauge::fuzz
