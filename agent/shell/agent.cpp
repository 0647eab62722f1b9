#include "agent/shell/agent.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <optional>

#include "agent/core/agent_core.h"
#include "agent/gang/door.h"
#include "agent/gang/seat_socket.h"
#include "agent/gang/tun.h"
#include "agent/sandbox/scratch.h"
#include "agent/shell/capability.h"
#include "agent/shell/clock.h"
#include "agent/shell/control.h"
#include "agent/shell/local_http.h"
#include "agent/shell/log_sender.h"
#include "agent/shell/performer.h"
#include "agent/shell/process_runner.h"
#include "agent/shell/result_keeper.h"
#include "agent/shell/status_json.h"
#include "protocol/exit_codes.h"
#include "protocol/key_files.h"
#include "protocol/limits.h"
#include "protocol/poll.h"

namespace reeve::agent {
namespace {

constexpr Duration kLongestWait = seconds(1);
/// While the region's socket is full there is no event to wait for.
constexpr Duration kBlockedWait = milliseconds(2);
/// Until the region takes more of what programs write.
constexpr Duration kLogWait = milliseconds(20);

/// SIGTERM and SIGINT as a descriptor.
class StopSignals {
 public:
  StopSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    fd_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  ~StopSignals() { close(fd_); }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  int fd() const { return fd_; }
  bool came() const {
    signalfd_siginfo info{};
    return read(fd_, &info, sizeof info) > 0;
  }

 private:
  int fd_;
};

/// What lies in an agent's home, opened.
struct Home {
  AgentSettings settings;
  Identity identity;
  TransportPair transport;
  std::unique_ptr<Spool> spool;
  std::unique_ptr<InputCache> cache;
  ControlDoor door;
  std::filesystem::path scratch;  // where programs work
};

Result<Home> open_home(const std::filesystem::path& path) {
  auto settings = load_settings(path);
  if (!settings) return settings.error();
  auto identity = load_identity(path / "identity.key");
  if (!identity) return identity.error();
  auto transport = load_transport(path / "transport.key");
  if (!transport) return transport.error();
  auto door = ControlDoor::open(path);
  if (!door) return door.error();
  auto spool = Spool::open(path / "spool");
  if (!spool) return spool.error();
  auto cache = InputCache::open(path / "cache", settings.value().cache_gib << 30);
  if (!cache) return cache.error();
  if (const auto made = sandbox::fresh_folder(path / "scratch"); !made) return made.error();
  return Home{std::move(settings).value(),
              std::move(identity).value(),
              std::move(transport).value(),
              std::move(spool).value(),
              std::move(cache).value(),
              std::move(door).value(),
              path / "scratch"};
}

/// The loop: waits, gathers what happened, lets the core decide, does what it decided.
class Agent {
 public:
  Agent(Home home, const SlotPlan& plan, std::string why_no_programs, std::unique_ptr<Runner> runner,
        std::unique_ptr<LocalHttp> http, std::unique_ptr<gang::Door> gang_door)
      : home_(std::move(home)),
        why_no_programs_(std::move(why_no_programs)),
        runner_(std::move(runner)),
        http_(std::move(http)),
        gang_door_(std::move(gang_door)),
        link_(context_, home_.settings.region, home_.transport),
        transfers_(context_, {home_.settings.region.host, home_.settings.region.server, home_.transport},
                   *home_.cache),
        core_(options(plan)),
        keeper_(*home_.spool),
        performer_({home_.identity, home_.settings.region.server, link_, transfers_, *runner_, *home_.spool,
                    *home_.cache, keeper_}) {}

  Exit run() {
    inputs_.push_back(Started{home_.spool->sections()});
    while (!performer_.over()) {
      decide();
      if (performer_.over()) break;
      wait();
      gather();
    }
    return *performer_.over();
  }

 private:
  AgentOptions options(const SlotPlan& plan) const {
    std::uint64_t seed = 0;
    const SecretBytes random = random_secret();
    for (unsigned i = 0; i < 8; ++i)
      seed = seed << 8 | random.bytes()[i];
    return {home_.settings.name,
            plan.slots,
            plan.capability,
            seed,
            home_.settings.spool_gib << 30,
            home_.settings.pacing,
            plan.compares,
            gang_door_ ? home_.settings.farm : "",
            gang_door_ ? gang_door_->endpoint() : ""};
  }

  void decide() {
    std::vector<Input> now_due;
    now_due.swap(inputs_);
    if (now_due.empty()) now_due.push_back(Tick{});
    for (Input& input : now_due) {
      if (const auto* up = std::get_if<ConnectionUp>(&input)) on_connection(up->welcome);
      if (std::holds_alternative<ConnectionLost>(input)) {
        transfers_.close();
        logs_.close();
      }
      const Time now = clock_.now();
      performer_.perform(now, core_.step(now, std::move(input)), inputs_);
    }
    show();
  }

  void on_connection(const msg::Welcome& welcome) {
    performer_.know_agent(welcome.agent);
    logs_.open(welcome.log_bytes_per_s, clock_.now());
    if (const auto opened = transfers_.open(welcome.bulk_port, clock_.now()); !opened)
      spdlog::warn("bulk socket: {}", opened.error().message);
  }

  void wait() {
    net::Poller poller;
    poller.watch_descriptor(signals_.fd());
    poller.watch_descriptor(home_.door.fd());
    poller.watch_descriptor(keeper_.fd());
    if (!keeper_.full()) poller.watch_descriptor(runner_->fd());
    if (link_.raw()) poller.watch(link_.raw());
    if (link_.raw_events()) poller.watch(link_.raw_events());
    if (transfers_.raw()) poller.watch(transfers_.raw());
    Duration patience = std::min(kLongestWait, core_.next_deadline() - clock_.now());
    if (link_.blocked() || transfers_.busy()) patience = std::min(patience, kBlockedWait);
    if (logs_.waits()) patience = std::min(patience, kLogWait);
    if (!inputs_.empty()) patience = Duration{};
    poller.wait(std::max(patience, Duration{}));
  }

  void gather() {
    if (signals_.came()) inputs_.push_back(StopRequested{});  // before what the same signal did to others
    link_.pump(inputs_);
    std::vector<Log> log;
    transfers_.pump(clock_.now(), inputs_, log);
    for (const Log& line : log)
      spdlog::log(line.severity == Severity::kError ? spdlog::level::err : spdlog::level::warn, "{}",
                  line.text);
    ResultKeeper::Finished finished = keeper_.pump();
    std::move(finished.inputs.begin(), finished.inputs.end(), std::back_inserter(inputs_));
    for (const msg::Opening& opening : finished.openings)
      performer_.answer(opening, inputs_);
    if (!keeper_.full()) {
      for (RunnerEvent& event : runner_->pump())
        keeper_.take(std::move(event), inputs_);
      logs_.take(runner_->take_texts());
    }
    send_logs();
    home_.door.pump([this](const std::string& line) { return answer(line); });
  }

  /// At once: what follows from a pump, such as reports, leaves later and finds the log there.
  void send_logs() {
    if (link_.blocked()) return;
    for (msg::LogPieces& pieces : logs_.next(clock_.now()))
      link_.send(std::move(pieces));
  }

  std::string answer(const std::string& line) {
    if (line == "status")
      return status_json(core_.status(), home_.settings.name, why_no_programs_, clock_.now());
    if (line == "pause") inputs_.push_back(PauseRequested{});
    if (line.starts_with("pause ")) {
      const std::int64_t length = std::strtoll(line.c_str() + 6, nullptr, 10);
      inputs_.push_back(PauseRequested{seconds(std::clamp<std::int64_t>(length, 1, 366 * 86'400))});
    }
    if (line == "resume") inputs_.push_back(ResumeRequested{});
    if (line == "stop") inputs_.push_back(StopRequested{});
    return R"({"ok":true})";
  }

  void show() {
    if (!http_ || clock_.now() < next_show_) return;
    next_show_ = clock_.now() + seconds(1);
    const AgentStatus status = core_.status();
    http_->show(status_json(status, home_.settings.name, why_no_programs_, clock_.now()), status.connected);
  }

  StopSignals signals_;
  Clock clock_;
  net::Context context_;
  Home home_;
  std::string why_no_programs_;
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<LocalHttp> http_;
  std::unique_ptr<gang::Door> gang_door_;  // null: this agent is in no gang
  Link link_;
  Transfers transfers_;
  AgentCore core_;
  ResultKeeper keeper_;
  Performer performer_;
  LogSender logs_;
  std::vector<Input> inputs_;
  Time next_show_;
};

/// The door for members of gangs; null where the agent names no farm.
Result<std::unique_ptr<gang::Door>> open_gang_door(const AgentConfig& config, AgentSettings& settings,
                                                   const std::filesystem::path& scratch) {
  if (!config.farm.empty()) settings.farm = config.farm;
  if (!config.gang_address.empty()) settings.gang_address = config.gang_address;
  if (settings.farm.empty() && settings.gang_address.empty()) return std::unique_ptr<gang::Door>();
  if (settings.farm.empty() || settings.gang_address.empty() || settings.farm.size() > limits::kNameBytes)
    return Error{
        ErrorCode::kInvalid, "an agent is in gangs by a farm and an address, and one of them is missing",
        "give --farm NAME (at most 64 bytes) and --gang-address ADDRESS[:PORT], where the farm's other "
        "agents reach this one"};
  if (const auto works = gang::interfaces_work(); !works) return works.error();
  const std::filesystem::path seats = gang::seat_folder(scratch / "slot-0");
  if (const auto made = sandbox::fresh_folder(seats); !made) return made.error();
  return gang::Door::open(settings.gang_address, seats);
}

int fail(const Error& error) {
  spdlog::error("{}{}{}", error.message, error.hint.empty() ? "" : "; ", error.hint);
  return exit_code_of(error.code);
}

}  // namespace

int run_agent(const AgentConfig& config,
              const std::function<std::unique_ptr<Runner>(std::unique_ptr<Runner>)>& decorate) {
  if (!spdlog::get("agent")) spdlog::set_default_logger(spdlog::stderr_color_mt("agent"));
  const StopSignals blocked;  // before any thread, so that each inherits the mask
  auto home = open_home(config.home);
  if (!home) return fail(home.error());
  const std::filesystem::path worker = config.worker_path.empty() ? sibling_program("reeve-worker")
                                                                  : std::filesystem::path(config.worker_path);
  const Devices devices = find_devices(worker.parent_path());
  SlotPlan plan = plan_slots(home.value().settings, devices);
  plan.compares =
      devices.sandbox_note.empty() && std::filesystem::exists(worker.parent_path() / "reeve-compare");
  InputCache* cache = home.value().cache.get();
  auto started = ProcessRunner::start({plan.slots, plan.cpus_per_slot, worker,
                                       [cache](const Digest& digest) { return cache->path(digest).string(); },
                                       plan.capability.memory_mib, home.value().scratch.string(),
                                       (config.home / "images").string(),
                                       home.value().settings.image_cache_gib << 30, plan.gpus});
  if (!started) return fail(started.error());
  std::unique_ptr<Runner> runner = std::move(started).value();
  if (decorate) runner = decorate(std::move(runner));
  std::unique_ptr<LocalHttp> http;
  if (config.http_port != 0) {
    auto listening = LocalHttp::start(config.http_port);
    if (!listening) return fail(listening.error());
    http = std::move(listening).value();
  }
  spdlog::info("{}: {} slots of {} CPUs on {} ({}); GPUs: {}{}", home.value().settings.name, plan.slots,
               plan.cpus_per_slot, devices.cpu_model, devices.isa, devices.gpus.size(),
               devices.gpu_note.empty() ? "" : ", " + devices.gpu_note);
  if (!devices.sandbox_note.empty()) spdlog::warn("runs no programs: {}", devices.sandbox_note);
  if (!devices.image_note.empty()) spdlog::warn("runs no images: {}", devices.image_note);
  for (const InstalledProgram& program : devices.programs)
    spdlog::info("has {} {} ({})", program.name, program.version, program.path);
  for (const std::string& note : devices.program_notes)
    spdlog::warn("{}", note);
  auto gang_door = open_gang_door(config, home.value().settings, home.value().scratch);
  if (!gang_door) return fail(gang_door.error());
  if (*gang_door)
    spdlog::info("in gangs of the farm {}; its agents reach this one at {}", home.value().settings.farm,
                 gang_door.value()->endpoint());
  Agent agent(std::move(home).value(), plan, devices.sandbox_note, std::move(runner), std::move(http),
              std::move(gang_door).value());
  const Exit exit = agent.run();
  if (exit.why) return fail(*exit.why);
  spdlog::info("stopped");
  return 0;
}

}  // namespace reeve::agent
