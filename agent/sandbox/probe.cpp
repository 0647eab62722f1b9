#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "agent/sandbox/sandbox.h"
#include "agent/sandbox/scratch.h"

namespace reeve::agent::sandbox {
namespace {

/// Says "isolated" only where nothing of the host shows. `kill -0` of a process of the host must fail, for it
/// has no number here.
constexpr const char* kProbe = R"probe(
fail() { echo "$1"; exit 1; }
[ "$(id -u)" = 1000 ] || fail "the user is not made up"
[ -z "$(ls /sys/class/net 2>/dev/null)" ] || fail "/sys is there"
[ "$(grep -c : /proc/net/dev)" -le 1 ] || fail "the network is the host's"
[ ! -w /proc/sys/kernel/core_pattern ] || fail "settings of the kernel can be written"
[ ! -w /usr ] || fail "/usr can be written"
for path in /root /home /var/lib /run /etc/shadow; do [ ! -e "$path" ] || fail "$path is there"; done
[ "$(sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status)" = 0000000000000000 ] || fail "capabilities are left"
[ "$(sed -n 's/^NoNewPrivs:[^0-9]*//p' /proc/self/status)" = 1 ] || fail "new privileges are not forbidden"
[ "$(sed -n 's/^Seccomp:[^0-9]*//p' /proc/self/status)" = 2 ] || fail "system calls are not filtered"
echo isolated
)probe";

/// Settings that forbid user namespaces, in words.
std::string forbidden_by() {
  for (const auto& [path, bad] : {std::pair{"/proc/sys/kernel/unprivileged_userns_clone", "0"},
                                  std::pair{"/proc/sys/user/max_user_namespaces", "0"},
                                  std::pair{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"}}) {
    std::ifstream file(path);
    std::string value;
    if (file >> value && value == bad) return std::string(path + sizeof("/proc/sys/") - 1) + " = " + value;
  }
  return "";
}

Error unusable(const std::string& why) {
  const std::string setting = forbidden_by();
  if (!setting.empty())
    return {ErrorCode::kNotAllowed, "user namespaces are forbidden here: sysctl " + setting,
            "allow them with sysctl -w, or run the agent on a machine where they are"};
  return {ErrorCode::kNotAllowed, "a sandbox does not work here: " + why,
          "the kernel must allow user namespaces; in a container, start it with the right to make them"};
}

}  // namespace

Result<void> sandbox_works() {
  auto sandbox = Sandbox::open("self-test-" + std::to_string(getpid()));
  if (!sandbox) return sandbox.error();
  std::string folder = (std::filesystem::temp_directory_path() / "reeve-sandbox-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr)
    return Error{ErrorCode::kIo, "cannot make a folder in " + folder,
                 "set TMPDIR to a folder that can be written"};
  Command command;
  command.program = "/bin/sh";
  command.args = {"-c", kProbe};
  command.environment = {{"PATH", "/usr/bin:/bin"}};
  command.work = folder;
  command.keep_output = true;
  Bounds bounds;
  bounds.time = seconds(20);  // a loaded machine; it takes milliseconds
  const auto outcome = sandbox.value()->run(command, bounds);
  if (const auto gone = remove_tree(folder); !gone) return gone;
  if (!outcome) return unusable(outcome.error().message);
  if (!outcome->good() || outcome->log != "isolated\n")
    return Error{ErrorCode::kConflict,
                 "the sandbox does not hide what it must: " + outcome->log.substr(0, outcome->log.find('\n')),
                 "report it, with the versions of bubblewrap and of the kernel"};
  return {};
}

}  // namespace reeve::agent::sandbox
