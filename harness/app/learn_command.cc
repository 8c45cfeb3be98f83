#include "app/learn_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "app/learn.h"
#include "policy/format.h"

namespace sandgauge {
namespace {

constexpr char kLearnFooter[] = R"(
Runs CMD, its threads and all that it starts, and prints which calls they made. CMD keeps the terminal, its input and its
outputs; the table follows on stdout, and how CMD ended on stderr. A program may make other calls for a terminal or a file
than for a pipe. `run` gives it pipes as outputs and /dev/null as input; to learn what it does then, give it the same:
  sandgauge learn --table t.txt -o profile.json -- CMD </dev/null 2>&1 | cat

How calls are seen
  ptrace  (the default) every call stops; counts and errors
  log     a filter that answers LOG, and the kernel's audit records; needs CAP_AUDIT_READ. Errors are not known
  notify  a filter whose listener lets every call go on. Errors are not known; a call that a signal interrupts may count twice
By ptrace and log CMD is traced: strace, gdb and other tracers do not work in it. Set-user-ID programs in it get their
privileges only by ptrace as root: log, notify and preload set NO_NEW_PRIVS, and the kernel gives none to what an ordinary
user traces.

From when on
  exec     (the default) from the execve of CMD on, that one included: what a container runtime's filter sees
  preload  from when a preloaded library has loaded its filter: the dynamic loader's own calls are not seen

The profile of -o allows what was seen and kills the process for all else, on the architectures that were seen. It is as good as
the run: what CMD did not do this time is not in it. To what a table of strace -c shows it adds exit and exit_group, which such a
table never has; to what a Go program did, the calls that Go's runtime makes of its own accord.

Ctrl-C ends CMD, after three seconds or at the second Ctrl-C by force, and what was learnt until then is written.

Exit codes
  0  CMD ran, however it ended         2  wrong usage or bad input
  1  audit records were lost           3  CMD could not be run or had to be killed, or the result could not be written

Examples
  sandgauge learn -- ls -l
  sandgauge learn -o profile.json -- ./my-app && sandgauge run --policy profile.json -- ./my-app
  sandgauge learn --by log --to kafel -o my-app.policy -- ./my-app
  sandgauge learn --from /var/log/audit/audit.log -o profile.json)";

struct LearnWords {
  std::string by = "ptrace";
  std::string attach = "exec";
  std::string to;
  std::string table;
  LearnOptions options;
};

Result<void> understand_words(LearnWords& words, const std::vector<std::string>& command) {
  LearnOptions& options = words.options;
  options.command = command;
  if (words.by == "ptrace") {
    options.by = FollowBy::ptrace;
  } else if (words.by == "log") {
    options.by = FollowBy::log;
  } else if (words.by == "notify") {
    options.by = FollowBy::notify;
  } else {
    return fail("--by: found '{}', expected ptrace, log or notify", words.by);
  }
  if (words.attach != "exec" && words.attach != "preload")
    return fail("--attach: found '{}', expected exec or preload", words.attach);
  options.delivery = words.attach == "preload" ? Delivery::preload : Delivery::direct;
  if (!words.table.empty()) options.table = words.table;
  if (!words.to.empty()) {
    const auto to = parse_profile_format(words.to);
    if (!to) return fail("--to: {}", to.error().message);
    if (options.output.empty()) return fail("--to is the format of -o: add -o FILE");
    options.to = *to;
  }
  if (command.empty() == options.from.empty()) return fail("expected either a program, as -- CMD [ARGS], or --from FILE");
  if (!command.empty() && command[0].empty()) return fail("--: expected a program, found ''");
  return {};
}

}  // namespace

void add_learn_command(CLI::App& app, CommandLine& line) {
  CLI::App* command = app.add_subcommand("learn", "which calls a program makes, and the profile that allows them");
  command->footer(kLearnFooter);
  const auto words = std::make_shared<LearnWords>();
  command->add_option("--by", words->by, "ptrace, log or notify (default: ptrace)")->type_name("WAY");
  command->add_option("--attach", words->attach, "exec or preload (default: exec)")->type_name("WAY");
  command
      ->add_option("-o,--output", words->options.output,
                   "write a profile to this file; - is standard output, without the table")
      ->type_name("FILE");
  command->add_option("--to", words->to, "the profile's format: oci, yaml, kafel, minijail, env, bpf, hex, c (default: oci)")
      ->type_name("FORMAT");
  command->add_option("--table", words->table, "write the table to this file (default: standard output)")->type_name("FILE");
  command
      ->add_option("--from", words->options.from,
                   "a table or log of strace, audit records or go-audit's JSON lines, instead of CMD")
      ->type_name("FILE");
  command->callback([&line, words] {
    if (const auto understood = understand_words(*words, line.words_after_dashes); !understood) {
      line.answer = usage_error(understood.error().message);
    } else {
      line.action = [words] { return learn(words->options); };
    }
  });
}

}  // namespace sandgauge
