#include <atomic>
#include <csignal>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <set>

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
/// Of an adaptive array, every so many-th task runs twice: the region's default.
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
  };
  struct Job {
    net::RoutingId requester;
    JobSpec spec;
    std::uint32_t next = 0;
    std::uint64_t first_runs = 0;      // tasks reported once
    std::uint64_t second_runs = 0;     // tasks reported again
    std::uint64_t wanted_seconds = 0;  // tasks that are to be reported again
    std::deque<TaskRange> again;       // second runs that are due
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
      jobs_.emplace(id, Job{from, job.spec, 0, 0, 0, 0, {}});
      ready_.insert(id);
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
    if (ready_.empty()) return false;
    const JobId id = *ready_.begin();
    Job& job = jobs_.at(id);
    const StepSpec& spec = job.spec.steps[0];
    TaskRange tasks{job.next, static_cast<std::uint32_t>(
                                  std::min<std::uint64_t>(agent.credit, spec.task_count - job.next))};
    if (tasks.count > 0) {
      job.next += tasks.count;
    } else {
      TaskRange& due = job.again.front();
      tasks = {due.first, static_cast<std::uint32_t>(std::min<std::uint64_t>(agent.credit, due.count))};
      due = {tasks.end(), due.count - tasks.count};
      if (due.count == 0) job.again.pop_front();
      second_runs_.insert(AttemptId(last_attempt_ + 1));
    }
    if (job.next == spec.task_count && job.again.empty()) ready_.erase(id);
    const StepRef step{id, 0};
    agent.credit -= std::min<std::uint64_t>(agent.credit, tasks.count);
    if (agent.assign.steps.empty() || agent.assign.steps.back().step != step)
      agent.assign.steps.push_back(
          {step, spec.need.kernel, spec.leaf_bytes, spec.max_result_bytes, spec.time_limit, spec.script, {}});
    agent.assign.assignments.push_back({AttemptId(++last_attempt_), step, tasks, 0, seconds(30), {}});
    return true;
  }

  void record(const net::RoutingId& from, const msg::Report& report) {
    msg::ReportAck ack;
    msg::Verdicts verdicts;
    for (const msg::ReportSection& section : report.sections) {
      const auto found = jobs_.find(section.step.job);
      if (found == jobs_.end()) continue;
      record_section(found->second, section, report.signature);
      ack.items.push_back({section.attempt, section.tasks, msg::SectionStatus::kRecorded, ""});
      verdicts.items.push_back(
          {section.attempt, section.step, section.tasks, msg::VerdictKind::kSettled, 10});
      finish(found, std::get<msg::InlineResults>(section.outcome));
    }
    hold(from, ack);
    hold(from, verdicts);
  }

  /// The events that the region would write: one settlement for what is taken as reported, two for what was
  /// confirmed.
  void record_section(Job& job, const msg::ReportSection& section, const Signature& signature) {
    const auto& results = std::get<msg::InlineResults>(section.outcome);
    core::ResultsRecorded recorded;
    recorded.attempt = section.attempt;
    recorded.step = section.step;
    recorded.tasks = section.tasks;
    recorded.sizes.assign(results.sizes.begin(), results.sizes.end());
    recorded.payload = results.payload;
    recorded.signature = signature;
    events_.emplace_back(std::move(recorded));
    const bool second = second_runs_.erase(section.attempt) > 0;
    (second ? job.second_runs : job.first_runs) += section.tasks.count;
    if (!second) want_seconds(job, section.tasks);
    if (!job.again.empty()) ready_.insert(section.step.job);
    if (!second && job.spec.verify.mode == VerifyMode::kQuorum) return;
    events_.emplace_back(core::TasksVerified{section.step, {section.tasks}, second ? 2U : 1U});
    for (std::uint32_t slot = 0; slot < (second ? 2U : 1U); ++slot)
      events_.emplace_back(
          core::Settled{section.attempt, {}, {}, section.step, slot, {section.tasks}, 0, 10, 0, pay(2), {}});
  }

  static void want_seconds(Job& job, TaskRange tasks) {
    if (job.spec.verify.mode == VerifyMode::kQuorum) {
      job.again.push_back(tasks);
      job.wanted_seconds += tasks.count;
      return;
    }
    for (TaskIndex task = tasks.first; task < tasks.end(); ++task) {
      if (task % kReplicateEvery != kReplicateEvery - 1) continue;
      job.again.push_back({task, 1});
      ++job.wanted_seconds;
    }
  }

  void finish(std::map<JobId, Job>::iterator at, const msg::InlineResults& results) {
    const auto& [id, job] = *at;
    const std::uint32_t count = job.spec.steps[0].task_count;
    if (job.first_runs < count || job.second_runs < job.wanted_seconds) return;
    events_.emplace_back(core::JobEnded{id, msg::JobState::kSucceeded, "", pay(1), {}, {}});
    hold(job.requester, msg::JobUpdate{id, msg::JobState::kSucceeded, count, count, 0,
                                       count == 1 ? results.payload : Bytes{}});
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
  std::set<JobId> ready_;  // with something to assign
  std::set<AttemptId> second_runs_;
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
