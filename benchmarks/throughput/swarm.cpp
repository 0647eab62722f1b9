#include "benchmarks/throughput/swarm.h"

#include <algorithm>
#include <chrono>

#include "agent/shell/join.h"
#include "benchmarks/throughput/hash_task.h"
#include "protocol/key_files.h"
#include "protocol/leaves.h"
#include "protocol/poll.h"

namespace reeve::bench {
namespace {

constexpr Duration kLongestWait = milliseconds(200);
/// While the region's socket is full there is no event to wait for.
constexpr Duration kBlockedWait = milliseconds(2);

Capability hashing_capability() {
  Capability capability;
  capability.cpus = 1;
  capability.memory_mib = 256;
  capability.kernels = {{"sha256", 1}};
  return capability;
}

agent::TaskOutput run_item(const agent::RunBatch& batch, const agent::BatchItem& item) {
  const auto begin = std::chrono::steady_clock::now();
  agent::TaskOutput output{batch.slot, batch.batch, item.attempt, item.step, item.tasks, {}, {}, {}};
  output.sizes.assign(item.tasks.count, 32);
  output.payload.reserve(std::size_t{item.tasks.count} * 32);
  for (TaskIndex task = item.tasks.first; task != item.tasks.end(); ++task) {
    const Digest digest = hash_task(item.step->step.job, task);
    output.payload.insert(output.payload.end(), digest.bytes.begin(), digest.bytes.end());
  }
  output.spent = {(std::chrono::steady_clock::now() - begin).count()};
  return output;
}

}  // namespace

void InProcessRunner::run_leaves(const agent::RunLeaves& work) {
  const Digest result = hash_task(work.work.step.job, work.work.task);
  const std::vector<Digest> all = result_leaves(result.bytes, work.step->leaf_bytes);
  agent::LeavesFinished finished{work.slot, work.batch, work.work.attempt, {}};
  for (const std::uint32_t leaf : work.work.leaves)
    finished.hashes.push_back(leaf < all.size() ? all[leaf] : Digest{});
  events_.emplace_back(std::move(finished));
}

void InProcessRunner::cancel(const agent::CancelBatch& work) {
  const auto batch = std::find_if(batches_.begin(), batches_.end(),
                                  [&work](const agent::RunBatch& b) { return b.batch == work.batch; });
  if (batch == batches_.end()) return;
  batches_.erase(batch);
  events_.emplace_back(agent::SlotDown{work.slot, "cancelled"});
  events_.emplace_back(agent::SlotUp{work.slot});
}

std::vector<agent::RunnerEvent> InProcessRunner::pump() {
  std::vector<agent::RunnerEvent> events = std::move(events_);
  events_.clear();
  if (!up_) events.emplace_back(agent::SlotUp{0});
  up_ = true;
  if (batches_.empty()) return events;
  const agent::RunBatch batch = std::move(batches_.front());
  batches_.pop_front();
  for (const agent::BatchItem& item : batch.items) {
    events.emplace_back(run_item(batch, item));
    tasks_run_ += item.tasks.count;
  }
  return events;
}

Result<SimulatedAgent::Home> SimulatedAgent::open_home(const std::filesystem::path& path) {
  auto settings = agent::load_settings(path);
  if (!settings) return settings.error();
  auto identity = load_identity(path / "identity.key");
  if (!identity) return identity.error();
  auto transport = load_transport(path / "transport.key");
  if (!transport) return transport.error();
  auto spool = agent::Spool::open(path / "spool");
  if (!spool) return spool.error();
  auto cache = agent::InputCache::open(path / "cache", 1ULL << 30);
  if (!cache) return cache.error();
  return Home{std::move(*settings), std::move(*identity), std::move(*transport), std::move(*spool),
              std::move(*cache)};
}

Result<std::unique_ptr<SimulatedAgent>> SimulatedAgent::start(net::Context& context,
                                                              const std::filesystem::path& home,
                                                              const std::string& invitation,
                                                              const agent::Pacing& pacing) {
  if (!std::filesystem::exists(home / "agent.toml")) {
    agent::JoinRequest request{home, invitation, {}};
    request.settings.name = home.filename();
    request.settings.slots = 1;
    if (const auto joined = agent::join_region(request); !joined) return joined.error();
  }
  auto opened = open_home(home);
  if (!opened) return opened.error();
  return std::unique_ptr<SimulatedAgent>(new SimulatedAgent(context, std::move(*opened), pacing));
}

SimulatedAgent::SimulatedAgent(net::Context& context, Home home, const agent::Pacing& pacing)
    : home_(std::move(home)),
      link_(context, home_.settings.region, home_.transport),
      transfers_(context, {home_.settings.region.host, home_.settings.region.server, home_.transport},
                 *home_.cache),
      core_({home_.settings.name, 1, hashing_capability(), std::hash<std::string>{}(home_.settings.name),
             1ULL << 30, pacing}),
      keeper_(*home_.spool),
      performer_({home_.identity, home_.settings.region.server, link_, transfers_, runner_, *home_.spool,
                  *home_.cache, keeper_}) {
  inputs_.push_back(agent::Started{home_.spool->sections()});
}

void SimulatedAgent::turn() {
  link_.pump(inputs_);
  decide();
  if (runner_.has_tasks()) decide();  // what has just arrived runs at once
}

void SimulatedAgent::decide() {
  for (agent::RunnerEvent& event : runner_.pump())
    keeper_.take(std::move(event), inputs_);
  std::vector<agent::Input> due;
  due.swap(inputs_);
  if (due.empty()) due.emplace_back(agent::Tick{});
  for (agent::Input& input : due) {
    if (const auto* up = std::get_if<agent::ConnectionUp>(&input)) performer_.know_agent(up->welcome.agent);
    const Time now = clock_.now();
    performer_.perform(now, core_.step(now, std::move(input)), inputs_);
  }
}

void SimulatedAgent::watch(net::Poller& poller) {
  if (link_.raw()) poller.watch(link_.raw());
  if (link_.raw_events()) poller.watch(link_.raw_events());
}

Duration SimulatedAgent::patience() const {
  if (runner_.busy() || !inputs_.empty()) return {};
  const Duration until = std::min(kLongestWait, core_.next_deadline() - clock_.now());
  return std::max(link_.blocked() ? std::min(until, kBlockedWait) : until, Duration{});
}

}  // namespace reeve::bench
