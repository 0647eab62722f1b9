#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "protocol/check.h"
#include "protocol/digest.h"
#include "scheduler/core/core.h"
#include "scheduler/shell/ledger_store.h"
#include "tests/sim/world.h"

// Writes the transparent log of a simulated region as files, and beside it what the region says of its
// accounts:
//
//   reeve-ledger-sim settlements N DIR    a region that settles N reports, in jobs of both kinds of
//   verification reeve-ledger-sim story SEED DIR       a seeded story of tests/sim, with faults, liars and
//   convictions
//
// DIR has checkpoint, tile/…, vkey and balances (kind, owner, micro-credits a line) afterwards.
namespace reeve {
namespace {

constexpr std::array<std::uint8_t, 32> kSecret{1, 2, 3};
constexpr std::uint32_t kTasksPerJob = 1000;
constexpr std::uint32_t kAgents = 6;
constexpr std::uint32_t kOwners = 3;
constexpr std::uint64_t kCredit = 4096;
constexpr std::size_t kEventsPerCommit = 4096;
const PartyId kRequester(2);

/// Takes events as a region's writer does, and keeps the log's files.
class LogFiles {
 public:
  explicit LogFiles(const std::filesystem::path& folder) : folder_(folder) {
    std::filesystem::create_directories(folder_);
    auto store = shell::LedgerStore::open(folder_ / "store");
    REEVE_CHECK(store.ok(), "the log's folder opens");
    store_ = std::move(*store);
  }
  void take(const core::Event& event) {
    log_.add(log_.head().seq + 1, event);
    if (log_.head().seq % kEventsPerCommit == 0) commit();
  }
  /// Files by their names, and the balances of `ledger`.
  void finish(const core::Ledger& ledger) {
    commit();
    const auto write = [this](const std::string& name, std::string_view text) {
      std::filesystem::create_directories((folder_ / name).parent_path());
      std::ofstream file(folder_ / name, std::ios::binary);
      file.write(text.data(), static_cast<std::streamsize>(text.size()));
      file.close();
      REEVE_CHECK(bool(file), "a file of the log is written");
    };
    const auto done = tlog::for_each_tile(log_.head().tree.size(), [&](const auto& name) -> Result<void> {
      const Result<Bytes> bytes = store_->tile(name);
      if (!bytes) return bytes.error();
      write(tlog::tile_path(name), {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
      return {};
    });
    REEVE_CHECK(done.ok(), "every file of the log is written");
    write("checkpoint", log_.head().checkpoint);
    write("vkey", tlog::vkey_text(log_.verifier()) + "\n");
    std::string balances;
    for (const auto& [key, account] : ledger.accounts())
      balances += std::to_string(static_cast<int>(key.kind)) + " " + std::to_string(key.owner) + " " +
                  std::to_string(account.balance()) + "\n";
    write("balances", balances);
    std::printf("%llu entries\n", static_cast<unsigned long long>(log_.head().tree.size()));
    store_.reset();
    std::filesystem::remove_all(folder_ / "store");
  }

 private:
  void commit() {
    log_.seal();
    REEVE_CHECK(store_->append(log_.take()).ok(), "the log's files are written");
  }

  const std::filesystem::path folder_;
  std::unique_ptr<shell::LedgerStore> store_;
  shell::LedgerLog log_{{}, TransportKey{}, Identity::from_seed(SecretBytes(kSecret))};
};

TransportKey key_of(std::uint8_t number) {
  TransportKey key;
  key.bytes[0] = number;
  return key;
}

/// The real core with honest agents, driven by hand: a report a task, so a settlement a task.
class Driver {
 public:
  explicit Driver(LogFiles& files) : files_(files) {
    core::Durable durable;
    core::Policy policy;
    policy.probation_tasks = 50;
    take(durable, core::RegionCreated{"simulated", policy, {}, key_of(1), now_});
    enrol(durable, kRequester, Role::kRequester, core::AccountKind::kAvailable);
    for (std::uint8_t i = 0; i < kOwners; ++i)
      enrol(durable, PartyId(3U + i), Role::kOwner, core::AccountKind::kStake);
    for (std::uint8_t i = 1; i <= kAgents; ++i) {
      const PartyId owner(3 + i % kOwners);
      const std::string used = token(durable, Role::kAgent, owner);
      take(durable,
           core::AgentEnrolled{AgentId(i), owner, Role::kAgent, {}, key_of(100 + i), 1, "agent", used, now_});
    }
    core_ = std::make_unique<core::Core>(std::move(durable), kSecret);
    core_->boot(now_, out_);
    drain();
    for (std::uint64_t i = 1; i <= kAgents; ++i) {
      msg::AgentHello hello;
      hello.capability.kernels = {{"sha256", 1}};
      step(core::AgentConnected{core::ConnectionId(10 + i), AgentId(i), std::move(hello)});
      step(core::CreditGranted{AgentId(i), kCredit});
    }
  }

  void run(std::uint64_t settlements) {
    while (settled_ < settlements) {
      if (work_.empty()) submit();
      while (!work_.empty() && settled_ < settlements)
        report_one();
      step(core::Tick{});
    }
  }
  const core::Ledger& ledger() const { return core_->durable().ledger; }

 private:
  void take(core::Durable& durable, const core::Event& event) {
    core::apply_event(durable, event);
    files_.take(event);
  }
  void enrol(core::Durable& durable, PartyId party, Role role, core::AccountKind kind) {
    core::Chain chain{core::PostedTransfer{{durable.ledger.next_id(),
                                            {core::AccountKind::kMint, 0},
                                            {kind, party.value()},
                                            1'000'000'000'000,
                                            core::TransferCode::kFund}}};
    const std::string used = token(durable, role, PartyId(1));
    const TransportKey key = key_of(static_cast<std::uint8_t>(party.value()));
    take(durable, core::PartyEnrolled{party, role, {}, key, 1, "party", used, std::move(chain), now_});
  }
  /// A token for one use.
  std::string token(core::Durable& durable, Role role, PartyId owner) {
    const std::string id = "tok" + std::to_string(++tokens_);
    take(durable, core::TokenIssued{id, {}, role, owner, 1, now_ + hours(1), 0, {}, {}});
    return id;
  }
  void submit() {
    JobSpec job;
    job.name = "hashes";
    if (++commands_ % 2 == 0) job.verify = {VerifyMode::kQuorum, 2};
    StepSpec one;
    one.name = "hash";
    one.task_count = kTasksPerJob;
    one.need.kernel = {"sha256", 1};
    one.work_per_task = 12'345 * commands_;
    one.max_result_bytes = 32;
    one.time_limit = seconds(60);
    job.steps = {one};
    msg::Command command{{}, msg::SubmitJob{std::move(job), false}};
    for (unsigned i = 0; i < 8; ++i)
      command.request[15 - i] = static_cast<std::uint8_t>(commands_ >> (8 * i));
    step(core::CommandReceived{core::ConnectionId(1), key_of(2), std::move(command), {}});
    step(core::Pump{});
  }
  void report_one() {
    auto& [agent, assignment] = work_.front();
    msg::InlineResults results{{32}, Bytes(32, 7)};
    core::VerifiedSection section{{assignment.attempt,
                                   assignment.step,
                                   {assignment.tasks.first, 1},
                                   {"sha256", 1},
                                   assignment.ticket,
                                   std::move(results)},
                                  std::vector<Digest>(1),
                                  {}};
    const AgentId from = agent;
    assignment.tasks = {assignment.tasks.first + 1, assignment.tasks.count - 1};
    if (assignment.tasks.count == 0) work_.pop_front();
    step(core::ReportReceived{from, {std::move(section)}, {}, {}});
    step(core::CreditGranted{from, ++received_[from] + kCredit});
    step(core::Pump{});
  }
  void step(const core::Input& input) {
    now_ = now_ + microseconds(50);
    core_->step(now_, input, out_);
    drain();
  }
  void drain() {
    for (const core::Event& event : out_.events) {
      files_.take(event);
      settled_ += std::holds_alternative<core::Settled>(event) ? 1 : 0;
    }
    for (core::Effect& effect : out_.effects)
      if (const auto* assign = std::get_if<core::SendAssign>(&effect))
        for (const msg::Assignment& assignment : assign->assign.assignments)
          work_.emplace_back(assign->to, assignment);
    out_.clear();
  }

  LogFiles& files_;
  Time now_{1'700'000'000'000'000'000};
  std::unique_ptr<core::Core> core_;
  core::StepOutput out_;
  std::deque<std::pair<AgentId, msg::Assignment>> work_;
  std::map<AgentId, std::uint64_t> received_;
  std::uint64_t tokens_ = 0;
  std::uint64_t commands_ = 0;
  std::uint64_t settled_ = 0;
};

int story(std::uint64_t seed, LogFiles& files) {
  sim::World world(seed);
  if (const std::string broken = world.run(); !broken.empty()) {
    std::fprintf(stderr, "%s\n", broken.c_str());
    return 1;
  }
  core::Durable durable;
  for (const core::Event& event : world.committed()) {
    core::apply_event(durable, event);
    files.take(event);
  }
  files.finish(durable.ledger);
  return 0;
}

int settlements(std::uint64_t count, LogFiles& files) {
  Driver driver(files);
  driver.run(count);
  files.finish(driver.ledger());
  return 0;
}

}  // namespace
}  // namespace reeve

int main(int argc, char** argv) {
  const std::string kind = argc == 4 ? argv[1] : "";
  if (kind != "story" && kind != "settlements") {
    std::fprintf(stderr, "reeve-ledger-sim settlements N DIR | story SEED DIR\n");
    return 2;
  }
  const std::uint64_t number = std::strtoull(argv[2], nullptr, 10);
  reeve::LogFiles files(argv[3]);
  return kind == "story" ? reeve::story(number, files) : reeve::settlements(number, files);
}
