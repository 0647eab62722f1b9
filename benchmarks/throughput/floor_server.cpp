#include <atomic>
#include <csignal>
#include <deque>
#include <iostream>
#include <map>
#include <memory>

#include "benchmarks/throughput/floor.h"
#include "protocol/key_files.h"
#include "protocol/limits.h"
#include "protocol/poll.h"
#include "protocol/socket.h"
#include "protocol/wire.h"
#include "protocol/zap.h"
#include "scheduler/shell/group_commit.h"
#include "scheduler/shell/sqlite_journal.h"

namespace reeve::bench {
namespace {

constexpr int kMessagesPerTurn = 512;
/// Of an adaptive array, every so many-th range goes to two agents: the region's default floor.
constexpr std::uint64_t kReplicateEvery = 50;
constexpr Duration kTick = milliseconds(50);

volatile std::sig_atomic_t g_stop = 0;

void on_signal(int) {
  g_stop = 1;
}

class FloorServer {
 public:
  FloorServer(net::ServerSocket socket, shell::Journal& journal)
      : socket_(std::move(socket)),
        commits_(journal, [](const std::vector<shell::SharedBatch>&) {}),
        next_seq_(journal.last_seq() + 1) {
    poller_.watch(socket_.raw());
    poller_.watch(commits_.wakeup());
  }

  void run() {
    while (g_stop == 0) {
      poller_.wait(kTick);
      commits_.wakeup().clear();
      for (int i = 0; i < kMessagesPerTurn; ++i) {
        const auto received = socket_.try_receive();
        if (!received) break;
        if (auto message = wire::decode(received->payload)) take(received->peer, *message);
      }
      assign();
      ship();
      release();
    }
  }

 private:
  struct Agent {
    std::uint64_t credit = 0;
    std::uint64_t granted = 0;
    msg::Assign assign;  // of this turn
    msg::ReportAck ack;
    msg::Verdicts verdicts;
  };
  struct Job {
    net::RoutingId requester;
    JobSpec spec;
    std::uint32_t next = 0;
    std::uint32_t finished = 0;
    std::uint64_t ranges = 0;
    std::deque<TaskRange> again;  // second runs that are due
    Bytes inline_result;
  };
  struct Held {
    std::uint64_t seq;
    net::RoutingId to;
    Bytes message;
  };

  void take(const net::RoutingId& from, const msg::Message& message) {
    if (std::holds_alternative<msg::Hello>(message)) {
      msg::Welcome welcome;
      welcome.protocol = limits::kProtocolNewest;
      welcome.role = Role::kAgent;
      socket_.send(from, wire::encode(welcome));
    } else if (const auto* commands = std::get_if<msg::Commands>(&message)) {
      submit(from, *commands);
    } else if (const auto* credit = std::get_if<msg::Credit>(&message)) {
      Agent& agent = agents_[from];
      agent.credit += credit->granted_total - agent.granted;
      agent.granted = credit->granted_total;
    } else if (const auto* report = std::get_if<msg::Report>(&message)) {
      record(from, *report);
    }
  }

  void submit(const net::RoutingId& from, const msg::Commands& commands) {
    msg::Replies replies;
    for (const msg::Command& command : commands.commands) {
      const auto& job = std::get<msg::SubmitJob>(command.body);
      const JobId id(++last_job_);
      jobs_.emplace(id, Job{from, job.spec, 0, 0, 0, {}, {}});
      events_.emplace_back(core::JobAccepted{id, PartyId(1), job.spec, {10}, {}, {}});
      events_.emplace_back(core::EscrowHeld{id, pay(2)});
      replies.replies.push_back({command.request, msg::Accepted{id, 10, 20}});
    }
    hold(from, replies);
  }

  /// As many transfers as paying or holding takes.
  static core::Chain pay(std::size_t transfers) { return core::Chain(transfers); }

  void assign() {
    for (auto& [route, agent] : agents_) {
      while (agent.credit > 0 && agent.assign.assignments.size() < limits::kAssignmentsPerMessage &&
             assign_one(agent)) {
      }
      if (agent.assign.assignments.empty()) continue;
      socket_.send(route, wire::encode(agent.assign));
      agent.assign = {};
    }
  }

  bool assign_one(Agent& agent) {
    while (!jobs_.empty() && open_ != jobs_.end() &&
           open_->second.next == open_->second.spec.steps[0].task_count && open_->second.again.empty())
      ++open_;
    if (open_ == jobs_.end()) open_ = jobs_.upper_bound(last_open_);
    if (open_ == jobs_.end()) return false;
    auto& [id, job] = *open_;
    last_open_ = id;
    const StepSpec& spec = job.spec.steps[0];
    TaskRange tasks{job.next, static_cast<std::uint32_t>(
                                  std::min<std::uint64_t>(agent.credit, spec.task_count - job.next))};
    if (tasks.count > 0) {
      job.next += tasks.count;
      const bool twice = job.spec.verify.mode == VerifyMode::kQuorum || job.ranges++ % kReplicateEvery == 0;
      if (twice && spec.task_count > 1) job.again.push_back(tasks);
    } else if (!job.again.empty()) {
      tasks = job.again.front();
      job.again.pop_front();
    } else {
      return false;
    }
    const StepRef step{id, 0};
    agent.credit -= std::min<std::uint64_t>(agent.credit, tasks.count);
    if (agent.assign.steps.empty() || agent.assign.steps.back().step != step)
      agent.assign.steps.push_back(
          {step, spec.need.kernel, spec.leaf_bytes, spec.max_result_bytes, spec.time_limit, spec.script, {}});
    agent.assign.assignments.push_back({AttemptId(++last_attempt_), step, tasks, 0, seconds(30), {}});
    return true;
  }

  void record(const net::RoutingId& from, const msg::Report& report) {
    Agent& agent = agents_[from];
    for (const msg::ReportSection& section : report.sections) {
      const auto found = jobs_.find(section.step.job);
      if (found == jobs_.end()) continue;
      const auto& results = std::get<msg::InlineResults>(section.outcome);
      core::ResultsRecorded recorded;
      recorded.attempt = section.attempt;
      recorded.step = section.step;
      recorded.tasks = section.tasks;
      recorded.sizes.assign(results.sizes.begin(), results.sizes.end());
      recorded.payload = results.payload;
      recorded.signature = report.signature;
      events_.emplace_back(std::move(recorded));
      events_.emplace_back(core::TasksVerified{section.step, {section.tasks}, 1});
      events_.emplace_back(
          core::Settled{section.attempt, {}, {}, section.step, 0, {section.tasks}, 0, 10, 0, pay(2), {}});
      agent.ack.items.push_back({section.attempt, section.tasks, msg::SectionStatus::kRecorded, ""});
      agent.verdicts.items.push_back(
          {section.attempt, section.step, section.tasks, msg::VerdictKind::kSettled, 10});
      finish(found, section, results);
    }
    hold(from, agent.ack);
    hold(from, agent.verdicts);
    agent.ack = {};
    agent.verdicts = {};
  }

  void finish(std::map<JobId, Job>::iterator at, const msg::ReportSection& section,
              const msg::InlineResults& results) {
    auto& [id, job] = *at;
    const std::uint32_t count = job.spec.steps[0].task_count;
    const bool twice = job.spec.verify.mode == VerifyMode::kQuorum && count > 1;
    job.finished += section.tasks.count;
    const std::uint64_t wanted = twice ? std::uint64_t{count} * 2 : count;
    if (job.finished < wanted) return;
    events_.emplace_back(core::JobEnded{id, msg::JobState::kSucceeded, "", pay(1), {}, {}});
    hold(job.requester, msg::JobUpdate{id, msg::JobState::kSucceeded, count, count, 0,
                                       count == 1 ? results.payload : Bytes{}});
    if (open_ == at) ++open_;
    jobs_.erase(at);
  }

  void hold(const net::RoutingId& to, const msg::Message& message) {
    held_now_.push_back({0, to, wire::encode(message)});
  }

  void ship() {
    if (!events_.empty()) {
      auto batch = std::make_shared<shell::EventBatch>();
      batch->first_seq = next_seq_;
      batch->events = std::move(events_);
      next_seq_ += batch->events.size();
      commits_.append(std::move(batch));
    }
    events_.clear();
    for (Held& held : held_now_) {
      held.seq = next_seq_ - 1;
      held_.push_back(std::move(held));
    }
    held_now_.clear();
  }

  void release() {
    const std::uint64_t durable = commits_.committed_seq();
    for (; !held_.empty() && held_.front().seq <= durable; held_.pop_front())
      socket_.send(held_.front().to, held_.front().message);
  }

  net::ServerSocket socket_;
  shell::GroupCommit commits_;
  net::Poller poller_;
  std::map<net::RoutingId, Agent> agents_;
  std::map<JobId, Job> jobs_;
  std::map<JobId, Job>::iterator open_ = jobs_.end();
  JobId last_open_;
  std::uint64_t last_job_ = 0;
  std::uint64_t last_attempt_ = 0;
  std::uint64_t next_seq_;
  std::vector<core::Event> events_;
  std::vector<Held> held_now_;
  std::deque<Held> held_;
};

}  // namespace

Result<void> serve_floor(const std::filesystem::path& region_folder, std::uint16_t port) {
  std::signal(SIGTERM, on_signal);
  const auto key = load_transport(region_folder / "keys" / "server.key");
  if (!key) return key.error();
  std::filesystem::remove(region_folder / "floor.db");
  auto journal = shell::SqliteJournal::open(region_folder / "floor.db");
  if (!journal) return journal.error();
  net::Context context;
  const auto zap = net::ZapHandler::start(context, std::make_shared<net::Admission>(1'000'000));
  if (!zap) return zap.error();
  net::SocketSettings settings;
  settings.max_message_bytes = limits::kControlMessageBytes;
  settings.send_queue_messages = 100'000;
  auto socket = net::ServerSocket::bind(context, "127.0.0.1", port, *key, settings);
  if (!socket) return socket.error();
  FloorServer server(std::move(*socket), **journal);
  std::cout << "ready" << std::endl;
  server.run();
  return {};
}

}  // namespace reeve::bench
