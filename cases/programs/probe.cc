// probe: makes one system call and writes down what became of it. See kUsage.
//
// The facts are those of CallFacts. They go out by write(2) only, and memory is all mapped before `started`, so a filter
// that is to leave the probe alone has to allow write and exit_group, and futex for --threads.
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "model/syscalls.h"
#include "probe/raw_call.h"
#include "probe/sigsys.h"

namespace sandgauge {
namespace {

constexpr char kUsage[] = R"(usage: probe [OPTION]... CALL [ARG]...

Makes one system call and writes what became of it as key=value lines.

  CALL          a name such as uname, or a number (63, 0x3f)
  ARG           a number (12, 0x1f, 0755, -1); scratch: a zeroed buffer of 4096 bytes; text:hello: a string.
                At most 6; the rest are 0. Buffers lie below 4 GiB, so that i386 calls reach them too.

  --abi ABI     enter the kernel as x86_64, i386 or x32 (aarch64 on such a machine); the machine's own by default.
                A number is that ABI's; for x32 bit 30 is added.
  --handler     have a SIGSYS handler: after a TRAP the facts show its siginfo, and the call returns the register's value
  --threads     make the call from a second thread, which the first one outlives if only that thread is killed
  --fd N        write the facts to descriptor N instead of stdout
  --help        print this

Facts: started=1 before the call; then
  returned          1 if the call came back
  result            what it returned: -errno on failure, as error=NAME also says
  handler_runs      how often the SIGSYS handler ran; if it did, sigsys_signo, sigsys_code, sigsys_errno, sigsys_syscall,
                    sigsys_arch, sigsys_call_addr and sigsys_ip are the siginfo of its first run
  thread_died       1 if the second thread ended in the call
  survivor_ran      1 if the first thread ran after that (with --threads)
Nothing follows started=1 if the call ended the process.

Exit code: 0 the call returned 0 or more, 1 it failed with an errno, 2 bad usage, 3 the thread ended in the call, or the
facts could not be written after it.
)";

constexpr int kFailed = 1;
constexpr int kBadUsage = 2;
constexpr int kNoAnswer = 3;
constexpr std::size_t kScratchSize = 4096;

[[noreturn]] [[gnu::format(printf, 1, 2)]] void refuse(const char* format, ...) {
  va_list values;
  va_start(values, format);
  std::fputs("probe: ", stderr);
  std::vfprintf(stderr, format, values);
  std::fputs("\nTry 'probe --help'.\n", stderr);
  va_end(values);
  std::exit(kBadUsage);
}

/// C's spellings and 0o755; negative numbers as two's complement. False for another text or one above 64 bits.
bool read_number(const char* text, std::uint64_t& value) {
  const bool negative = *text == '-';
  const char* digits = negative ? text + 1 : text;
  int base = 0;
  if (std::strncmp(digits, "0o", 2) == 0) {
    digits += 2;
    base = 8;
  }
  if (*digits < '0' || *digits > '9') return false;
  char* end = nullptr;
  errno = 0;
  const std::uint64_t magnitude = std::strtoull(digits, &end, base);
  if (errno != 0 || *end != '\0' || (negative && magnitude > std::uint64_t{1} << 63)) return false;
  value = negative ? -magnitude : magnitude;
  return true;
}

std::int32_t read_call(Abi abi, const char* text) {
  const std::string_view abi_text = abi_name(abi);
  std::uint64_t number = 0;
  if (read_number(text, number)) {
    const auto value = static_cast<std::int64_t>(number);
    if (value < INT32_MIN || value > INT32_MAX) refuse("%s is no call number: it must fit into 32 bits", text);
    return static_cast<std::int32_t>(value);
  }
  const auto named = syscall_number(abi, text);
  if (named) return *named;
  if (is_syscall_name(text)) refuse("%s has no call %s", abi_text.data(), text);
  const std::string_view near = closest_syscall(text);
  if (near.empty()) refuse("there is no system call %s", text);
  refuse("there is no system call %s; did you mean %.*s?", text, static_cast<int>(near.size()), near.data());
}

std::uint64_t map_buffer(std::string_view content) {
  if (content.size() >= kScratchSize) refuse("a text is at most %zu bytes long", kScratchSize - 1);
  // A hint, not MAP_32BIT: aarch64 has no such flag.
  void* const hint = reinterpret_cast<void*>(0x10000000);
  void* memory = mmap(hint, kScratchSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || reinterpret_cast<std::uint64_t>(memory) > UINT32_MAX - kScratchSize) {
    std::fprintf(stderr, "probe: no memory below 4 GiB: %s\n", memory == MAP_FAILED ? std::strerror(errno) : "it is taken");
    std::exit(kNoAnswer);
  }
  content.copy(static_cast<char*>(memory), content.size());
  return reinterpret_cast<std::uint64_t>(memory);
}

std::uint64_t read_argument(const char* text) {
  constexpr std::string_view kText = "text:";
  if (std::strcmp(text, "scratch") == 0) return map_buffer({});
  if (std::strncmp(text, kText.data(), kText.size()) == 0) return map_buffer(text + kText.size());
  std::uint64_t number = 0;
  if (!read_number(text, number)) refuse("%s is no argument: expected a 64-bit number, scratch or text:...", text);
  return number;
}

struct Request {
  bool handler = false;
  bool threads = false;
  int fd = STDOUT_FILENO;
  Abi abi = native_abi();
  std::int32_t number = 0;
  std::uint64_t args[6] = {};
};

Request read_request(int argc, char** argv) {
  Request request;
  int at = 1;
  const auto operand = [&](const char* option) -> const char* {
    if (++at >= argc) refuse("%s needs a value", option);
    return argv[at];
  };
  for (; at < argc && argv[at][0] == '-' && argv[at][1] == '-'; ++at) {
    const std::string_view option = argv[at];
    if (option == "--help") {
      std::fputs(kUsage, stdout);
      std::exit(0);
    } else if (option == "--handler") {
      request.handler = true;
    } else if (option == "--threads") {
      request.threads = true;
    } else if (option == "--abi") {
      const char* name = operand("--abi");
      const auto abi = parse_abi(name);
      if (!abi) refuse("there is no ABI %s; expected x86_64, i386, x32 or aarch64", name);
      if (!raw_call_supported(*abi)) refuse("this machine cannot make %s calls", name);
      request.abi = *abi;
    } else if (option == "--fd") {
      const char* text = operand("--fd");
      std::uint64_t fd = 0;
      if (!read_number(text, fd) || fd > INT32_MAX) refuse("%s is no descriptor", text);
      request.fd = static_cast<int>(fd);
    } else {
      refuse("there is no option %s", argv[at]);
    }
  }
  if (at >= argc) refuse("which call? A name or a number is needed");
  request.number = read_call(request.abi, argv[at++]);
  if (argc - at > 6) refuse("a call has at most 6 arguments, not %d", argc - at);
  for (std::uint64_t& arg : request.args) {
    if (at < argc) arg = read_argument(argv[at++]);
  }
  return request;
}

/// The facts as one text, so that they go out by one write(2).
class Lines {
 public:
  [[gnu::format(printf, 2, 3)]] void add(const char* format, ...) {
    va_list values;
    va_start(values, format);
    length_ += static_cast<std::size_t>(std::vsnprintf(text_ + length_, sizeof text_ - length_, format, values));
    va_end(values);
  }
  [[nodiscard]] bool write_to(int fd) const { return write(fd, text_, length_) == static_cast<ssize_t>(length_); }

 private:
  char text_[1024];  // twice what every fact at its longest takes
  std::size_t length_ = 0;
};

struct Probing {
  Request request;
  CallFacts facts;
};

void* call(void* argument) {
  auto& probing = *static_cast<Probing*>(argument);
  Lines start;
  start.add("started=1\n");
  if (!start.write_to(probing.request.fd)) {
    std::perror("probe: cannot write the facts");
    std::exit(kBadUsage);
  }
  make_call(&probing.facts, probing.request.abi, probing.request.number, probing.request.args);
  return nullptr;
}

bool call_on_second_thread(Probing& probing) {
  pthread_t thread{};
  errno = pthread_create(&thread, nullptr, call, &probing);
  if (errno != 0) {
    std::fprintf(stderr, "probe: pthread_create: %s\n", std::strerror(errno));
    return false;
  }
  pthread_join(thread, nullptr);  // also comes back when the thread was killed: the kernel clears its ID
  probing.facts.survivor_ran = 1;
  probing.facts.thread_died = probing.facts.returned == 0 ? 1 : 0;
  return true;
}

constexpr bool is_error(std::int64_t result) { return result < 0 && result >= -4095; }

bool write_facts(int fd, const CallFacts& facts) {
  Lines lines;
  lines.add("returned=%u\n", facts.returned);
  if (facts.returned != 0) lines.add("result=%lld\n", static_cast<long long>(facts.result));
  if (facts.returned != 0 && is_error(facts.result)) {
    const char* name = strerrorname_np(static_cast<int>(-facts.result));
    lines.add("error=%s\n", name != nullptr ? name : "unnamed");
  }
  lines.add("handler_runs=%u\n", facts.handler_runs);
  if (facts.handler_runs != 0) {
    const SigsysFacts& sigsys = facts.sigsys;
    lines.add("sigsys_signo=%d\nsigsys_code=%d\nsigsys_errno=%d\n", sigsys.signo, sigsys.code, sigsys.error);
    lines.add("sigsys_syscall=%d\nsigsys_arch=0x%x\n", sigsys.syscall, sigsys.arch);
    lines.add("sigsys_call_addr=0x%llx\n", static_cast<unsigned long long>(sigsys.call_addr));
    lines.add("sigsys_ip=0x%llx\n", static_cast<unsigned long long>(sigsys.instruction_pointer));
  }
  lines.add("thread_died=%u\nsurvivor_ran=%u\n", facts.thread_died, facts.survivor_ran);
  return lines.write_to(fd);
}

int run(int argc, char** argv) {
  static Probing probing;
  probing.request = read_request(argc, argv);
  const Request& request = probing.request;
  if (request.handler && !record_sigsys(&probing.facts)) {
    std::perror("probe: sigaction(SIGSYS)");
    return kNoAnswer;
  }
  if (!request.threads) {
    call(&probing);
  } else if (!call_on_second_thread(probing)) {
    return kNoAnswer;
  }
  if (!write_facts(request.fd, probing.facts) || probing.facts.returned == 0) return kNoAnswer;
  return is_error(probing.facts.result) ? kFailed : 0;
}

}  // namespace
}  // namespace sandgauge

int main(int argc, char** argv) { return sandgauge::run(argc, argv); }
