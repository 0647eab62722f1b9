#include <CLI/CLI.hpp>
#include <fstream>
#include <functional>
#include <iostream>

#include "benchmarks/throughput/floor.h"
#include "benchmarks/throughput/programme.h"
#include "benchmarks/throughput/transfer.h"

/// reeve-bench: what `reeve bench` becomes.
namespace reeve::bench {
namespace {

struct Options {
  StageOptions stage;
  Sizes sizes;
  std::string json_file;
};

using Measurement = std::function<Result<nlohmann::json>(const StageOptions&, const Sizes&)>;

int fail(const Error& error) {
  std::cerr << "reeve-bench: " << error.message << (error.hint.empty() ? "" : "; ") << error.hint << "\n";
  return 1;
}

int tell(const Result<nlohmann::json>& figures, std::string (*table)(const nlohmann::json&),
         const std::string& json_file) {
  if (!figures) return fail(figures.error());
  std::cout << table(*figures);
  if (json_file.empty()) return 0;
  std::ofstream file(json_file);
  file << figures->dump(2) << "\n";
  file.close();
  return file ? 0 : fail({ErrorCode::kIo, "cannot write " + json_file, "choose another --json"});
}

using Telling = std::string (*)(const nlohmann::json&);

int measure(const Options& options, const Measurement& measurement, Telling table) {
  return tell(measurement(options.stage, options.sizes), table, options.json_file);
}

/// `transfer`, which needs a region and one agent, and its plain sockets.
void add_transfer(CLI::App& app, Options& options, TransferSizes& sizes, int& code) {
  CLI::App* verb = app.add_subcommand(
      "transfer", "An input's way to a region and to an agent, beside two plain sockets under CURVE");
  verb->add_option("--dir", options.stage.parent, "Where the throwaway region lives: its disk is measured")
      ->check(CLI::ExistingDirectory);
  verb->add_option("--size", sizes.size_bytes, "Bytes of the input")
      ->check(CLI::Range(1'000'000ULL, 16'000'000'000ULL))
      ->capture_default_str();
  verb->add_option("--rounds", sizes.rounds, "Repetitions; medians are told")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  verb->add_option("--json", options.json_file, "Also write the figures into this file");
  verb->callback(
      [&] { code = tell(measure_transfers(options.stage, sizes), transfer_table, options.json_file); });
}

void add_options(CLI::App& verb, Options& options) {
  verb.add_option("--dir", options.stage.parent, "Where the throwaway region lives: its disk is measured")
      ->check(CLI::ExistingDirectory);
  verb.add_option("--agents", options.stage.agents, "Simulated agents")
      ->check(CLI::Range(2, 10'000))
      ->capture_default_str();
  verb.add_option("--owners", options.stage.owners, "Owners of the agents")
      ->check(CLI::Range(2, 64))
      ->capture_default_str();
  verb.add_option("--processes", options.stage.ranks,
                  "Processes of the swarm; more than one are started by mpirun")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  verb.add_option("--rounds", options.sizes.rounds, "Repetitions; medians are told")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb.add_option("--tasks", options.sizes.array_tasks, "Tasks of each array")
      ->check(CLI::Range(1'000, 1'000'000'000))
      ->capture_default_str();
  verb.add_option("--jobs", options.sizes.single_jobs, "Single submissions")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  verb.add_option("--window", options.sizes.single_window, "Single submissions under way at once")
      ->check(CLI::Range(256, 1'000'000))
      ->capture_default_str();
  verb.add_option("--one-by-one", options.sizes.one_by_one,
                  "Submissions of which each waits for the one before")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb.add_option("--queue", options.sizes.queued_tasks,
                  "Tasks of the queue whose memory is measured; 0: leave it out")
      ->capture_default_str();
  verb.add_option("--json", options.json_file, "Also write the figures into this file");
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("Measures a throwaway region on this machine", "reeve bench");
  app.require_subcommand(1);
  Options options;
  options.stage.parent = std::filesystem::temp_directory_path();
  int code = 0;
  const auto add = [&](const char* name, const char* meaning, const Measurement& measurement,
                       Telling table = table_of) {
    CLI::App* verb = app.add_subcommand(name, meaning);
    add_options(*verb, options);
    verb->callback([&options, &code, measurement, table] { code = measure(options, measurement, table); });
  };
  add("run", "Throughput, latency and memory of a region, beside the floor of the same minutes",
      measure_region);
  add("floor", "The floor: the same messages, events and commits with no scheduler between", measure_floor);
  add("tune", "Sweeps credit and report size; says what to write into agent.toml", tune);
  add("ledger-log", "Throughput with and without the transparent log, in turn", measure_log, log_table);
  TransferSizes transfer;
  add_transfer(app, options, transfer, code);
  std::string region;
  std::uint16_t port = 0;
  std::uint64_t size_bytes = 0;
  int agents = 0;
  const auto report = [&code](const Result<void>& ended) { code = ended ? 0 : fail(ended.error()); };
  CLI::App* server = app.add_subcommand("floor-server", "Stands in for a region")->group("");
  server->add_option("region", region)->required();
  server->add_option("port", port)->required();
  server->callback([&] { report(serve_floor(region, port)); });
  CLI::App* clients = app.add_subcommand("floor-agents", "Stands in for agents")->group("");
  clients->add_option("region", region)->required();
  clients->add_option("port", port)->required();
  clients->add_option("agents", agents)->required();
  clients->callback([&] { report(run_floor_agents(region, port, agents)); });
  CLI::App* plain = app.add_subcommand("plain-socket", "The receiving end of two plain sockets")->group("");
  plain->add_option("region", region)->required();
  plain->add_option("port", port)->required();
  plain->add_option("size", size_bytes)->required();
  plain->callback([&] { report(serve_plain_socket(region, port, size_bytes)); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return code;
}

}  // namespace reeve::bench

int main(int argc, char** argv) {
  return reeve::bench::run(argc, argv);
}
