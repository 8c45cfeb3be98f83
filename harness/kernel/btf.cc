#include "kernel/btf.h"

#include <linux/btf.h>

#include <cstring>
#include <optional>

namespace sandgauge {
namespace {

/// Bytes that follow a struct btf_type, by its kind; nothing for a kind that is not known.
std::optional<std::size_t> tail_bytes(std::uint32_t kind, std::uint32_t members) {
  constexpr std::uint32_t kEnum64 = 19;  // newer than Debian 12's headers
  switch (kind) {
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG: return 4;
    case BTF_KIND_ARRAY: return sizeof(btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
    case BTF_KIND_DATASEC:
    case kEnum64: return std::size_t{12} * members;
    case BTF_KIND_ENUM:
    case BTF_KIND_FUNC_PROTO: return std::size_t{8} * members;
    case BTF_KIND_PTR:
    case BTF_KIND_FWD:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_FUNC:
    case BTF_KIND_FLOAT:
    case BTF_KIND_TYPE_TAG: return 0;
    default: return std::nullopt;
  }
}

/// The part of `whole` that a header's offset and length name.
std::optional<std::string_view> section(std::string_view whole, std::size_t offset, std::size_t length) {
  if (offset > whole.size() || length > whole.size() - offset) return std::nullopt;
  return whole.substr(offset, length);
}

bool is_named(std::string_view strings, std::uint32_t offset, std::string_view name) {
  const auto at = section(strings, offset, name.size() + 1);
  return at && at->starts_with(name) && at->back() == '\0';
}

}  // namespace

Result<std::uint32_t> btf_function(std::string_view btf, std::string_view name) {
  btf_header header{};
  if (btf.size() < sizeof header) return fail("BTF: {} bytes are no header", btf.size());
  std::memcpy(&header, btf.data(), sizeof header);
  if (header.magic != BTF_MAGIC) return fail("BTF: the first two bytes are {:#x}, not {:#x}", header.magic, BTF_MAGIC);
  const std::size_t base = header.hdr_len;
  const auto types = section(btf, base + header.type_off, header.type_len);
  const auto strings = section(btf, base + header.str_off, header.str_len);
  if (base < sizeof header || !types || !strings) return fail("BTF: the header points beyond the {} bytes", btf.size());

  std::size_t at = 0;
  for (std::uint32_t id = 1; at < types->size(); ++id) {  // 0 is void
    btf_type type{};
    if (types->size() - at < sizeof type) return fail("BTF: type {} is cut off", id);
    std::memcpy(&type, types->data() + at, sizeof type);
    const std::uint32_t kind = BTF_INFO_KIND(type.info);
    const auto tail = tail_bytes(kind, BTF_INFO_VLEN(type.info));
    if (!tail) return fail("BTF: type {} is of the unknown kind {}", id, kind);
    if (kind == BTF_KIND_FUNC && is_named(*strings, type.name_off, name)) return id;
    at += sizeof type;
    if (types->size() - at < *tail) return fail("BTF: type {} is cut off", id);
    at += *tail;
  }
  return fail("BTF: there is no function {}", name);
}

}  // namespace sandgauge
