#include "agent/sandbox/seccomp_filter.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "protocol/bundle_files.h"

namespace reeve::agent::sandbox {
namespace {

/// By name, because old headers do not number them all: what this libseccomp does not know is left to the
/// absence of capabilities.
constexpr std::array kRefused{
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    // what is mounted where
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "swapon", "swapoff", "quotactl", "quotactl_fd",
    // namespaces; clone and unshare see below
    "setns",
    // the kernel itself
    "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "iopl",
    "ioperm", "syslog", "acct", "bpf", "perf_event_open", "userfaultfd", "lookup_dcookie", "nfsservctl",
    "uselib", "vhangup", "modify_ldt",
    // keys live outside of namespaces
    "keyctl", "add_key", "request_key",
    // the clock, the name
    "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "settimeofday", "adjtimex",
    "stime", "sethostname", "setdomainname",
    // files past their path
    "open_by_handle_at",
    // a second way to make system calls
    "io_uring_setup", "io_uring_enter", "io_uring_register"};

constexpr std::array<std::uint64_t, 8> kNamespaces{CLONE_NEWUSER,   CLONE_NEWNS,  CLONE_NEWPID,
                                                   CLONE_NEWNET,    CLONE_NEWIPC, CLONE_NEWUTS,
                                                   CLONE_NEWCGROUP, 0x80 /* time */};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

Error failed(const std::string& what, int code) {
  return {ErrorCode::kIo, "the system call filter cannot be made: " + what + ": " + std::strerror(code),
          "a kernel with seccomp filters and libseccomp 2.5 are needed"};
}

int refuse(const Filter& filter, const char* name, int how = EPERM) {
  const int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR) return 0;
  const int error =
      seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(static_cast<std::uint32_t>(how)), number, 0);
  return error == -EDOM ? 0 : error;  // this architecture has no such call
}

int refuse_when(const Filter& filter, const char* name, const scmp_arg_cmp& when) {
  return seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM), seccomp_syscall_resolve_name(name), 1,
                                &when);
}

/// Namespaces within namespaces: each gives a program capabilities over parts of the kernel.
int refuse_namespaces(const Filter& filter) {
  for (const std::uint64_t flag : kNamespaces) {
    if (const int e = refuse_when(filter, "unshare", SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)); e != 0)
      return e;
    if (flag == 0x80) continue;  // of clone, that is a part of the signal's number
    if (const int e = refuse_when(filter, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag)); e != 0) return e;
  }
  return refuse(filter, "clone3",
                ENOSYS);  // its flags are out of a filter's sight; libraries fall back to clone
}

/// Unix, IPv4, IPv6 and netlink are bound to the sandbox's empty network; others (vsock, alg, …) may not be.
int refuse_sockets(const Filter& filter) {
  if (const int e = refuse_when(filter, "socket", SCMP_A0(SCMP_CMP_GT, AF_NETLINK)); e != 0) return e;
  for (int family = AF_AX25; family < AF_NETLINK; ++family) {
    if (family == AF_INET6) continue;
    const auto number = static_cast<std::uint64_t>(family);
    if (const int e = refuse_when(filter, "socket", SCMP_A0(SCMP_CMP_EQ, number)); e != 0) return e;
  }
  return 0;
}

/// Words put into somebody else's terminal.
int refuse_terminals(const Filter& filter) {
  constexpr std::uint64_t kLow = 0xFFFF'FFFFULL;
  for (const std::uint64_t request : {std::uint64_t{TIOCSTI}, std::uint64_t{TIOCLINUX}}) {
    if (const int e = refuse_when(filter, "ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, kLow, request)); e != 0)
      return e;
  }
  return refuse_when(filter, "personality", SCMP_A0(SCMP_CMP_NE, 0));
}

}  // namespace

Result<Bytes> make_seccomp_filter() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return failed("seccomp_init", ENOMEM);
  for (const char* name : kRefused) {
    if (const int e = refuse(filter, name); e != 0) return failed(name, -e);
  }
  if (const int e = refuse_namespaces(filter); e != 0) return failed("namespaces", -e);
  if (const int e = refuse_sockets(filter); e != 0) return failed("sockets", -e);
  if (const int e = refuse_terminals(filter); e != 0) return failed("terminals", -e);
  const Descriptor file(memfd_create("reeve-filter", MFD_CLOEXEC));
  if (!file.valid()) return failed("memfd_create", errno);
  if (const int e = seccomp_export_bpf(filter.get(), file.get()); e != 0)
    return failed("seccomp_export_bpf", -e);
  const off_t size = lseek(file.get(), 0, SEEK_END);
  Bytes bytes(static_cast<std::size_t>(size));
  if (size <= 0 || pread(file.get(), bytes.data(), bytes.size(), 0) != size)
    return failed("its bytes", errno);
  return bytes;
}

}  // namespace reeve::agent::sandbox
