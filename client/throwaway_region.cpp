#include "client/throwaway_region.h"

#include <stdlib.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

namespace reeve::client {
namespace {

constexpr auto kLook = std::chrono::milliseconds(20);
constexpr Duration kPatience = seconds(20);
constexpr std::size_t kLastWords = 2000;
constexpr const char* kCredits = "1000000";

std::string last_words(const std::filesystem::path& log) {
  std::ifstream file(log);
  std::ostringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  return all.size() <= kLastWords ? all : "…" + all.substr(all.size() - kLastWords);
}

}  // namespace

Result<std::unique_ptr<ThrowawayRegion>> ThrowawayRegion::make() {
  std::unique_ptr<ThrowawayRegion> region(new ThrowawayRegion);
  std::string pattern = (std::filesystem::temp_directory_path() / "reeve-run-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    return Error{ErrorCode::kIo, "cannot make a folder " + pattern, "set TMPDIR to a folder with room"};
  region->folder_ = pattern;
  if (auto started = region->start(); !started) return started.error();
  return region;
}

ThrowawayRegion::~ThrowawayRegion() {
  agent_.stop(kPatience);
  region_.stop(kPatience);
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

std::string ThrowawayRegion::agent_log() const {
  return last_words(folder_ / "agent.log");
}

/// Keeps a secret in a file that is ours alone: command lines can be read by everybody. Returns "@FILE".
Result<std::string> ThrowawayRegion::keep(const std::string& name, const std::string& secret) const {
  const std::filesystem::path path = folder_ / name;
  std::ofstream file(path);
  file << secret << "\n";
  file.close();
  if (file) return "@" + path.string();
  return Error{ErrorCode::kIo, "cannot write " + path.string(), "set TMPDIR to a folder with room"};
}

Result<std::string> ThrowawayRegion::invite(const std::string& role, const std::string& credits) const {
  const auto invitation = as_operator({"region", "invite", role, "--credits", credits});
  if (!invitation) return invitation.error();
  return keep(role + ".invitation", *invitation);
}

Result<std::string> ThrowawayRegion::as_operator(std::vector<std::string> words) const {
  words.insert(words.begin(), {"--region", (folder_ / "region").string(), "--output", "quiet"});
  words.insert(words.begin(), sibling("reeve"));
  return run_to_end(words);
}

Result<void> ThrowawayRegion::start() {
  if (auto started = start_region(); !started) return started;
  const auto invitation = invite("requester", kCredits);
  if (!invitation) return invitation.error();
  const auto login =
      run_to_end({sibling("reeve"), "--home", requester_home(), "login", *invitation, "--name", "run"});
  if (!login) return login.error();
  return start_agent();
}

Result<void> ThrowawayRegion::start_region() {
  const auto port = free_ports();
  if (!port) return port.error();
  const std::string region = (folder_ / "region").string();
  const auto made = run_to_end({sibling("reeve-scheduler"), "init", region, "--name", "run", "--listen",
                                "127.0.0.1:" + std::to_string(*port), "--http", std::to_string(*port + 2)});
  if (!made) return made.error();
  auto process = ChildProcess::start({sibling("reeve-scheduler"), "serve", region}, folder_ / "region.log");
  if (!process) return process.error();
  region_ = std::move(*process);
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(kPatience.ns);
  while (region_.alive() && std::chrono::steady_clock::now() < end) {
    if (as_operator({"--timeout", "1s", "region", "status"}).ok()) return {};
    std::this_thread::sleep_for(kLook);
  }
  return Error{ErrorCode::kUnreachable,
               "the throwaway region did not start: " + last_words(folder_ / "region.log"),
               "see what it says"};
}

Result<void> ThrowawayRegion::start_agent() {
  const std::string owner = (folder_ / "owner").string();
  const std::string agent = (folder_ / "agent").string();
  const auto invited = invite("owner", "1");
  if (!invited) return invited.error();
  if (auto made =
          run_to_end({sibling("reeve"), "--home", owner, "owner", "create", *invited, "--name", "run"});
      !made)
    return made.error();
  const auto token =
      run_to_end({sibling("reeve"), "--home", owner, "--output", "quiet", "owner", "invite-agents"});
  if (!token) return token.error();
  const auto kept = keep("agents.invitation", *token);
  if (!kept) return kept.error();
  if (auto joined = run_to_end({sibling("reeve-agent"), "--home", agent, "join", *kept}); !joined)
    return joined.error();
  auto process = ChildProcess::start({sibling("reeve-agent"), "--home", agent, "run"}, folder_ / "agent.log");
  if (!process) return process.error();
  agent_ = std::move(*process);
  return {};
}

}  // namespace reeve::client
