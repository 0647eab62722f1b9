#include "agent/sandbox/init/leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "agent/sandbox/init/protocol.h"

namespace reeve::agent::sandbox {
namespace {

/// Deeper nests are nobody's cache: the sandbox is given up rather than searched.
constexpr int kFoldersDeep = 32;

struct Folder {
  const char* path;
  mode_t mode;
};
/// As bwrap_options.cpp makes them: memory, and the program's to write.
constexpr Folder kFolders[] = {{"/tmp", 01777}, {"/dev/shm", 01777}, {"/dev/mqueue", 0}};

bool is_dots(const char* name) {
  return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool empty_folder(int fd, int depth);

bool remove_entry(int folder, const char* name, int depth) {
  if (unlinkat(folder, name, 0) == 0 || unlinkat(folder, name, AT_REMOVEDIR) == 0) return true;
  if (depth == kFoldersDeep) return false;
  fchmodat(folder, name, 0700, 0);
  const int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return below >= 0 && empty_folder(below, depth + 1) && unlinkat(folder, name, AT_REMOVEDIR) == 0;
}

/// Takes the descriptor.
bool empty_folder(int fd, int depth) {
  DIR* const folder = fdopendir(fd);
  if (folder == nullptr) {
    close(fd);
    return false;
  }
  bool good = true;
  while (const dirent* const entry = readdir(folder))
    good = (is_dots(entry->d_name) || remove_entry(dirfd(folder), entry->d_name, depth)) && good;
  closedir(folder);
  return good;
}

bool clear_folder(const Folder& folder) {
  if (folder.mode != 0 && chmod(folder.path, folder.mode) != 0) return false;
  if (listxattr(folder.path, nullptr, 0) > 0) {
    char names[4096];
    const ssize_t size = listxattr(folder.path, names, sizeof names);
    for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(strlen(names + at)) + 1) {
      // Those that a security module gives every file cannot be removed, and tell nothing.
      if (strncmp(names + at, "security.", 9) != 0 && removexattr(folder.path, names + at) != 0) return false;
    }
    if (size < 0) return false;
  }
  const int fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return fd >= 0 && empty_folder(fd, 0);
}

bool clear_shared_memory() {
  shm_info info;
  const int last = shmctl(0, SHM_INFO, reinterpret_cast<shmid_ds*>(&info));
  for (int i = 0; i <= last && info.used_ids > 0; ++i) {
    shmid_ds status;
    const int id = shmctl(i, SHM_STAT, &status);
    if (id >= 0) shmctl(id, IPC_RMID, nullptr);
  }
  return last < 0 || (shmctl(0, SHM_INFO, reinterpret_cast<shmid_ds*>(&info)) >= 0 && info.used_ids == 0);
}

union SemaphoreArgument {
  int value;
  semid_ds* status;
  seminfo* info;
};

bool clear_semaphores() {
  seminfo info;
  SemaphoreArgument argument;
  argument.info = &info;
  const int last = semctl(0, 0, SEM_INFO, argument);
  for (int i = 0; i <= last && info.semusz > 0; ++i) {
    semid_ds status;
    SemaphoreArgument at;
    at.status = &status;
    const int id = semctl(i, 0, SEM_STAT, at);
    if (id >= 0) semctl(id, 0, IPC_RMID);
  }
  return last < 0 || (semctl(0, 0, SEM_INFO, argument) >= 0 && info.semusz == 0);
}

bool clear_queues() {
  msginfo info;
  const int last = msgctl(0, MSG_INFO, reinterpret_cast<msqid_ds*>(&info));
  for (int i = 0; i <= last && info.msgpool > 0; ++i) {
    msqid_ds status;
    const int id = msgctl(i, MSG_STAT, &status);
    if (id >= 0) msgctl(id, IPC_RMID, nullptr);
  }
  return last < 0 || (msgctl(0, MSG_INFO, reinterpret_cast<msqid_ds*>(&info)) >= 0 && info.msgpool == 0);
}

int memory_score() {
  char text[16] = {};
  const int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  return n > 0 ? atoi(text) : 0;
}

}  // namespace

std::uint32_t clear_leftovers() {
  std::uint32_t left = 0;
  for (const Folder& folder : kFolders) {
    if (access(folder.path, F_OK) == 0 && !clear_folder(folder)) left |= kLeftFiles;
  }
  const bool memory = clear_shared_memory();
  const bool semaphores = clear_semaphores();
  if (!clear_queues() || !memory || !semaphores) left |= kLeftObjects;
  return left;
}

OwnSettings::OwnSettings() {
  read(values_);
}

void OwnSettings::read(Values& values) {
  memset(&values, 0, sizeof values);
  for (int i = 0; i < kLimits; ++i) {
    rlimit limit{};
    getrlimit(static_cast<__rlimit_resource>(i), &limit);
    values.soft[i] = limit.rlim_cur;
    values.hard[i] = limit.rlim_max;
  }
  sched_getaffinity(0, sizeof values.cpus, reinterpret_cast<cpu_set_t*>(values.cpus));
  values.nice = getpriority(PRIO_PROCESS, 0);
  values.policy = sched_getscheduler(0);
  values.io_priority = static_cast<int>(syscall(SYS_ioprio_get, 1, 0));
  values.memory_score = memory_score();
}

bool OwnSettings::changed() const {
  Values now;
  read(now);
  return memcmp(&now, &values_, sizeof now) != 0;
}

}  // namespace reeve::agent::sandbox
