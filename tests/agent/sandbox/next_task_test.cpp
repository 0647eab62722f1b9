#include <dirent.h>

#include "tests/agent/sandbox/session_fixture.h"

/// A task that means harm, and the one after it in the same session: it finds what it would have found
/// without.
namespace reeve::agent::worker {
namespace {

struct Hostile {
  const char* name;
  const char* script;
  bool same_session;  // all that was left could be undone
};

void PrintTo(const Hostile& hostile, std::ostream* out) {
  *out << hostile.name;
}

/// All that a program can find of one before it.
constexpr const char* kLook =
    "find . | sort; cat data kit/deep/tool link; stat -c '%a %F %h %s %n' . kit kit/deep data; "
    "ls -A /tmp /dev/shm /dev/mqueue; stat -c %a /tmp /dev/shm; set -- /proc/[0-9]*; echo $#; "
    "tail -n +2 -q /proc/sysvipc/* | wc -l; ulimit -a; ulimit -Ha; cat /proc/self/oom_score_adj; nproc; "
    "nice; "
    "umask; ls /proc/self/fd | wc -l; wc -l < /proc/mounts; hostname; wc -l < /proc/net/unix; "
    "env | grep -v '^TASK=' | sort; df --output=size /tmp; echo free > free; cat free; touch /tmp/t "
    "/dev/shm/t; "
    "python3 -c 'import os; print([os.listxattr(p) for p in (\".\",\"kit\",\"data\",\"/tmp\")])'";

class NextTaskTest : public SessionTest, public ::testing::WithParamInterface<Hostile> {
 protected:
  void SetUp() override {
    SessionTest::SetUp();
    bounds_.tmp_bytes = 16U << 20;
    bounds_.disk_bytes = 64U << 20;
    script_.environments = {environment(
        "kit", "mkdir -p kit/deep; echo tool > kit/deep/tool; echo data > data; ln -s data link", "")};
    script_.on_run =
        shell(std::string("if [ $TASK = 0 ]; then ") + GetParam().script + "\ntrue\nelse " + kLook + "; fi");
  }

  void anew() {
    if (session_) session_->leave();
    session_.reset();
    ASSERT_FALSE(session().enter().has_value());
  }

  static bool marked_process_left() {
    DIR* proc = opendir("/proc");
    bool found = false;
    while (const dirent* entry = readdir(proc)) {
      std::ifstream file(std::string("/proc/") + entry->d_name + "/cmdline");
      std::string line;
      std::getline(file, line);
      found = found || line.starts_with("reeve-next-mark");
    }
    closedir(proc);
    return found;
  }
};

TEST_P(NextTaskTest, FindsNothingOfIt) {
  anew();
  const std::string expected = run_task("1");
  ASSERT_FALSE(failure_.has_value()) << failure_->message;
  anew();
  run_task("0");
  ASSERT_FALSE(failure_.has_value()) << failure_->message;
  EXPECT_FALSE(marked_process_left());
  const bool same = session().renew();
  EXPECT_EQ(same, GetParam().same_session);
  if (!same) anew();
  EXPECT_EQ(run_task("1"), expected);
  EXPECT_FALSE(failure_.has_value()) << failure_->message;
  if (same) {  // and neither does the third
    ASSERT_TRUE(session().renew());
    EXPECT_EQ(run_task("2"), expected);
  }
}

#define REEVE_PYTHON(body) "python3 -c '" body "'"

INSTANTIATE_TEST_SUITE_P(
    Hostile, NextTaskTest,
    ::testing::Values(
        Hostile{"Daemon",
                "(setsid bash -c 'exec -a reeve-next-mark sleep 100000' >/dev/null 2>&1 &); sleep 0.1", true},
        Hostile{"StoppedChild", "(exec -a reeve-next-mark sleep 100000) & kill -STOP $!", true},
        Hostile{"ChildThatHoldsTheStreams", "(sleep 1000; echo late) & exec -a reeve-next-mark sleep 0",
                true},
        Hostile{"SignalsToTheFirstProcess", "kill -9 1; kill -STOP 1; kill -CHLD 1; kill -TERM 1; kill -9 -1",
                true},
        Hostile{"FilesAdded", "mkdir -p x/y/z kit/more; echo a > x/y/z/a; mkfifo p; ln -s / root; chmod 0 x",
                true},
        Hostile{"FileChanged", "echo evil > data", false},
        Hostile{"FileChangedAndItsTimesPutBack",
                "touch -r data ref; echo evil > data; touch -r ref data; rm ref", false},
        Hostile{"FileReplacedByItsCopy", "cp -p data copy; mv copy data", false},
        Hostile{"FileWithAnotherName", "ln data twin", false},
        Hostile{"LinkTurned", "ln -sfn kit link", false},
        Hostile{"WorkingDirectoryEmptied", "rm -rf /session/* /session; mkdir /session/kit", false},
        Hostile{"FolderMoved", "mv kit away; mkdir -p kit/deep", false},
        Hostile{"FolderShut", "chmod 0 kit", false},
        Hostile{"WorkingDirectoryShut", "chmod 0500 /session", false},
        Hostile{"AttributesOfAFolder", REEVE_PYTHON("import os; os.setxattr(\"kit\",\"user.note\",b\"x\")"),
                false},
        Hostile{"DiskFilled", "head -c 50000000 /dev/zero > fill", true},
        Hostile{"TmpFilled",
                "head -c 100M /dev/zero > /tmp/a 2>/dev/null; mkdir -p /dev/shm/d/e; chmod 0 /dev/shm/d; "
                "chmod 0700 /tmp",
                true},
        Hostile{"TmpNestedDeep",
                REEVE_PYTHON("import os\nos.chdir(\"/tmp\")\nfor i in range(200): os.mkdir(\"d\"); "
                             "os.chdir(\"d\")"),
                false},
        Hostile{"SystemVObjects",
                REEVE_PYTHON("import ctypes; c=ctypes.CDLL(None); print(c.shmget(7,4096,0o1666), "
                             "c.semget(7,1,0o1666), c.msgget(7,0o1666))"),
                true},
        Hostile{"MessageQueue",
                REEVE_PYTHON("import ctypes; c=ctypes.CDLL(\"librt.so.1\"); "
                             "assert c.mq_open(b\"/left\", 0o102, 0o600, None) >= 0"),
                true},
        Hostile{"LimitsOfTheFirstProcess", "prlimit --pid 1 --nofile=99:99", false},
        Hostile{"PriorityOfTheFirstProcess", "renice -n 5 -p 1 >/dev/null", false},
        Hostile{"Mounts", "mount -t tmpfs none /tmp; umount /tmp; umount -l /session; mount --bind / /tmp",
                true},
        Hostile{"Variables", "export LEFT=1; echo openjd_env: LEFT=1; ulimit -n 99; umask 0", true}),
    [](const auto& hostile) { return std::string(hostile.param.name); });

}  // namespace
}  // namespace reeve::agent::worker
