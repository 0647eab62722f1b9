#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/agent/sandbox/sandbox_fixture.h"

/// Programs that mean harm. Each must be contained, and named where it was ended; none may outlive its run.
namespace reeve::agent::sandbox {
namespace {

class HostileTest : public SandboxTest {
 protected:
  void SetUp() override {
    SandboxTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    // A secret of the host's, beside the working directory, as an agent's keys are.
    std::ofstream(folder_.path() / "identity.key") << "the agent's secret";
  }
  /// No process of the host carries the mark that hostile programs put on their command lines.
  static bool marked_process_left(const std::string& mark) {
    DIR* proc = opendir("/proc");
    bool found = false;
    while (const dirent* entry = readdir(proc)) {
      std::ifstream file(std::string("/proc/") + entry->d_name + "/cmdline");
      std::string line;
      std::getline(file, line);
      found = found || line.find(mark) != std::string::npos;
    }
    closedir(proc);
    return found;
  }

  void TearDown() override {
    if (!sandbox_) return;
    EXPECT_FALSE(marked_process_left("reeve-hostile-mark"));
    work_ = folder_.path() / "another";
    std::filesystem::create_directory(work_);
    Command echo = command("echo", {"still here"});
    echo.keep_output = true;
    bounds_.time = seconds(120);
    EXPECT_TRUE(run(echo).good()) << "the sandbox does not work any more";
  }

  /// A C-like attempt in Python: prints "refused" where the kernel says no, and anything else otherwise.
  Outcome attempt(const std::string& body) {
    return python(
        "import ctypes,os,socket,errno\n"
        "libc=ctypes.CDLL(None,use_errno=True)\n"
        "def syscall(n,*a):\n"
        "  r=libc.syscall(ctypes.c_long(n),*[ctypes.c_long(x) if isinstance(x,int) else x for x in a])\n"
        "  if r<0: raise OSError(ctypes.get_errno(),os.strerror(ctypes.get_errno()))\n"
        "  return r\n"
        "try:\n" +
        body +
        "\n  print('BROKE OUT')\n"
        "except OSError as e: print('refused', errno.errorcode.get(e.errno))\n");
  }
  void expect_refused(const std::string& body, const std::string& with = "refused") {
    const Outcome outcome = attempt("  " + body);
    EXPECT_NE(outcome.log.find(with), std::string::npos) << body << ": " << outcome.log;
    EXPECT_EQ(outcome.log.find("BROKE OUT"), std::string::npos) << body;
  }
};

// ---- more of the host than a task may have ----

TEST_F(HostileTest, ForkBombIsEndedForItsProcesses) {
  const Outcome outcome = shell("bomb() { bomb | bomb & }; while :; do bomb; done");
  EXPECT_EQ(outcome.exceeded, Bound::kProcesses) << outcome.how;
}

TEST_F(HostileTest, ThreadBombIsEndedOrFails) {
  const Outcome outcome = python(
      "import threading,time\n"
      "while True: threading.Thread(target=time.sleep,args=(1000,)).start()");
  EXPECT_FALSE(outcome.good());
  EXPECT_NE(outcome.how, "");
}

TEST_F(HostileTest, MemoryHogIsEndedForItsMemory) {
  const Outcome outcome = python("held=[]\nwhile True: held.append(b'x'*(8<<20))");
  EXPECT_EQ(outcome.exceeded, Bound::kMemory) << outcome.how << outcome.log;
}

TEST_F(HostileTest, MemorySpreadOverManyProcessesCountsTogether) {
  const Outcome outcome = python(
      "import os,time\n"
      "for i in range(8):\n"
      "  if os.fork()==0:\n"
      "    held=bytearray(os.urandom(1))*(64<<20); time.sleep(1000)\n"
      "time.sleep(1000)");
  EXPECT_EQ(outcome.exceeded, Bound::kMemory) << outcome.how << outcome.log;
}

TEST_F(HostileTest, DiskFillerIsEndedForItsDisk) {
  const Outcome outcome =
      shell("i=0; while :; do head -c 8000000 /dev/zero > file-$i || exit 1; i=$((i+1)); done");
  EXPECT_EQ(outcome.exceeded, Bound::kDisk) << outcome.how << outcome.log;
}

TEST_F(HostileTest, DeletedFilesThatAreKeptOpenCountAsDisk) {
  const Outcome outcome = python(
      "import os,time\nheld=[]\nfor i in range(30):\n"
      "  f=open('f%d'%i,'wb'); f.write(b'x'*(8<<20)); f.flush(); os.unlink('f%d'%i); held.append(f)\n"
      "time.sleep(1000)");
  EXPECT_EQ(outcome.exceeded, Bound::kDisk) << outcome.how << outcome.log;
}

TEST_F(HostileTest, OneHugeFileIsEndedForItsDisk) {
  const Outcome outcome = shell("exec cat /dev/zero > huge");
  EXPECT_EQ(outcome.exceeded, Bound::kDisk) << outcome.how;
}

TEST_F(HostileTest, SparseFileLargerThanTheDiskIsRefused) {
  const Outcome outcome = shell("exec truncate -s 10T sparse");
  EXPECT_FALSE(outcome.good());
  EXPECT_LE(std::filesystem::exists(work_ / "sparse") ? std::filesystem::file_size(work_ / "sparse") : 0,
            bounds_.disk_bytes);
}

TEST_F(HostileTest, ThousandsOfFilesAreEndedForTheirNumber) {
  const Outcome outcome = shell("i=0; while :; do : > f$i; i=$((i+1)); done");
  EXPECT_EQ(outcome.exceeded, Bound::kFiles) << outcome.how;
}

TEST_F(HostileTest, EndlessNestingIsEndedForItsDepth) {
  const Outcome outcome = python("import os\nwhile True: os.mkdir('d'); os.chdir('d')");
  EXPECT_EQ(outcome.exceeded, Bound::kFiles) << outcome.how;
}

TEST_F(HostileTest, EndlessLogIsEndedAndBothItsEndsAreKept) {
  const Outcome outcome = shell("echo begins; exec yes");
  EXPECT_EQ(outcome.exceeded, Bound::kOutput) << outcome.how;
  EXPECT_TRUE(outcome.log.starts_with("begins\n"));
  EXPECT_LT(outcome.log.size(), 64'000u);
}

TEST_F(HostileTest, EndlessResultIsEnded) {
  Command yes = command("yes", {});
  yes.keep_output = true;
  const Outcome outcome = run(yes);
  EXPECT_EQ(outcome.exceeded, Bound::kOutput) << outcome.how;
  EXPECT_LE(outcome.output.size(), bounds_.output_bytes);
}

TEST_F(HostileTest, TmpAndSharedMemoryHaveAnEnd) {
  const Outcome outcome = shell(
      "for d in /tmp /dev/shm; do head -c 100000000 /dev/zero > $d/fill 2>/dev/null && echo BROKE OUT; "
      "[ $(stat -c %s $d/fill) -le 17000000 ] || echo BROKE OUT; rm $d/fill; done");
  EXPECT_EQ(outcome.log, "");
}

TEST_F(HostileTest, ManyOpenFilesHaveAnEnd) {
  const Outcome outcome = python(
      "import os\nn=0\ntry:\n  while n<100000: os.open('/dev/null',0); n+=1\nexcept OSError: "
      "pass\nprint(n<5000)");
  EXPECT_EQ(outcome.log, "True\n");
}

TEST_F(HostileTest, SleeperIsEndedForItsTime) {
  bounds_.time = seconds(1);
  const Outcome outcome = shell("exec sleep 100000");
  EXPECT_EQ(outcome.exceeded, Bound::kTime) << outcome.how;
}

TEST_F(HostileTest, WhoIgnoresEverySignalIsEndedAllTheSame) {
  bounds_.time = seconds(1);
  Command stubborn = command("/bin/bash", {"-c", "trap '' TERM INT HUP QUIT; while :; do sleep 1; done"});
  stubborn.notice = seconds(1);
  const Outcome outcome = run(stubborn);
  EXPECT_EQ(outcome.exceeded, Bound::kTime) << outcome.how;
}

// ---- what stays behind ----

TEST_F(HostileTest, OrphansEndWithTheProgram) {
  const Outcome outcome = shell("(exec -a reeve-hostile-mark sleep 100000) & disown; echo started");
  EXPECT_TRUE(outcome.good()) << outcome.how;
}

TEST_F(HostileTest, DaemonsInSessionsOfTheirOwnEndWithTheProgram) {
  const Outcome outcome = python(
      "import os\n"
      "if os.fork()==0:\n"
      "  os.setsid()\n"
      "  if os.fork()==0:\n"
      "    for fd in (0,1,2): os.close(fd)\n"
      "    os.execv('/usr/bin/sleep',['reeve-hostile-mark','100000'])\n"
      "  os._exit(0)\n"
      "os.wait()");
  EXPECT_TRUE(outcome.good()) << outcome.how;
}

TEST_F(HostileTest, ClosedStreamsDoNotHideAProgram) {
  bounds_.time = seconds(1);
  const Outcome outcome = shell("exec <&- >&- 2>&-; while :; do :; done");
  EXPECT_EQ(outcome.exceeded, Bound::kTime) << outcome.how;
}

TEST_F(HostileTest, ProgramThatDeletesItselfRunsAndEnds) {
  const Outcome outcome = shell("cp /usr/bin/sleep s && exec ./s 0");
  EXPECT_TRUE(outcome.good()) << outcome.how;
  bounds_.time = seconds(1);
  // It is deleted once it runs: until then it is the shell's own program.
  const Outcome gone = shell(
      "cp /usr/bin/sleep s2; ./s2 1000 & "
      "while [ \"$(readlink /proc/$!/exe)\" = \"$(readlink /proc/$$/exe)\" ]; do :; done; rm s2; wait");
  EXPECT_EQ(gone.exceeded, Bound::kTime) << gone.how;
}

// ---- the host and its other processes ----

TEST_F(HostileTest, ProcessesOfTheHostCannotBeSeenOrSignalled) {
  const std::string own = std::to_string(getpid());
  const std::string parent = std::to_string(getppid());
  const Outcome outcome =
      shell("kill -9 " + own + " " + parent + " 2>&1; kill -9 -1 2>/dev/null; ls -d /proc/[0-9]*");
  EXPECT_EQ(outcome.log.find("/proc/" + own + "\n"), std::string::npos) << outcome.log;
  EXPECT_EQ(kill(getpid(), 0), 0);
}

TEST_F(HostileTest, FirstProcessesRootIsNoWayOut) {
  const Outcome outcome = shell("cat /proc/1/root" + (folder_.path() / "identity.key").string() +
                                "; ls /proc/1/root/root /proc/1/cwd/; cat /proc/1/environ | tr '\\0' '\\n'");
  EXPECT_EQ(outcome.log.find("secret"), std::string::npos) << outcome.log;
}

TEST_F(HostileTest, OthersCannotBeTraced) {
  expect_refused("syscall(101,16,1,0,0)", "refused EPERM");     // PTRACE_ATTACH of the first process
  expect_refused("syscall(310,1,0,0,0,0,0)", "refused EPERM");  // process_vm_readv
  expect_refused("open('/proc/1/mem','rb').read(1)", "refused");
}

TEST_F(HostileTest, SecretsOfTheHostAreNotThere) {
  const Outcome outcome = shell(
      "cat " + (folder_.path() / "identity.key").string() + " ../identity.key /session/../identity.key" +
      "; cat /etc/shadow; ls -A /root /home /var/lib /var/log /run /sys /boot /mnt");
  EXPECT_EQ(outcome.log.find("secret"), std::string::npos) << outcome.log;
  EXPECT_EQ(outcome.log.find("root:"), std::string::npos) << outcome.log;
  std::size_t missing = 0;
  for (std::size_t at = outcome.log.find("No such file"); at != std::string::npos;
       at = outcome.log.find("No such file", at + 1))
    ++missing;
  EXPECT_EQ(missing, 12u) << outcome.log;
}

TEST_F(HostileTest, SystemCannotBeWritten) {
  const Outcome outcome = shell(
      "for d in / /usr /usr/bin /lib /etc /dev /proc /files /sys; do (: > $d/planted) 2>/dev/null && echo "
      "BROKE OUT $d; done; "
      "echo x 2>/dev/null >> /etc/passwd && echo BROKE OUT passwd; true");
  EXPECT_EQ(outcome.log, "");
  EXPECT_FALSE(std::filesystem::exists("/usr/bin/planted"));
}

TEST_F(HostileTest, SettingsOfTheKernelCannotBeWritten) {
  const Outcome outcome = shell(
      "find /proc -path '/proc/[0-9]*' -prune -o -path /proc/self -prune -o -path /proc/thread-self -prune "
      "-o "
      "-type f -writable ! -exec test -c {} \\; -print 2>/dev/null | head -5");
  EXPECT_EQ(outcome.log, "");
}

// ---- more rights ----

TEST_F(HostileTest, SetuidProgramsGiveNothing) {
  const Outcome outcome = shell(
      "for p in /usr/bin/su /usr/bin/passwd /usr/bin/mount /usr/bin/newgrp; do [ -u $p ] && echo found; done "
      "| sort -u; "
      "cp /usr/bin/id own; chmod 6777 own; ./own -u; ./own -ru; su -c 'echo BROKE OUT' </dev/null "
      "2>/dev/null; true");
  EXPECT_EQ(outcome.log.find("BROKE OUT"), std::string::npos) << outcome.log;
  EXPECT_NE(outcome.log.find("1000\n1000\n"), std::string::npos) << outcome.log;
  expect_refused("os.setuid(0)");
}

TEST_F(HostileTest, RootAndMountsCannotBeChanged) {
  expect_refused("os.chroot('/session')", "refused EPERM");
  expect_refused("syscall(165,b'none',b'/tmp',b'tmpfs',0,0)", "refused EPERM");  // mount
  expect_refused("syscall(166,b'/proc/sys',2)", "refused EPERM");                // umount2, lazily
  expect_refused("syscall(155,b'/session',b'/session')", "refused EPERM");       // pivot_root
  expect_refused("syscall(428,-100,b'/',1)", "refused EPERM");                   // open_tree
}

TEST_F(HostileTest, NamespacesWithinCannotBeMade) {
  for (const char* flag : {"0x10000000", "0x00020000", "0x20000000", "0x40000000", "0x08000000"})
    expect_refused(std::string("syscall(272,") + flag + ")", "refused EPERM");  // unshare
  expect_refused("syscall(56,0x10000011,0,0,0,0)", "refused EPERM");            // clone with a user namespace
  expect_refused("syscall(435,0,0)", "refused ENOSYS");                         // clone3
  expect_refused("syscall(308,os.open('/proc/self/ns/user',0),0)", "refused EPERM");  // setns
}

TEST_F(HostileTest, DeviceFilesCannotBeMadeOrOpened) {
  expect_refused("os.mknod('disk',0o060666,os.makedev(254,0))");
  expect_refused("os.mknod('memory',0o020666,os.makedev(1,1))");
  const Outcome outcome = shell("ls /dev | tr '\\n' ' '");
  for (const char* bad : {"mem ", "sda", "vda", "kmsg", "nvidia", "kvm", "fuse", "loop"})
    EXPECT_EQ(outcome.log.find(bad), std::string::npos) << outcome.log;
}

TEST_F(HostileTest, KernelsOwnDoorsAreShut) {
  expect_refused("syscall(250,0,-3,0,0,0)", "refused EPERM");                        // keyctl
  expect_refused("syscall(248,b'user',b'k',b'v',1,-3)", "refused EPERM");            // add_key
  expect_refused("syscall(321,0,0,0)", "refused EPERM");                             // bpf
  expect_refused("syscall(298,0,0,-1,-1,0)", "refused EPERM");                       // perf_event_open
  expect_refused("syscall(323,0)", "refused EPERM");                                 // userfaultfd
  expect_refused("syscall(425,1,0)", "refused EPERM");                               // io_uring_setup
  expect_refused("syscall(304,-100,0,0)", "refused EPERM");                          // open_by_handle_at
  expect_refused("syscall(313,0,b'',0)", "refused EPERM");                           // finit_module
  expect_refused("syscall(175,0,0,b'')", "refused EPERM");                           // init_module
  expect_refused("syscall(246,0,0,0,0)", "refused EPERM");                           // kexec_load
  expect_refused("syscall(169,0xfee1dead,672274793,0x1234567,0)", "refused EPERM");  // reboot
  expect_refused("syscall(167,b'/session/s',0)", "refused EPERM");                   // swapon
  expect_refused("syscall(135,0x0040000)", "refused EPERM");                         // personality
  expect_refused("syscall(227,0,0)", "refused EPERM");                               // clock_settime
  expect_refused("syscall(170,b'x',1)", "refused EPERM");                            // sethostname
}

TEST_F(HostileTest, WordsCannotBePutIntoATerminal) {
  expect_refused("import pty,fcntl; m,s=pty.openpty(); fcntl.ioctl(s,0x5412,b'x')", "refused EPERM");
}

// ---- the network ----

TEST_F(HostileTest, ThereIsNoNetwork) {
  expect_refused("socket.create_connection(('1.1.1.1',53),5)", "refused ENETUNREACH");
  expect_refused("socket.socket(socket.AF_INET,socket.SOCK_DGRAM).sendto(b'x',('8.8.8.8',53))",
                 "refused ENETUNREACH");
  expect_refused("socket.socket(40,1)", "refused EPERM");  // vsock: the hypervisor
  expect_refused("socket.socket(38,5)", "refused EPERM");  // the kernel's ciphers
  expect_refused("socket.socket(17,3)", "refused EPERM");  // packets
}

TEST_F(HostileTest, ServersOfTheHostAreOutOfReach) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  expect_refused("socket.create_connection(('127.0.0.1'," + std::to_string(ntohs(address.sin_port)) + "),5)");
  close(listener);
  const int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = "reeve-hostile-" + std::to_string(getpid());
  text.copy(name.sun_path + 1, sizeof name.sun_path - 1);
  ASSERT_EQ(bind(door, reinterpret_cast<sockaddr*>(&name),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size())),
            0);
  ASSERT_EQ(listen(door, 1), 0);
  expect_refused("s=socket.socket(socket.AF_UNIX); s.connect('\\0" + text + "')", "refused ECONNREFUSED");
  close(door);
}

TEST_F(HostileTest, SharedMemoryAndQueuesOfTheHostAreOutOfReach) {
  const Outcome outcome = shell("cat /proc/sysvipc/shm /proc/sysvipc/msg /proc/sysvipc/sem | grep -vc key");
  EXPECT_EQ(outcome.log, "0\n");
}

}  // namespace
}  // namespace reeve::agent::sandbox
