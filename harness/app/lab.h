// `sandgauge lab`: a sandgauge command on other kernels; and the kernels there are.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lab/guest.h"
#include "lab/kernel.h"

namespace sandgauge {

struct LabOptions {
  std::vector<KernelName> kernels;
  std::vector<std::string> words;  // a sandgauge command line
  std::vector<std::string> files;  // to take along
  std::string append;              // kernel parameters
  std::string console;             // file for what the kernel prints
  int memory_mib = 1024;
  int cpus = 2;
  int jobs = 0;  // guests at a time; 0: as many as this machine has processors
  bool icount = false;
  std::chrono::milliseconds timeout{900'000};
};

/// The exit code of the command in the guest, the worst of several; kExitCouldNotRun if a guest did not get to its end,
/// which does not end the others. Several run side by side; what they print is told in the order of the kernels.
int lab(const LabOptions& options);

GuestOptions guest_options(const LabOptions& options, const Kernel& kernel, std::string initramfs);

std::size_t guest_jobs(const LabOptions& options);

/// Of two exit codes: that it could not run is worse than a mismatch, and a mismatch than nothing but skips.
int worse_exit(int one, int other);

/// Downloads kernels over those in the cache, after a look at what Debian has now.
int lab_fetch(const std::vector<KernelName>& kernels);

/// What is in the cache, and what could be fetched.
int lab_list(bool json);

}  // namespace sandgauge
