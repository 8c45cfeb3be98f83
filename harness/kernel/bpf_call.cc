#include "kernel/bpf_call.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace sandgauge {
namespace {

long bpf(bpf_cmd command, bpf_attr& attributes) {
  const long result = ::syscall(SYS_bpf, command, &attributes, sizeof attributes);
  return result < 0 ? -errno : result;
}

std::uint64_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

}  // namespace

long load_program(const BpfProgram& program) {
  bpf_attr attributes{};
  attributes.prog_type = program.type;
  attributes.expected_attach_type = program.attach;
  attributes.attach_btf_id = program.btf_id;
  attributes.insns = address(program.code.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(program.code.size());
  attributes.license = address("GPL");
  if (!program.log.empty()) {
    attributes.log_buf = address(program.log.data());
    attributes.log_size = static_cast<std::uint32_t>(program.log.size());
    attributes.log_level = 1;
  }
  return bpf(BPF_PROG_LOAD, attributes);
}

long attach_lsm(int program) {
  bpf_attr attributes{};
  attributes.raw_tracepoint.prog_fd = static_cast<std::uint32_t>(program);
  return bpf(BPF_RAW_TRACEPOINT_OPEN, attributes);
}

long jited_length(int program) {
  bpf_prog_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(program);
  attributes.info.info_len = sizeof info;
  attributes.info.info = address(&info);
  const long result = bpf(BPF_OBJ_GET_INFO_BY_FD, attributes);
  return result < 0 ? result : static_cast<long>(info.jited_prog_len);
}

}  // namespace sandgauge
