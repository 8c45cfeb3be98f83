#include "confine/bpf_lsm.h"

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <fstream>

#include "base/errno_text.h"

#if defined(SANDGAUGE_HAS_LIBBPF)
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "confine/bpf/shared.h"
#endif

namespace sandgauge {

#if defined(SANDGAUGE_HAS_LIBBPF)

namespace {

/// libbpf's last complaint: its functions give no more than an errno.
std::string g_complaint;

int keep_complaint(libbpf_print_level level, const char* format, va_list values) {
  if (level != LIBBPF_WARN) return 0;
  char line[512];
  std::vsnprintf(line, sizeof line, format, values);
  std::string text = line;
  while (text.ends_with('\n')) text.pop_back();
  // A hook that the kernel cannot give to programs is a line of the verifier's log, which comes as a text of its own; the
  // other lines of a log follow a program's instructions, and say too much.
  constexpr std::string_view kLog = "BEGIN PROG LOAD LOG --\n";
  if (const std::size_t log = text.find(kLog); log != std::string::npos) {
    const std::string first = text.substr(log + kLog.size(), text.find('\n', log + kLog.size()) - log - kLog.size());
    if (!first.empty() && (first[0] < '0' || first[0] > '9')) g_complaint += ": " + first;
    return 0;
  }
  // The first sentence says what went wrong; later ones say what could not be done in consequence, and guess.
  if (g_complaint.empty() && text.size() < 300) g_complaint = text.substr(0, text.find(". "));
  return 0;
}

Result<void> check_listed() {
  std::ifstream file("/sys/kernel/security/lsm");
  std::string lsms;
  if (!std::getline(file, lsms)) return {};  // no securityfs: it cannot be told
  if (("," + lsms + ",").find(",bpf,") != std::string::npos) return {};
  return fail("bpf is not in /sys/kernel/security/lsm: programs would be attached and never asked");
}

}  // namespace

struct BpfLsm::Loaded {
  bpf_object* object = nullptr;
  std::vector<bpf_link*> links;
  ring_buffer* ring = nullptr;
  int claim = -1;
  int settings = -1;
  std::vector<BpfEvent> events;

  Loaded() = default;
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;
  ~Loaded() {
    detach();
    ring_buffer__free(ring);
    bpf_object__close(object);
  }
  void detach() {
    for (bpf_link* link : links) bpf_link__destroy(link);
    links.clear();
  }
  static int take(void* context, void* data, std::size_t size) {
    if (size < sizeof(bpf_sandbox_event)) return 0;
    bpf_sandbox_event event;
    std::memcpy(&event, data, sizeof event);
    event.hook[sizeof event.hook - 1] = '\0';
    event.text[sizeof event.text - 1] = '\0';
    static_cast<Loaded*>(context)->events.push_back({event.pid, event.denied != 0, event.hook, event.text});
    return 0;
  }
};

BpfLsm::BpfLsm(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
BpfLsm::BpfLsm(BpfLsm&&) noexcept = default;
BpfLsm& BpfLsm::operator=(BpfLsm&&) noexcept = default;
BpfLsm::~BpfLsm() = default;

Result<BpfLsm> BpfLsm::load(const std::string& object, const std::vector<std::string>& programs) {
  if (auto listed = check_listed(); !listed) return fail(listed.error());
  libbpf_set_print(keep_complaint);
  g_complaint.clear();
  const auto failed = [](const char* step) {
    return fail("{}: {}", step, g_complaint.empty() ? errno_text(errno) : g_complaint);
  };
  auto loaded = std::make_unique<Loaded>();
  loaded->object = bpf_object__open_file(object.c_str(), nullptr);
  if (loaded->object == nullptr) return failed("bpf_object__open_file");
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, loaded->object) bpf_program__set_autoload(program, programs.empty());
  std::vector<std::string> wanted = programs;
  wanted.emplace_back("claim");
  for (const std::string& name : wanted) {
    program = bpf_object__find_program_by_name(loaded->object, name.c_str());
    if (program == nullptr) return fail("{} has no program '{}'", object, name);
    bpf_program__set_autoload(program, true);
  }
  if (bpf_object__load(loaded->object) != 0) return failed("bpf_object__load");
  loaded->claim = bpf_program__fd(program);
  loaded->settings = bpf_object__find_map_fd_by_name(loaded->object, "settings");
  loaded->ring =
      ring_buffer__new(bpf_object__find_map_fd_by_name(loaded->object, "events"), Loaded::take, loaded.get(), nullptr);
  if (loaded->ring == nullptr) return failed("ring_buffer__new");
  return BpfLsm(std::move(loaded));
}

Result<void> BpfLsm::attach(const std::vector<std::string>& programs) {
  for (const std::string& name : programs) {
    bpf_program* const program = bpf_object__find_program_by_name(loaded_->object, name.c_str());
    if (program == nullptr) return fail("there is no BPF program '{}'", name);
    g_complaint.clear();
    bpf_link* const link = bpf_program__attach(program);
    if (link == nullptr) return fail("bpf_program__attach: {}", g_complaint.empty() ? errno_text(errno) : g_complaint);
    loaded_->links.push_back(link);
  }
  return {};
}

Result<void> BpfLsm::set(const BpfSettings& settings) {
  const bpf_sandbox_settings words{.target = 0,
                                   .denied_port = settings.denied_port,
                                   .denied_inode = settings.denied_inode,
                                   .denied_capability = settings.denied_capability,
                                   .padding = 0};
  const __u32 key = 0;
  if (bpf_map_update_elem(loaded_->settings, &key, &words, BPF_ANY) != 0)
    return fail("bpf(BPF_MAP_UPDATE_ELEM): {}", errno_text(errno));
  return {};
}

ConfineResult BpfLsm::apply() const noexcept {
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (bpf_prog_test_run_opts(loaded_->claim, &options) != 0) return {"bpf(BPF_PROG_TEST_RUN)", errno, -1};
  return {};
}

std::vector<BpfEvent> BpfLsm::take_events() {
  ring_buffer__consume(loaded_->ring);
  return std::exchange(loaded_->events, {});
}

int BpfLsm::try_to_detach() const { return bpf_link_detach(bpf_link__fd(loaded_->links.front())) == 0 ? 0 : errno; }
void BpfLsm::detach() { loaded_->detach(); }

#else

struct BpfLsm::Loaded {};
BpfLsm::BpfLsm(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
BpfLsm::BpfLsm(BpfLsm&&) noexcept = default;
BpfLsm& BpfLsm::operator=(BpfLsm&&) noexcept = default;
BpfLsm::~BpfLsm() = default;
Result<BpfLsm> BpfLsm::load(const std::string&, const std::vector<std::string>&) {
  return fail("this sandgauge was built without clang or libbpf");
}
Result<void> BpfLsm::attach(const std::vector<std::string>&) { return {}; }
Result<void> BpfLsm::set(const BpfSettings&) { return {}; }
ConfineResult BpfLsm::apply() const noexcept { return {"bpf(2)", ENOSYS, -1}; }
std::vector<BpfEvent> BpfLsm::take_events() { return {}; }
int BpfLsm::try_to_detach() const { return ENOSYS; }
void BpfLsm::detach() {}

#endif

}  // namespace sandgauge
