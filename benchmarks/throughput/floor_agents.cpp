#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>

#include "agent/core/bounds.h"
#include "benchmarks/throughput/floor.h"
#include "benchmarks/throughput/hash_task.h"
#include "protocol/commitment.h"
#include "protocol/key_files.h"
#include "protocol/limits.h"
#include "protocol/poll.h"
#include "protocol/socket.h"
#include "protocol/wire.h"

namespace reeve::bench {
namespace {

volatile std::sig_atomic_t g_stop = 0;

void on_signal(int) {
  g_stop = 1;
}

class FloorAgent {
 public:
  FloorAgent(net::ClientSocket socket, const TransportKey& region)
      : socket_(std::move(socket)), region_(region) {
    send(msg::Hello{limits::kProtocolOldest, limits::kProtocolNewest, "floor"});
    grant();
  }

  void* raw() const { return socket_.raw(); }
  void turn() {
    while (const auto bytes = socket_.try_receive()) {
      const auto message = wire::decode(*bytes);
      if (!message) continue;
      if (const auto* assign = std::get_if<msg::Assign>(&*message)) run(*assign);
    }
  }

 private:
  void send(const msg::Message& message) { socket_.send(wire::encode(message), seconds(10)); }
  void grant() {
    granted_ += limits::kCreditPerAgent / 2 - in_hand_;
    in_hand_ = limits::kCreditPerAgent / 2;
    send(msg::Credit{granted_});
  }

  void run(const msg::Assign& assign) {
    msg::Report report;
    std::uint32_t tasks = 0;
    for (const msg::Assignment& assignment : assign.assignments) {
      TaskRange left = assignment.tasks;
      in_hand_ -= left.count;
      while (left.count > 0) {
        const TaskRange now{left.first, std::min(left.count, agent::bounds::kReportTasks)};
        report.sections.push_back({assignment.attempt,
                                   assignment.step,
                                   now,
                                   assign.steps[0].kernel,
                                   {},
                                   hash(assignment.step.job, now)});
        left = {now.end(), left.count - now.count};
        tasks += now.count;
        if (tasks < agent::bounds::kReportTasks) continue;
        send_signed(report);
        report = {};
        tasks = 0;
      }
    }
    if (tasks > 0) send_signed(report);
    if (in_hand_ < limits::kCreditPerAgent / 4) grant();
  }

  void send_signed(msg::Report& report) {
    std::vector<Digest> commitments;
    for (const msg::ReportSection& section : report.sections)
      commitments.push_back(section_commitment(region_, AgentId(1), section, *section_results(section, 0)));
    report.signature = sign_report(identity_, report_root(commitments));
    send(report);
  }

  static msg::InlineResults hash(JobId job, TaskRange tasks) {
    msg::InlineResults results;
    results.sizes.assign(tasks.count, 32);
    results.payload.reserve(std::size_t{tasks.count} * 32);
    for (TaskIndex task = tasks.first; task != tasks.end(); ++task) {
      const Digest digest = hash_task(job, task);
      results.payload.insert(results.payload.end(), digest.bytes.begin(), digest.bytes.end());
    }
    return results;
  }

  net::ClientSocket socket_;
  TransportKey region_;
  Identity identity_ = Identity::create();
  std::uint64_t granted_ = 0;
  std::uint64_t in_hand_ = 0;
};

}  // namespace

Result<void> run_floor_agents(const std::filesystem::path& region_folder, std::uint16_t port, int agents) {
  std::signal(SIGTERM, on_signal);
  const auto server = load_transport(region_folder / "keys" / "server.key");
  if (!server) return server.error();
  net::Context context;
  net::SocketSettings settings;
  settings.max_message_bytes = limits::kControlMessageBytes;
  net::Poller poller;
  std::vector<std::unique_ptr<FloorAgent>> all;
  for (int i = 0; i < agents; ++i) {
    auto socket = net::ClientSocket::connect(context, "127.0.0.1", port, server->public_key(),
                                             TransportPair::create(), settings);
    if (!socket) return socket.error();
    all.push_back(std::make_unique<FloorAgent>(std::move(*socket), server->public_key()));
    poller.watch(all.back()->raw());
  }
  std::cout << "ready" << std::endl;
  while (g_stop == 0) {
    poller.wait(milliseconds(200));
    for (const auto& agent : all)
      agent->turn();
  }
  return {};
}

}  // namespace reeve::bench
