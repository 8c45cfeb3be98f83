// What a privileged tracer can read of a tracee's filters: PTRACE_SECCOMP_GET_FILTER and PTRACE_SECCOMP_GET_METADATA.
#include "conformance/introspection.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iterator>

#include "conformance/topics.h"
#include "conformance/tracee.h"

namespace sandgauge {
namespace {

constexpr int kGetMetadata = 0x420d;  // PTRACE_SECCOMP_GET_METADATA, linux/ptrace.h

/// struct seccomp_metadata of linux/ptrace.h, which the C library's sys/ptrace.h may not have.
struct Metadata {
  std::uint64_t filter_off = 0;
  std::uint64_t flags = 0;
};

/// Starts a tracee that runs `body` and then stops itself for SIGUSR1. False, after a failed check, if it does not get
/// there.
template <class Body>
bool stop_after(Stage& stage, pid_t& tracee, Body body) {
  tracee = start_tracee(stage, 0, [&] {
    body();
    ::raise(SIGUSR1);
  });
  return stops(stage, "a stop for SIGUSR1", SIGUSR1, tracee);
}

void finish(Stage& stage, pid_t tracee) {
  resume(stage, tracee);
  stage.exited("the tracee", 0, stage.wait_for(tracee));
}

std::int64_t get_filter(pid_t tracee, std::uint64_t index, sock_filter* code = nullptr) {
  return trace_request(PTRACE_SECCOMP_GET_FILTER, tracee, index, reinterpret_cast<std::uintptr_t>(code));
}

std::int64_t get_metadata(pid_t tracee, Metadata& metadata, std::size_t size = sizeof(Metadata)) {
  return trace_request(kGetMetadata, tracee, size, reinterpret_cast<std::uintptr_t>(&metadata));
}

const Filter kFour = Filter::answer(SYS_getuid, SECCOMP_RET_ERRNO | 4);
const Filter kOne = Filter::always(SECCOMP_RET_ALLOW);

void check_filter(Stage& stage, std::string_view what, const Filter& expected, pid_t tracee, std::uint64_t index) {
  sock_filter code[Filter::kMost] = {};
  const std::int64_t length = get_filter(tracee, index, code);
  stage.equal(what, expected.length(), length);
  stage.holds("its instructions are those that were loaded",
              std::memcmp(code, expected.code(), sizeof(sock_filter) * expected.length()) == 0);
}

void length_and_code(Stage& stage) {
  need_checkpoint(stage);
  pid_t tracee = -1;
  if (!stop_after(stage, tracee, [&] { stage.load_as_it_is(kFour); })) return;
  stage.equal("the length alone", kFour.length(), get_filter(tracee, 0));
  check_filter(stage, "the length, with the instructions", kFour, tracee, 0);
  finish(stage, tracee);
}

void order_of_filters(Stage& stage) {
  need_checkpoint(stage);
  pid_t tracee = -1;
  const bool stopped = stop_after(stage, tracee, [&] {
    stage.load_as_it_is(kFour);
    stage.load_as_it_is(kOne);
  });
  if (!stopped) return;
  check_filter(stage, "the length of filter 0, loaded first", kFour, tracee, 0);
  check_filter(stage, "the length of filter 1, loaded last", kOne, tracee, 1);
  finish(stage, tracee);
}

void past_the_end(Stage& stage) {
  need_checkpoint(stage);
  pid_t tracee = -1;
  if (!stop_after(stage, tracee, [&] { stage.load_as_it_is(kFour); })) return;
  stage.succeeds("filter 0", get_filter(tracee, 0));
  stage.fails_with("filter 1 of one", ENOENT, get_filter(tracee, 1));
  stage.fails_with("filter 1000 of one", ENOENT, get_filter(tracee, 1000));
  finish(stage, tracee);
}

void unfiltered_tracee(Stage& stage) {
  need_checkpoint(stage);
  pid_t tracee = -1;
  if (!stop_after(stage, tracee, [] {})) return;
  stage.fails_with("filter 0 of a tracee without filters", EINVAL, get_filter(tracee, 0));
  Metadata metadata;
  stage.fails_with("metadata of a tracee without filters", EINVAL, get_metadata(tracee, metadata));
  finish(stage, tracee);
}

void bad_memory(Stage& stage) {
  need_checkpoint(stage);
  pid_t tracee = -1;
  if (!stop_after(stage, tracee, [&] { stage.load_as_it_is(kFour); })) return;
  stage.fails_with("filter 0 into no memory", EFAULT, trace_request(PTRACE_SECCOMP_GET_FILTER, tracee, 0, 8));
  finish(stage, tracee);
}

void filtered_tracer(Stage& stage) {
  need_checkpoint(stage);
  pid_t tracee = -1;
  if (!stop_after(stage, tracee, [&] { stage.load_as_it_is(kFour); })) return;
  stage.succeeds("filter 0 before", get_filter(tracee, 0));
  Metadata metadata;
  stage.succeeds("metadata before", get_metadata(tracee, metadata));
  stage.load_as_it_is(kOne);
  stage.fails_with("filter 0 by a tracer under a filter", EACCES, get_filter(tracee, 0));
  stage.fails_with("metadata by a tracer under a filter", EACCES, get_metadata(tracee, metadata));
  finish(stage, tracee);
}

void unprivileged_tracer(Stage& stage) {
  drop_sys_admin(stage);
  pid_t tracee = -1;
  if (!stop_after(stage, tracee, [&] { stage.load_as_it_is(kFour); })) return;
  const std::int64_t result = get_filter(tracee, 0);
  if (result == -EINVAL) stage.skip("the kernel was built without CONFIG_CHECKPOINT_RESTORE");
  stage.fails_with("filter 0", EACCES, result);
  Metadata metadata;
  stage.fails_with("metadata", EACCES, get_metadata(tracee, metadata));
  finish(stage, tracee);
}

/// Parameters: the flags of the load, and those of the metadata.
void metadata_flags(Stage& stage) {
  need_checkpoint(stage);
  pid_t tracee = -1;
  const bool stopped =
      stop_after(stage, tracee, [&] { stage.load_as_it_is(kFour, static_cast<unsigned>(stage.parameter(0))); });
  if (!stopped) return;
  Metadata metadata{.filter_off = 0, .flags = ~std::uint64_t{0}};
  stage.equal("the size of the metadata", sizeof metadata, get_metadata(tracee, metadata));
  stage.equal_hex("flags", static_cast<std::uint64_t>(stage.parameter(1)), metadata.flags);
  stage.equal("filter_off", 0, static_cast<std::int64_t>(metadata.filter_off));
  finish(stage, tracee);
}

void metadata_of_each(Stage& stage) {
  need_checkpoint(stage);
  pid_t tracee = -1;
  const bool stopped = stop_after(stage, tracee, [&] {
    stage.load_as_it_is(kFour, SECCOMP_FILTER_FLAG_LOG);
    stage.load_as_it_is(kOne);
  });
  if (!stopped) return;
  for (const std::uint64_t index : {0, 1}) {
    Metadata metadata{.filter_off = index};
    stage.succeeds("the metadata of a filter", get_metadata(tracee, metadata));
    stage.equal_hex("flags: LOG for filter 0, which was loaded first", index == 0 ? SECCOMP_FILTER_FLAG_LOG : 0,
                    metadata.flags);
  }
  Metadata past{.filter_off = 2};
  stage.fails_with("the metadata of filter 2 of two", ENOENT, get_metadata(tracee, past));
  finish(stage, tracee);
}

void metadata_sizes(Stage& stage) {
  need_checkpoint(stage);
  pid_t tracee = -1;
  const bool stopped = stop_after(stage, tracee, [&] { stage.load_as_it_is(kFour, SECCOMP_FILTER_FLAG_LOG); });
  if (!stopped) return;
  Metadata metadata{.filter_off = 0, .flags = 77};
  stage.fails_with("7 bytes", EINVAL, get_metadata(tracee, metadata, 7));
  stage.equal("8 bytes", 8, get_metadata(tracee, metadata, 8));
  stage.equal("flags are left alone then", 77, static_cast<std::int64_t>(metadata.flags));
  stage.equal("1000 bytes are cut to what the kernel knows", sizeof metadata, get_metadata(tracee, metadata, 1000));
  finish(stage, tracee);
}

Scenario flags_scenario(std::string name, std::int64_t loaded, std::int64_t told, std::string title, std::string also = {}) {
  return {.name = std::move(name),
          .title = std::move(title),
          .why = "A checkpoint that loses the flag restores a sandbox that no longer logs.",
          .source = "ptrace(2), PTRACE_SECCOMP_GET_METADATA; kernel/seccomp.c, seccomp_get_metadata",
          .also = std::move(also),
          .run = metadata_flags,
          .needs = {.capabilities = {"CAP_SYS_ADMIN"}},
          .parameters = {loaded, told}};
}

std::vector<Scenario> filter_scenarios() {
  const std::string source = "ptrace(2), PTRACE_SECCOMP_GET_FILTER; kernel/seccomp.c, get_nth_filter";
  return {
      {.name = "filter",
       .title =
           "PTRACE_SECCOMP_GET_FILTER gives the length of a filter, and its instructions where there is memory for them",
       .why = "Checkpoint tools must restore the filter that was loaded, bit by bit.",
       .source = source,
       .run = length_and_code,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "filter-order",
       .title = "Filter 0 is the one that was loaded first",
       .why = "A checkpoint that restores them the other way round changes which filter's data wins.",
       .source = source,
       .run = order_of_filters,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}},
       .difference = "ptrace(2) says that the filter loaded last has index 0; the kernel counts from the oldest, since the "
                     "request exists (Linux 4.4)."},
      {.name = "filter-past-the-end",
       .title = "A filter past the end is ENOENT",
       .why = "Tools that dump all filters stop at this errno.",
       .source = source,
       .run = past_the_end,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "filter-of-none",
       .title = "A tracee without filters is EINVAL, not ENOENT",
       .why = "Tools tell a process without seccomp by it.",
       .source = source,
       .run = unfiltered_tracee,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "filter-bad-memory",
       .title = "Bad memory for the instructions is EFAULT",
       .why = "A tool must not take a half written filter for a whole one.",
       .source = "ptrace(2), Errors; kernel/seccomp.c, seccomp_get_filter",
       .run = bad_memory,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "filter-by-filtered",
       .title = "A tracer that is itself under a filter is refused: EACCES",
       .why = "A sandboxed root could read the rules of other sandboxes and look for holes.",
       .source = source,
       .run = filtered_tracer,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "filter-unprivileged",
       .title = "A tracer without CAP_SYS_ADMIN is refused: EACCES",
       .why = "Any user could read the rules of his own sandboxes and look for holes.",
       .source = source,
       .run = unprivileged_tracer},
  };
}

std::vector<Scenario> metadata_scenarios() {
  const std::string source = "ptrace(2), PTRACE_SECCOMP_GET_METADATA; kernel/seccomp.c, seccomp_get_metadata";
  return {
      flags_scenario("metadata-log", SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_LOG,
                     "The metadata of a filter loaded with FLAG_LOG says so: flags 2", "kselftest: get_metadata"),
      flags_scenario("metadata-none", 0, 0, "The metadata of a filter loaded without flags has none"),
      flags_scenario("metadata-spec-allow", SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0,
                     "The metadata of a filter loaded with FLAG_SPEC_ALLOW does not tell: flags 0"),
      {.name = "metadata-each",
       .title = "Each filter has metadata of its own, filter 0 being the one loaded first, and past the end is ENOENT",
       .why = "The flag restored on the wrong filter logs the wrong calls.",
       .source = source,
       .also = "kselftest: get_metadata",
       .run = metadata_of_each,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
      {.name = "metadata-sizes",
       .title = "Less memory than the index is EINVAL, less than all is filled in part, more is cut",
       .why = "Tools built for an older or newer kernel pass other sizes.",
       .source = source,
       .run = metadata_sizes,
       .needs = {.capabilities = {"CAP_SYS_ADMIN"}}},
  };
}

}  // namespace

void need_checkpoint(Stage& stage) {
  // This file exists with CONFIG_CHECKPOINT_RESTORE only.
  if (::access("/proc/sys/kernel/ns_last_pid", F_OK) != 0)
    stage.skip("the kernel was built without CONFIG_CHECKPOINT_RESTORE");
  if (stage.host().outer_filters != 0) stage.skip("this process is under a filter already");
  char map[64] = {};
  const int fd = ::open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ::read(fd, map, sizeof map - 1) < 0) stage.broken("reading /proc/self/uid_map", errno);
  ::close(fd);
  if (std::strstr(map, "4294967295") == nullptr) stage.skip("this process is in a user namespace of its own");
}

void drop_sys_admin(Stage& stage) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  stage.must("capget",
             raw_syscall(SYS_capget, reinterpret_cast<std::intptr_t>(&header), reinterpret_cast<std::intptr_t>(data)));
  data[0].effective &= ~(1U << CAP_SYS_ADMIN);
  data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
  data[0].inheritable &= ~(1U << CAP_SYS_ADMIN);
  stage.must("capset",
             raw_syscall(SYS_capset, reinterpret_cast<std::intptr_t>(&header), reinterpret_cast<std::intptr_t>(data)));
}

std::vector<Case> introspection_cases() {
  std::vector<Scenario> scenarios = filter_scenarios();
  for (auto part : {metadata_scenarios(), suspend_scenarios(), status_scenarios()})
    std::ranges::move(part, std::back_inserter(scenarios));
  return topic("introspection", std::move(scenarios));
}

}  // namespace sandgauge
