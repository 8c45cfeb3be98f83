// libsandgauge-preload.so: puts a seccomp filter onto a program that was not written for one.
//
//   LD_PRELOAD=libsandgauge-preload.so SECCOMP_SYSCALL_DENY=uname ./my-app
//
// Its constructor runs before the program's main(), but after the dynamic loader: what the loader has called by then no
// filter has seen. It takes the variables of cloudflare/sandbox:
//   SECCOMP_SYSCALL_ALLOW=a:b    these calls, and every other gets KILL_PROCESS; wins over
//   SECCOMP_SYSCALL_DENY=a:b     all but these calls, which get KILL_PROCESS
//   SECCOMP_DEFAULT_ACTION=log   LOG instead of KILL_PROCESS
// Without the first two it loads nothing. Calls of other ABIs get KILL, as with libseccomp. It says on stderr what it does,
// and takes the variables out of the environment before it loads the filter. A wrong name, or a filter that the kernel
// refuses, ends the process with exit code 1. sandgauge itself hands it compiled filters (model/preload_sheet.h); then it
// says nothing.
//
// It needs nothing but libc: a C++ runtime in every program that it is loaded into would make calls of its own.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "model/abi.h"
#include "model/preload_sheet.h"

namespace {

using sandgauge::PreloadSheet;
using sandgauge::PreloadStage;

constexpr char kAllow[] = "SECCOMP_SYSCALL_ALLOW";
constexpr char kDeny[] = "SECCOMP_SYSCALL_DENY";
constexpr char kDefault[] = "SECCOMP_DEFAULT_ACTION";

struct Entry {
  const char* name;
  int number[4];  // indexed by Abi
};
constexpr Entry kTable[] = {
#define SYSCALL(name, x86_64, i386, x32, aarch64) {#name, {x86_64, i386, x32, aarch64}},
#include "model/syscall_table.inc"
#undef SYSCALL
};

/// The instructions of a filter that is being made.
struct Code {
  sock_filter at[sandgauge::kMostPreloadInstructions];
  unsigned length;
};
Code g_code;  // too large for the stack of a program that has a small one
PreloadSheet* g_sheet;

[[noreturn]] void give_up(int error) {
  if (g_sheet != nullptr) {
    g_sheet->error = error;
    g_sheet->stage = static_cast<unsigned>(PreloadStage::failed);
  }
  _exit(1);
}

void report(PreloadStage stage) {
  if (g_sheet != nullptr) g_sheet->stage = static_cast<unsigned>(stage);
}

/// -1 if this machine has no such call.
int number_of(const char* name, size_t length) {
  for (const Entry& entry : kTable)
    if (strncmp(entry.name, name, length) == 0 && entry.name[length] == '\0')
      return entry.number[static_cast<int>(sandgauge::native_abi())];
  return -1;
}

const char* words_of(unsigned action) {
  if (action == SECCOMP_RET_ALLOW) return "allow";
  return action == SECCOMP_RET_LOG ? "log then allow" : "kill process";
}

void add(sock_filter instruction) {
  if (g_code.length == sandgauge::kMostPreloadInstructions) {
    dprintf(STDERR_FILENO, "libsandgauge-preload: more calls are listed than a filter has room for\n");
    give_up(0);
  }
  g_code.at[g_code.length++] = instruction;
}

void add_head() {
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, sandgauge::audit_arch(sandgauge::native_abi()), 1, 0));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD));
  add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  if (sandgauge::native_abi() != sandgauge::Abi::x86_64) return;
  // x32 has the same arch. The number -1, which a tracer writes to skip a call, is not one of its.
  add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, sandgauge::kX32Bit, 0, 2));
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ~0U, 1, 0));
  add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD));
}

void add_names(const char* list, unsigned action) {
  while (*list != '\0') {
    const size_t length = strcspn(list, ":");
    const int shown = length < 100 ? static_cast<int>(length) : 100;
    if (length > 0) {
      dprintf(STDERR_FILENO, "adding %.*s to the process seccomp filter (%s)\n", shown, list, words_of(action));
      const int number = number_of(list, length);
      if (number < 0) {
        dprintf(STDERR_FILENO, "libsandgauge-preload: unknown syscall '%.*s'\n", shown, list);
        give_up(0);
      }
      add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
      add(BPF_STMT(BPF_RET | BPF_K, action));
    }
    list += length;
    if (*list == ':') ++list;
  }
}

/// False if no variable asks for a filter.
bool make_filter() {
  const char* const allow = getenv(kAllow);
  const char* const deny = getenv(kDeny);
  const char* const list = allow != nullptr ? allow : deny;
  if (list == nullptr) return false;
  const char* const word = getenv(kDefault);
  const unsigned strict = word != nullptr && strcmp(word, "log") == 0 ? SECCOMP_RET_LOG : SECCOMP_RET_KILL_PROCESS;
  const unsigned otherwise = allow != nullptr ? strict : SECCOMP_RET_ALLOW;
  dprintf(STDERR_FILENO, "initializing seccomp with default action (%s)\n", words_of(otherwise));
  add_head();
  add_names(list, allow != nullptr ? SECCOMP_RET_ALLOW : strict);
  add(BPF_STMT(BPF_RET | BPF_K, otherwise));
  return true;
}

void open_sheet() {
  const char* const word = getenv(sandgauge::kPreloadSheetVariable);
  if (word == nullptr) return;
  char* end = nullptr;
  const long fd = strtol(word, &end, 10);
  void* const memory = mmap(nullptr, sizeof(PreloadSheet), PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<int>(fd), 0);
  auto* const sheet = static_cast<PreloadSheet*>(memory);
  if (*word == '\0' || *end != '\0' || memory == MAP_FAILED || sheet->magic != sandgauge::kPreloadMagic ||
      sheet->length > sandgauge::kMostPreloadInstructions) {
    dprintf(STDERR_FILENO, "libsandgauge-preload: %s is not from sandgauge\n", sandgauge::kPreloadSheetVariable);
    give_up(0);
  }
  close(static_cast<int>(fd));
  g_sheet = sheet;
}

void load(const sock_filter* code, unsigned length, unsigned flags) {
  const sock_fprog program{static_cast<unsigned short>(length), const_cast<sock_filter*>(code)};
  long loaded = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (loaded == 0) loaded = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  // From here on every call may be answered by the filter.
  if (loaded < 0) {
    const int error = errno;
    dprintf(STDERR_FILENO, "libsandgauge-preload: the kernel refuses the filter: %s\n", strerror(error));
    give_up(error);
  }
  if (g_sheet != nullptr && (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0)
    g_sheet->listener = static_cast<int>(loaded) + 1;
  report(PreloadStage::loaded);
}

__attribute__((constructor)) void confine_program() {
  open_sheet();
  const bool given = g_sheet != nullptr && g_sheet->length > 0;
  const bool asked = !given && make_filter();
  unsetenv(sandgauge::kPreloadSheetVariable);
  if (!given && !asked) return report(PreloadStage::nothing);
  unsetenv(kAllow);
  unsetenv(kDeny);
  unsetenv(kDefault);
  const unsigned flags = g_sheet != nullptr ? g_sheet->flags : 0;
  if (given) {
    load(g_sheet->code, g_sheet->length, flags);
  } else {
    load(g_code.at, g_code.length, flags);
  }
}

}  // namespace
