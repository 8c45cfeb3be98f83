#include "conformance/tiny_program.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sandgauge {
namespace {

constexpr std::uint64_t kAddress = 0x400000;

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;

struct Code {
  explicit Code(TinyCall call) {
    std::memcpy(bytes + 1, &call.number, 4);
    std::memcpy(bytes + 6, &call.first, 4);
  }
  unsigned char bytes[22] = {0xB8, 0,    0,   0, 0,  // mov eax, number
                             0xBF, 0,    0,   0, 0,  // mov edi, first
                             0x0F, 0x05,             // syscall
                             0x89, 0xC7,             // mov edi, eax
                             0xB8, 231,  0,   0, 0,  // mov eax, exit_group
                             0x0F, 0x05, 0xF4};      // syscall; hlt
};
#else
constexpr std::uint16_t kMachine = EM_AARCH64;

/// Numbers and arguments of up to 16 bits.
struct Code {
  explicit Code(TinyCall call) {
    bytes[0] |= static_cast<std::uint32_t>(call.number & 0xFFFF) << 5;
    bytes[1] |= static_cast<std::uint32_t>(call.first & 0xFFFF) << 5;
  }
  std::uint32_t bytes[5] = {0xD2800008,   // mov x8, number
                            0xD2800000,   // mov x0, first
                            0xD4000001,   // svc 0
                            0xD2800BC8,   // mov x8, exit_group (94)
                            0xD4000001};  // svc 0
};
#endif

}  // namespace

std::size_t write_tiny_program(unsigned char (&buffer)[kTinyProgramSize], TinyCall call) {
  constexpr std::size_t kCode = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
  const Code code(call);
  static_assert(kCode + sizeof code.bytes <= kTinyProgramSize);
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = kMachine;
  header.e_version = EV_CURRENT;
  header.e_entry = kAddress + kCode;
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_flags = PF_R | PF_X;
  segment.p_vaddr = segment.p_paddr = kAddress;
  segment.p_filesz = segment.p_memsz = kCode + sizeof code.bytes;
  segment.p_align = 0x10000;  // the greatest page size of aarch64
  std::memcpy(buffer, &header, sizeof header);
  std::memcpy(buffer + sizeof header, &segment, sizeof segment);
  std::memcpy(buffer + kCode, code.bytes, sizeof code.bytes);
  return kCode + sizeof code.bytes;
}

UniqueFd tiny_program(Stage& stage, TinyCall call) {
  unsigned char buffer[kTinyProgramSize] = {};
  const std::size_t length = write_tiny_program(buffer, call);
  UniqueFd program(static_cast<int>(raw_syscall(SYS_memfd_create, reinterpret_cast<std::intptr_t>("tiny"), MFD_CLOEXEC)));
  if (!program) stage.broken("memfd_create");
  if (::write(program.get(), buffer, length) != static_cast<ssize_t>(length)) stage.broken("write of a program", errno);
  return program;
}

void execute(Stage& stage, int program) {
  char name[] = "tiny";
  char* arguments[] = {name, nullptr};
  char* environment[] = {nullptr};
  const std::int64_t result =
      raw_syscall(SYS_execveat, program, reinterpret_cast<std::intptr_t>(""), reinterpret_cast<std::intptr_t>(arguments),
                  reinterpret_cast<std::intptr_t>(environment), AT_EMPTY_PATH);
  if (result == -EACCES)
    stage.skip("this machine does not execute what a program has just made (vm.memfd_noexec, noexec, a security module)");
  stage.broken("execveat", -result);
}

}  // namespace sandgauge
