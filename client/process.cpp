#include "client/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>

extern char** environ;

namespace reeve::client {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

std::vector<char*> argv_of(const std::string& program, const std::vector<std::string>& args) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& arg : args)
    argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  return argv;
}

void on_interrupt(int) {
  g_interrupted = 1;
}

}  // namespace

Error exec_sibling(const std::string& program, const std::vector<std::string>& args) {
  std::error_code unknown;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const std::string beside = unknown ? program : (self.parent_path() / program).string();
  std::vector<char*> argv = argv_of(program, args);
  execv(beside.c_str(), argv.data());
  execvp(program.c_str(), argv.data());
  return {ErrorCode::kNotFound, "cannot start " + program + ": " + std::generic_category().message(errno),
          "install it beside reeve, or put it on PATH"};
}

Result<int> run_quietly(const std::string& program, const std::vector<std::string>& args) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&files, stream, "/dev/null", O_RDWR, 0);
  pid_t child = 0;
  std::vector<char*> argv = argv_of(program, args);
  const int failed = posix_spawnp(&child, program.c_str(), &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0)
    return Error{ErrorCode::kNotFound,
                 "cannot run " + program + ": " + std::generic_category().message(failed), "install it"};
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void watch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // so that a second one ends a stuck program
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
  return g_interrupted != 0;
}

}  // namespace reeve::client
