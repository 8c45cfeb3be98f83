// What the BPF programs and the harness share: the settings of a trial, and the events that a program records.
// C, since the BPF programs are.
#pragma once

#include <linux/types.h>

struct bpf_sandbox_settings {
  __u32 target;        // thread group id of the confined process; its descendants are confined too. 0: nobody
  __u32 denied_port;   // in host byte order
  __u64 denied_inode;  // of the file or folder that the intent is about
  __s32 denied_capability;
  __u32 padding;
};

struct bpf_sandbox_event {
  __u32 pid;
  __u32 denied;   // 1: the call was denied; 0: it went on
  char hook[24];  // "inode_mkdir"
  char text[72];  // a file's name, or a process's
};
