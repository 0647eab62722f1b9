#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>

#include "benchmarks/throughput/swarm.h"
#include "protocol/poll.h"
#ifdef REEVE_HAVE_MPI
#include <mpi.h>
#endif

/// reeve-swarm: a part of a swarm, or all of it. Under mpirun the ranks share the agents out among
/// themselves.
namespace reeve::bench {
namespace {

volatile std::sig_atomic_t g_stop = 0;

void on_signal(int) {
  g_stop = 1;
}

/// The processes of one swarm. Alone without MPI.
class Ranks {
 public:
#ifdef REEVE_HAVE_MPI
  Ranks(int* argc, char*** argv) {
    MPI_Init(argc, argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  ~Ranks() {
    MPI_Finalize();
  }
  bool all(bool mine) const {
    int here = mine ? 1 : 0;
    int everywhere = 0;
    MPI_Allreduce(&here, &everywhere, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return everywhere == 1;
  }
  std::uint64_t sum(std::uint64_t mine) const {
    std::uint64_t total = 0;
    MPI_Reduce(&mine, &total, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    return total;
  }
#else
  Ranks(int*, char***) {}
  bool all(bool mine) const {
    return mine;
  }
  std::uint64_t sum(std::uint64_t mine) const {
    return mine;
  }
#endif
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;
  int rank() const {
    return rank_;
  }
  int size() const {
    return size_;
  }

 private:
  int rank_ = 0;
  int size_ = 1;
};

struct Options {
  std::filesystem::path home;
  std::vector<std::string> token_files;  // one an owner
  int agents = 4;
  agent::Pacing pacing;
};

using Agents = std::vector<std::unique_ptr<SimulatedAgent>>;

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

Result<Agents> start_share(net::Context& context, const Options& options, const Ranks& ranks) {
  Agents agents;
  for (int i = ranks.rank(); i < options.agents; i += ranks.size()) {
    const std::size_t owner = static_cast<std::size_t>(i) % options.token_files.size();
    auto agent = SimulatedAgent::start(context, options.home / ("agent-" + std::to_string(i)),
                                       first_line(options.token_files[owner]), options.pacing);
    if (!agent) return agent.error();
    agents.push_back(std::move(*agent));
  }
  return agents;
}

/// One round of all agents, then sleep until one of them has something to do.
void turn(Agents& agents) {
  Duration patience = milliseconds(200);
  net::Poller poller;
  for (const auto& agent : agents) {
    if (agent->over()) continue;
    agent->turn();
    agent->watch(poller);
    patience = std::min(patience, agent->patience());
  }
  poller.wait(patience);
}

bool all_over(const Agents& agents) {
  return std::all_of(agents.begin(), agents.end(), [](const auto& agent) { return agent->over(); });
}

/// What an agent held when it was stopped: of interest where a region does not go on.
void tell(const agent::AgentStatus& status) {
  std::cerr << "agent " << status.agent.value() << ": " << status.tasks_finished << " tasks run, "
            << status.tasks_in_hand << " in hand, " << status.tasks_unacked << " unacknowledged, "
            << status.spooled_bytes << " bytes spooled" << (status.why_idle.empty() ? "" : "; idle: ")
            << status.why_idle << "\n";
}

void run_until_stopped(Agents& agents) {
  while (g_stop == 0 && !all_over(agents))
    turn(agents);
  for (const auto& agent : agents) {
    tell(agent->status());
    agent->stop();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!all_over(agents) && std::chrono::steady_clock::now() < end)
    turn(agents);
}

int run(const Options& options, const Ranks& ranks) {
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  net::Context context;
  auto agents = start_share(context, options, ranks);
  if (!agents) std::cerr << "reeve-swarm: " << agents.error().message << "; " << agents.error().hint << "\n";
  if (!ranks.all(agents.ok())) return 1;
  if (ranks.rank() == 0) std::cout << "ready" << std::endl;
  run_until_stopped(*agents);
  std::uint64_t tasks = 0;
  for (const auto& agent : *agents)
    tasks += agent->tasks_run();
  const std::uint64_t total = ranks.sum(tasks);
  if (ranks.rank() == 0)
    std::cout << "{\"ranks\": " << ranks.size() << ", \"tasks_run\": " << total << "}" << std::endl;
  return 0;
}

}  // namespace
}  // namespace reeve::bench

int main(int argc, char** argv) {
  const reeve::bench::Ranks ranks(&argc, &argv);
  reeve::bench::Options options;
  CLI::App app("Simulated agents that run the kernel sha256: what `reeve bench` measures a region with",
               "reeve-swarm");
  app.add_option("--home", options.home, "Folder of the agents' homes")->required();
  app.add_option("--token-file", options.token_files,
                 "File with an owner's invitation for agents; agents are dealt out among several")
      ->required();
  app.add_option("--agents", options.agents, "Agents in all")->check(CLI::Range(1, 100000));
  app.add_option("--credit", options.pacing.credit_tasks, "Tasks that an agent may have in hand");
  app.add_option("--report", options.pacing.report_tasks, "Tasks after which a report is sent");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return reeve::bench::run(options, ranks);
}
