// The BPF LSM programs of `sandgauge compare`. Each denies, or records, one thing for one process and its descendants, and
// leaves every other process alone: the process names itself by running `claim` (BPF_PROG_TEST_RUN).
//
// No vmlinux.h: the few fields that are read are declared here, and libbpf finds where the running kernel has them (CO-RE,
// preserve_access_index). A kernel that lacks a hook refuses the programs of that hook only.
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "confine/bpf/shared.h"

#define KERNEL_TYPE __attribute__((preserve_access_index))

enum { EPERM = 1, AF_INET = 2, AF_INET6 = 10, PTRACE_MODE_ATTACH = 2, MOST_ANCESTORS = 4, MOST_FOLDERS = 16 };

struct inode {
  unsigned long i_ino;
} KERNEL_TYPE;
struct qstr {
  const unsigned char* name;
} KERNEL_TYPE;
struct dentry {
  struct dentry* d_parent;
  struct qstr d_name;
  struct inode* d_inode;
} KERNEL_TYPE;
struct path {
  struct dentry* dentry;
} KERNEL_TYPE;
struct file {
  struct inode* f_inode;
  struct path f_path;
} KERNEL_TYPE;
struct mm_struct {
  struct file* exe_file;
} KERNEL_TYPE;
struct task_struct {
  int tgid;
  struct task_struct* real_parent;
  struct mm_struct* mm;
  char comm[16];
} KERNEL_TYPE;
struct linux_binprm {
  struct file* file;
} KERNEL_TYPE;
struct sockaddr {
  unsigned short sa_family;
} KERNEL_TYPE;
struct sockaddr_in {
  unsigned short sin_family;
  __be16 sin_port;
} KERNEL_TYPE;
struct socket;
struct cred;
struct user_namespace;

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct bpf_sandbox_settings);
} settings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 64 * 1024);
} events SEC(".maps");

static __always_inline struct bpf_sandbox_settings* the_settings(void) {
  __u32 key = 0;
  return bpf_map_lookup_elem(&settings, &key);
}

static __always_inline int descends_from(struct task_struct* task, __u32 target) {
#pragma unroll
  for (int i = 0; i < MOST_ANCESTORS; ++i) {
    if ((__u32)BPF_CORE_READ(task, tgid) == target) return 1;
    task = BPF_CORE_READ(task, real_parent);
  }
  return 0;
}

/// The settings if the current process is the confined one or a descendant; else null.
static __always_inline struct bpf_sandbox_settings* settings_of_confined(void) {
  struct bpf_sandbox_settings* now = the_settings();
  if (!now || !now->target) return 0;
  return descends_from((struct task_struct*)bpf_get_current_task(), now->target) ? now : 0;
}

static __always_inline void record(const char* hook, const char* text, int denied) {
  struct bpf_sandbox_event* event = bpf_ringbuf_reserve(&events, sizeof *event, 0);
  if (!event) return;
  __builtin_memset(event, 0, sizeof *event);
  event->pid = bpf_get_current_pid_tgid() >> 32;
  event->denied = denied;
  bpf_probe_read_kernel_str(event->hook, sizeof event->hook, hook);
  if (text) bpf_probe_read_kernel_str(event->text, sizeof event->text, text);
  bpf_ringbuf_submit(event, 0);
}

#define DENY(hook, text) (record(hook, text, 1), -EPERM)
#define NAME_OF(dentry) ((const char*)BPF_CORE_READ(dentry, d_name.name))
#define NAME_OF_FILE(file) ((const char*)BPF_CORE_READ(file, f_path.dentry, d_name.name))

/// True if one of the folders from here upwards is the denied one.
static __always_inline int is_below(struct dentry* dentry, __u64 inode) {
  for (int i = 0; i < MOST_FOLDERS; ++i) {
    if (BPF_CORE_READ(dentry, d_inode, i_ino) == inode) return 1;
    struct dentry* parent = BPF_CORE_READ(dentry, d_parent);
    if (parent == dentry) return 0;
    dentry = parent;
  }
  return 0;
}

SEC("raw_tp/sys_enter")
int claim(void* context) {
  struct bpf_sandbox_settings* now = the_settings();
  if (now) now->target = bpf_get_current_pid_tgid() >> 32;
  return 0;
}

SEC("lsm/inode_mkdir")
int BPF_PROG(deny_mkdir, struct inode* folder, struct dentry* dentry) {
  return settings_of_confined() ? DENY("inode_mkdir", NAME_OF(dentry)) : 0;
}

SEC("lsm/inode_mkdir")
int BPF_PROG(deny_mkdir_below, struct inode* folder, struct dentry* dentry) {
  struct bpf_sandbox_settings* now = settings_of_confined();
  if (!now || !is_below(BPF_CORE_READ(dentry, d_parent), now->denied_inode)) return 0;
  return DENY("inode_mkdir", NAME_OF(dentry));
}

SEC("lsm/inode_rename")
int BPF_PROG(deny_move_below, struct inode* from, struct dentry* old, struct inode* to, struct dentry* new) {
  struct bpf_sandbox_settings* now = settings_of_confined();
  if (!now || !is_below(BPF_CORE_READ(new, d_parent), now->denied_inode)) return 0;
  return DENY("inode_rename", NAME_OF(new));
}

SEC("lsm/file_open")
int BPF_PROG(deny_open, struct file* file) {
  struct bpf_sandbox_settings* now = settings_of_confined();
  if (!now || BPF_CORE_READ(file, f_inode, i_ino) != now->denied_inode) return 0;
  return DENY("file_open", NAME_OF_FILE(file));
}

/// Each read and write asks again, also of what was open before.
SEC("lsm/file_permission")
int BPF_PROG(deny_use, struct file* file, int mask) {
  struct bpf_sandbox_settings* now = settings_of_confined();
  if (!now || BPF_CORE_READ(file, f_inode, i_ino) != now->denied_inode) return 0;
  return DENY("file_permission", NAME_OF_FILE(file));
}

SEC("lsm/path_chmod")
int BPF_PROG(deny_chmod, struct path* path) {
  return settings_of_confined() ? DENY("path_chmod", (const char*)BPF_CORE_READ(path, dentry, d_name.name)) : 0;
}

SEC("lsm/path_chown")
int BPF_PROG(deny_chown, struct path* path) {
  return settings_of_confined() ? DENY("path_chown", (const char*)BPF_CORE_READ(path, dentry, d_name.name)) : 0;
}

SEC("lsm/socket_create")
int BPF_PROG(deny_inet_socket, int family) {
  if ((family != AF_INET && family != AF_INET6) || !settings_of_confined()) return 0;
  return DENY("socket_create", 0);
}

SEC("lsm/socket_connect")
int BPF_PROG(deny_inet_connect, struct socket* socket, struct sockaddr* address) {
  const unsigned short family = BPF_CORE_READ(address, sa_family);
  if ((family != AF_INET && family != AF_INET6) || !settings_of_confined()) return 0;
  return DENY("socket_connect", 0);
}

SEC("lsm/socket_connect")
int BPF_PROG(deny_port, struct socket* socket, struct sockaddr* address) {
  struct bpf_sandbox_settings* now = settings_of_confined();
  if (!now) return 0;
  const unsigned short family = BPF_CORE_READ(address, sa_family);
  const __u16 port = BPF_CORE_READ((struct sockaddr_in*)address, sin_port);  // at the same place in sockaddr_in6
  if ((family != AF_INET && family != AF_INET6) || bpf_ntohs(port) != now->denied_port) return 0;
  return DENY("socket_connect", 0);
}

SEC("lsm/bprm_check_security")
int BPF_PROG(deny_exec, struct linux_binprm* program) {
  struct bpf_sandbox_settings* now = settings_of_confined();
  if (!now || BPF_CORE_READ(program, file, f_inode, i_ino) != now->denied_inode) return 0;
  return DENY("bprm_check_security", (const char*)BPF_CORE_READ(program, file, f_path.dentry, d_name.name));
}

SEC("lsm/capable")
int BPF_PROG(deny_capability, const struct cred* cred, struct user_namespace* namespace, int capability) {
  struct bpf_sandbox_settings* now = settings_of_confined();
  if (!now || capability != now->denied_capability) return 0;
  return DENY("capable", 0);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(deny_ptrace, struct task_struct* child, unsigned int mode) {
  struct bpf_sandbox_settings* now = settings_of_confined();
  if (!now || descends_from(child, now->target)) return 0;
  return DENY("ptrace_access_check", child->comm);
}

/// The file's own name: what the caller has called it may be a link, or /dev/fd/3.
SEC("lsm/bprm_committed_creds")
int BPF_PROG(record_exec, struct linux_binprm* program) {
  if (settings_of_confined())
    record("bprm_committed_creds", (const char*)BPF_CORE_READ(program, file, f_path.dentry, d_name.name), 0);
  return 0;
}

/// The program file of the process itself, or of a parent.
SEC("lsm/inode_unlink")
int BPF_PROG(record_deletion, struct inode* folder, struct dentry* dentry) {
  if (!settings_of_confined()) return 0;
  const __u64 deleted = BPF_CORE_READ(dentry, d_inode, i_ino);
  struct task_struct* task = (struct task_struct*)bpf_get_current_task();
#pragma unroll
  for (int i = 0; i < MOST_ANCESTORS; ++i) {
    if (BPF_CORE_READ(task, mm, exe_file, f_inode, i_ino) == deleted) {
      record("inode_unlink", NAME_OF(dentry), 0);
      return 0;
    }
    task = BPF_CORE_READ(task, real_parent);
  }
  return 0;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(record_memory_access, struct task_struct* child, unsigned int mode) {
  struct bpf_sandbox_settings* now = settings_of_confined();
  if (now && (mode & PTRACE_MODE_ATTACH)) record("ptrace_access_check", child->comm, 0);
  return 0;
}

char _license[] SEC("license") = "GPL";
