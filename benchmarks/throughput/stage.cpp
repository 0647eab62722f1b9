#include "benchmarks/throughput/stage.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace reeve::bench {
namespace {

constexpr Duration kPatience = seconds(30);
constexpr auto kLook = std::chrono::milliseconds(20);

Result<void> write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text << "\n";
  file.close();
  if (file) return {};
  return Error{ErrorCode::kIo, "cannot write " + path.string(), "choose another --dir"};
}

bool log_says(const std::filesystem::path& log, const std::string& word) {
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);)
    if (line == word) return true;
  return false;
}

}  // namespace

Result<std::unique_ptr<Stage>> Stage::make(const StageOptions& options) {
  std::unique_ptr<Stage> stage(new Stage(options));
  if (auto prepared = stage->prepare(); !prepared) return prepared.error();
  if (auto enrolled = stage->enrol_everybody(); !enrolled) return enrolled.error();
  return stage;
}

Stage::~Stage() {
  swarm_.reset();
  region_.reset();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Result<void> Stage::prepare() {
  std::string pattern = (options_.parent / "reeve-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    return Error{ErrorCode::kIo, "cannot make a folder in " + options_.parent.string(),
                 "choose another --dir"};
  folder_ = pattern;
  const auto port = client::free_ports();
  if (!port) return port.error();
  port_ = *port;
  const auto made =
      run_to_end({sibling("reeve-scheduler"), "init", region_folder().string(), "--name", "bench", "--listen",
                  "127.0.0.1:" + std::to_string(port_), "--http", std::to_string(port_ + 2)});
  if (!made) return made.error();
  return {};
}

Result<std::string> Stage::as_operator(Words words) const {
  Words command{sibling("reeve"), "--region", region_folder().string(), "--output", "quiet"};
  command.insert(command.end(), words.begin(), words.end());
  return run_to_end(command);
}

Result<void> Stage::enrol_everybody() {
  if (auto started = start_region(); !started) return started.error();
  const std::string reeve = sibling("reeve");
  const auto invitation = as_operator({"region", "invite", "requester", "--credits", "1000000000"});
  if (!invitation) return invitation.error();
  const auto login =
      run_to_end({reeve, "--home", requester_home().string(), "login", *invitation, "--name", "bench"});
  if (!login) return login.error();
  for (int owner = 0; owner < options_.owners; ++owner) {
    const std::string name = "owner-" + std::to_string(owner);
    const std::string home = (folder_ / name).string();
    const auto invited = as_operator({"region", "invite", "owner", "--credits", "1"});
    if (!invited) return invited.error();
    const auto created = run_to_end({reeve, "--home", home, "owner", "create", *invited, "--name", name});
    if (!created) return created.error();
    const auto token =
        run_to_end({reeve, "--home", home, "--output", "quiet", "owner", "invite-agents", "--uses", "10000"});
    if (!token) return token.error();
    if (auto written = write_file(folder_ / (name + ".token"), *token); !written) return written.error();
  }
  return {};
}

Result<void> Stage::wait_for_region() const {
  httplib::Client http("127.0.0.1", port_ + 2);
  const std::int64_t end_ns = steady_ns() + kPatience.ns;
  while (steady_ns() < end_ns) {
    if (const auto answer = http.Get("/healthz"); answer && answer->status == 200) return {};
    if (!region_->alive()) break;
    std::this_thread::sleep_for(kLook);
  }
  return Error{ErrorCode::kUnreachable,
               "the region does not answer; see " + (folder_ / "region.log").string(), ""};
}

Result<void> Stage::start_region() {
  auto process =
      Process::start({sibling("reeve-scheduler"), "serve", region_folder().string()}, folder_ / "region.log");
  if (!process) return process.error();
  region_ = std::move(*process);
  return wait_for_region();
}

Result<void> Stage::start_in_place_of_region(const Words& command) {
  auto process = Process::start(command, folder_ / "floor.log");
  if (!process) return process.error();
  region_ = std::move(*process);
  const std::int64_t end_ns = steady_ns() + kPatience.ns;
  while (!log_says(folder_ / "floor.log", "ready")) {
    if (steady_ns() > end_ns || !region_->alive())
      return Error{ErrorCode::kUnreachable,
                   "the floor's server did not start; see " + (folder_ / "floor.log").string(), ""};
    std::this_thread::sleep_for(kLook);
  }
  std::filesystem::remove(folder_ / "floor.log");
  return {};
}

Result<void> Stage::stop_region() {
  const int code = region_->stop(kPatience);
  region_.reset();
  if (code == 0) return {};
  return Error{ErrorCode::kIo, "the region ended with " + std::to_string(code), "see its log"};
}

Result<void> Stage::keep_transparent_log(bool kept) const {
  const std::filesystem::path path = region_folder() / "region.toml";
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::string key = "ledger_log = ";
  const std::size_t at = text.find(key);
  if (at == std::string::npos)
    return Error{ErrorCode::kInvalid, path.string() + " has no ledger_log", "build reeve-scheduler too"};
  text[at + key.size()] = kept ? '1' : '0';
  return write_file(path, text);
}

Result<void> Stage::start_swarm() {
  return start_swarm(options_.credit_tasks, options_.report_tasks);
}

Result<void> Stage::start_swarm(std::uint32_t credit_tasks, std::uint32_t report_tasks) {
  Words command;
  if (options_.ranks > 1) {
    command = {"mpirun",
               "--oversubscribe",
               "--allow-run-as-root",
               "--bind-to",
               "none",
               "--mca",
               "mpi_yield_when_idle",
               "1",
               "-n",
               std::to_string(options_.ranks)};
  }
  command.insert(command.end(), {sibling("reeve-swarm"), "--home", (folder_ / "agents").string(), "--agents",
                                 std::to_string(options_.agents)});
  for (int owner = 0; owner < options_.owners; ++owner)
    command.insert(command.end(),
                   {"--token-file", (folder_ / ("owner-" + std::to_string(owner) + ".token")).string()});
  if (credit_tasks > 0) command.insert(command.end(), {"--credit", std::to_string(credit_tasks)});
  if (report_tasks > 0) command.insert(command.end(), {"--report", std::to_string(report_tasks)});
  const std::filesystem::path log = folder_ / "swarm.log";
  std::filesystem::remove(log);
  auto process = Process::start(command, log);
  if (!process) return process.error();
  swarm_ = std::move(*process);
  const std::int64_t end_ns = steady_ns() + kPatience.ns;
  while (!log_says(log, "ready")) {
    if (steady_ns() > end_ns || !swarm_->alive()) {
      std::ifstream file(log);
      const std::string said((std::istreambuf_iterator<char>(file)), {});
      return Error{ErrorCode::kUnreachable, "the swarm did not start: " + said, ""};
    }
    std::this_thread::sleep_for(kLook);
  }
  return {};
}

Result<void> Stage::stop_swarm() {
  swarm_->stop(kPatience);
  swarm_.reset();
  return {};
}

Result<std::map<std::string, double>> Stage::metrics() const {
  httplib::Client http("127.0.0.1", port_ + 2);
  const auto answer = http.Get("/metrics");
  if (!answer || answer->status != 200)
    return Error{ErrorCode::kUnreachable, "the region's /metrics does not answer", ""};
  std::map<std::string, double> values;
  std::istringstream lines(answer->body);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t space = line.rfind(' ');
    if (line.empty() || line[0] == '#' || space == std::string::npos) continue;
    values[line.substr(0, space)] = std::strtod(line.c_str() + space + 1, nullptr);
  }
  return values;
}

}  // namespace reeve::bench
