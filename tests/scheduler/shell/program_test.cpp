#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "scheduler/shell/policy_file.h"
#include "scheduler/shell/service_manager.h"
#include "tests/scheduler/shell/temporary_folder.h"

namespace reeve::shell {
namespace {

/// A socket like that of systemd, which hears how a service stands.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) : fd_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval patience{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~NotifySocket() {
    unsetenv("NOTIFY_SOCKET");
    close(fd_);
  }
  std::string receive() const {
    std::array<char, 256> text{};
    const ssize_t size = recv(fd_, text.data(), text.size(), 0);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  int fd_;
};

/// reeve-scheduler itself, with what it says in a file.
class Program {
 public:
  Program(std::vector<std::string> arguments, const std::string& log) : log_(log) {
    arguments.insert(arguments.begin(), REEVE_SCHEDULER);
    std::vector<char*> argv;
    for (std::string& argument : arguments)
      argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    if (freopen(log.c_str(), "w", stdout) != nullptr && dup2(STDOUT_FILENO, STDERR_FILENO) >= 0)
      execv(argv[0], argv.data());
    _exit(127);
  }
  ~Program() {
    if (pid_ > 0) kill(pid_, SIGKILL), wait();
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  void stop() const { kill(pid_, SIGTERM); }
  /// Its exit code, or 128 + the signal that ended it.
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string said() const {
    std::ostringstream text;
    text << std::ifstream(log_).rdbuf();
    return text.str();
  }

 private:
  std::string log_;
  pid_t pid_ = -1;
};

class SchedulerProgram : public testing::Test {
 protected:
  /// A region on ports that were free a moment ago.
  std::string make(const std::string& name, std::uint16_t port) {
    const std::string dir = folder_ / name;
    Program init({"init", dir, "--listen", "127.0.0.1:" + std::to_string(port)}, folder_ / "init.log");
    EXPECT_EQ(init.wait(), 0) << init.said();
    return dir;
  }
  static bool port_is_free(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return is_free;
  }
  /// The first of four free ports. Below those that the system gives to connections: tests beside this one
  /// have many, and one of them would get a port between this look and the region's start.
  static std::uint16_t free_port() {
    for (int port = 12'000 + getpid() % 1'900 * 10; port < 32'700; port += 4)
      if (port_is_free(port) && port_is_free(port + 1) && port_is_free(port + 2) && port_is_free(port + 3))
        return static_cast<std::uint16_t>(port);
    ADD_FAILURE() << "no four free ports in a row below 32,700";
    return 0;
  }
  TemporaryFolder folder_;
};

TEST(ServiceManager, IsToldNothingWhereThereIsNone) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_FALSE(notify_service_manager("READY=1"));
  setenv("NOTIFY_SOCKET", std::string(500, 'x').c_str(), 1);
  EXPECT_FALSE(notify_service_manager("READY=1"));
  unsetenv("NOTIFY_SOCKET");
}

TEST_F(SchedulerProgram, SaysWhenItServesAndWhenItStopsAndEndsWithZero) {
  const std::string dir = make("region", free_port());
  const NotifySocket manager(folder_ / "notify");
  Program region({"serve", dir}, folder_ / "serve.log");
  EXPECT_EQ(manager.receive(), "READY=1") << region.said();
  region.stop();
  EXPECT_EQ(manager.receive(), "STOPPING=1");
  EXPECT_EQ(region.wait(), 0);
  EXPECT_NE(region.said().find("everything is stored"), std::string::npos) << region.said();
}

TEST_F(SchedulerProgram, APortInUseEndsTheStartNamingThePortAndTheRemedy) {
  const std::uint16_t port = free_port();
  const std::string dir = make("region", port);
  const std::string other = make("other", port);
  const NotifySocket manager(folder_ / "notify");
  const Program region({"serve", dir}, folder_ / "serve.log");
  ASSERT_EQ(manager.receive(), "READY=1") << region.said();
  Program second({"serve", other}, folder_ / "second.log");
  const int code = second.wait();
  EXPECT_GT(code, 0);
  EXPECT_LT(code, 126) << "it says why and ends; it does not crash";
  EXPECT_NE(second.said().find(std::to_string(port)), std::string::npos) << second.said();
  EXPECT_NE(second.said().find("region.toml"), std::string::npos) << second.said();
}

TEST_F(SchedulerProgram, AnAuditOfADamagedJournalEndsWithOneAndSaysWhy) {
  const std::string dir = make("region", free_port());
  Program sound({"audit", dir}, folder_ / "sound.log");
  EXPECT_EQ(sound.wait(), 0) << sound.said();
  std::ofstream(dir + "/journal.db") << std::string(5000, 'x');
  Program damaged({"audit", dir}, folder_ / "damaged.log");
  EXPECT_EQ(damaged.wait(), 1);
  EXPECT_NE(damaged.said().find("NOT verified"), std::string::npos) << damaged.said();
}

}  // namespace
}  // namespace reeve::shell
