// Filters that another than sandgauge loads: how a case with attach preload or needed is made ready for execute(), and how
// one with attach runc or crun is run.
//
//   if (std::string lacking = lacking_for(test.delivery); !lacking.empty()) return skipped(lacking);
//   Result<Delivered> delivered = deliver(filtered, program, flags, request);
//   Outcome outcome = execute(request);
//   delivered->complete(outcome);                 // outcome.setup says so if no filter was in force
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/temp_dir.h"
#include "confine/preload.h"
#include "execute/execute.h"
#include "model/case.h"

namespace sandgauge {

/// What this machine lacks for it: "patchelf is not installed"; empty if nothing.
std::string lacking_for(Delivery delivery);

/// What has to live as long as the program runs.
class Delivered {
 public:
  Delivered(Preload preload, std::optional<TempDir> folder, std::string hint)
      : preload_(std::move(preload)), folder_(std::move(folder)), hint_(std::move(hint)) {}
  /// Without a filter in force nothing was learnt: sets outcome.setup, with the reason as far as it is known.
  void complete(Outcome& outcome) const;

 private:
  Preload preload_;
  std::optional<TempDir> folder_;
  std::string hint_;  // why the library may not have run
};

/// Fills in what the program of `request` needs to get the filter: the environment, a descriptor, with Delivery::needed
/// another file to execute. The policy goes as variables if the case says so and they can say it, else as `program`. `flags`
/// are seccomp_flags(). Fails if the library is not there or the copy cannot be made.
Result<Delivered> deliver(const Case& filtered, const Program& program, unsigned flags, ExecuteRequest& request);

/// True for runc and crun.
bool is_runtime(Delivery delivery);

/// What became of the program in a container, and why it could not be.
struct ContainerRun {
  Outcome outcome;
  std::string lacking;  // not even a container without a profile runs here; empty if that was not tried, or one does
};

/// The program of `request` in a container of the runtime, with the policy as its profile. It gets no flags but the policy's
/// own, for there are runtimes that refuse them.
Result<ContainerRun> run_in_container(const Case& filtered, const ExecuteRequest& request);

}  // namespace sandgauge
