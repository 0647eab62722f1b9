#include "benchmarks/throughput/transfer.h"

#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <random>
#include <thread>

#include "benchmarks/throughput/measure.h"
#include "client/context.h"
#include "client/inputs.h"
#include "client/socket_transport.h"
#include "protocol/key_files.h"
#include "protocol/limits.h"
#include "protocol/socket.h"
#include "protocol/zap.h"

namespace reeve::bench {
namespace {

using Json = nlohmann::json;

constexpr Duration kPatience = seconds(120);
constexpr auto kLook = std::chrono::milliseconds(10);

double seconds_since(std::int64_t start_ns) {
  return static_cast<double>(steady_ns() - start_ns) / 1e9;
}

/// As a job's input, and as messages of a chunk each between the plain sockets.
net::SocketSettings plain_settings() {
  net::SocketSettings settings;
  settings.max_message_bytes = 2 * limits::kBulkChunkBytes;
  settings.send_queue_messages = 64;
  settings.receive_queue_messages = 64;
  return settings;
}

/// Most resident memory that a process has had so far, in bytes.
std::uint64_t peak_memory_bytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
  return 0;
}

/// A file of bytes that no earlier round had and that nothing can compress.
Result<void> write_input(const std::filesystem::path& path, std::uint64_t size_bytes, std::uint64_t seed) {
  std::ofstream file(path, std::ios::binary);
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> piece(1 << 17);
  for (std::uint64_t left = size_bytes; left > 0;) {
    for (std::uint64_t& word : piece)
      word = random();
    const std::uint64_t now = std::min<std::uint64_t>(left, piece.size() * sizeof(std::uint64_t));
    file.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(now));
    left -= now;
  }
  file.close();
  if (file) return {};
  return Error{ErrorCode::kIo, "cannot write " + path.string(), "choose another --dir"};
}

/// Sends the file's bytes to a plain socket in another process; seconds until it says that it has them all.
Result<double> move_plainly(const Stage& stage, const std::filesystem::path& input,
                            std::uint64_t size_bytes) {
  const auto port = client::free_ports();
  if (!port) return port.error();
  const std::filesystem::path log = stage.folder() / "plain.log";
  auto receiver = Process::start({sibling("reeve-bench"), "plain-socket", stage.region_folder().string(),
                                  std::to_string(*port), std::to_string(size_bytes)},
                                 log);
  if (!receiver) return receiver.error();
  const auto server = load_transport(stage.region_folder() / "keys" / "server.key");
  if (!server) return server.error();
  net::Context context;
  auto socket = net::ClientSocket::connect(context, "127.0.0.1", *port, server->public_key(),
                                           TransportPair::create(), plain_settings());
  if (!socket) return socket.error();
  const Error silent{ErrorCode::kTimeout, "the plain socket does not answer; see " + log.string(), ""};
  const Bytes hello(1);
  if (socket->send(hello, kPatience) != net::Sent::kSent || !socket->receive(kPatience)) return silent;
  std::ifstream file(input, std::ios::binary);
  Bytes chunk(limits::kBulkChunkBytes);
  const std::int64_t start_ns = steady_ns();
  for (std::uint64_t left = size_bytes; left > 0; left -= chunk.size()) {
    chunk.resize(std::min<std::uint64_t>(chunk.size(), left));
    file.read(reinterpret_cast<char*>(chunk.data()), static_cast<std::streamsize>(chunk.size()));
    if (socket->send(chunk, kPatience) != net::Sent::kSent) return silent;
  }
  if (!socket->receive(kPatience)) return silent;
  return seconds_since(start_ns);
}

/// A region with one agent of one owner, and its requester's way to blobs.
class Farm {
 public:
  explicit Farm(Stage& stage) : stage_(stage) {}
  Result<void> start();
  /// Seconds until the region holds the input.
  Result<double> put(const client::Input& input);
  /// Runs a program that has the input; seconds from the agent's first byte of it to its last, 0 if it had
  /// it.
  Result<double> fetch(const std::filesystem::path& input, std::uint64_t size_bytes);
  Result<double> moved(const char* direction) const;
  pid_t agent_pid() const { return agent_.pid(); }

 private:
  Result<void> start_agent();

  Stage& stage_;
  Process agent_;
  client::Config config_;
  std::optional<client::Output> output_;
  std::optional<client::Context> requester_;
};

Result<void> Farm::start() {
  const client::Environment nothing = [](const std::string&) { return std::nullopt; };
  const auto config = client::Config::load({{"home", stage_.requester_home().string()}}, nothing);
  if (!config) return config.error();
  config_ = *config;
  output_.emplace(client::Output::Streams{std::cout, std::cerr}, nothing);
  requester_.emplace(*output_, config_, nothing, client::socket_connector());
  if (auto connected = requester_->bulk(); !connected) return connected.error();
  return start_agent();
}

Result<void> Farm::start_agent() {
  const std::string home = (stage_.folder() / "agent").string();
  const auto joined = run_to_end(
      {sibling("reeve-agent"), "--home", home, "join", "@" + (stage_.folder() / "owner-0.token").string()});
  if (!joined) return joined.error();
  auto process =
      Process::start({sibling("reeve-agent"), "--home", home, "run"}, stage_.folder() / "agent.log");
  if (!process) return process.error();
  agent_ = std::move(*process);
  return {};
}

Result<double> Farm::put(const client::Input& input) {
  const auto bulk = requester_->bulk();
  if (!bulk) return bulk.error();
  const std::int64_t start_ns = steady_ns();
  const auto stored = (*bulk)->put(input, [](std::uint64_t, std::uint64_t) {});
  if (!stored) return stored.error();
  return seconds_since(start_ns);
}

Result<double> Farm::moved(const char* direction) const {
  const auto metrics = stage_.metrics();
  if (!metrics) return metrics.error();
  return metrics->at(std::string("reeve_bulk_") + direction + "_bytes_total");
}

Result<double> Farm::fetch(const std::filesystem::path& input, std::uint64_t size_bytes) {
  const auto before = moved("sent");
  if (!before) return before.error();
  // Its own requester: a submission that finds its input there sends nothing.
  auto job = Process::start({sibling("reeve"), "--home", stage_.requester_home().string(), "submit",
                             "--verify", "none", "--input", input.string(), "--wait", "--", "true"},
                            stage_.folder() / "job.log");
  if (!job) return job.error();
  const double little = static_cast<double>(limits::kBulkChunkBytes);
  std::int64_t first_ns = 0;
  double taken_s = 0;
  while (job->alive()) {
    const auto now = moved("sent");
    if (!now) return now.error();
    if (first_ns == 0 && *now - *before >= little) first_ns = steady_ns();
    if (taken_s == 0 && *now - *before >= static_cast<double>(size_bytes)) taken_s = seconds_since(first_ns);
    std::this_thread::sleep_for(kLook);
  }
  if (job->stop(seconds(1)) == 0) return taken_s;
  return Error{ErrorCode::kConflict,
               "the job with the input failed; see " + (stage_.folder() / "job.log").string(),
               "the agent needs a sandbox: reeve agent doctor"};
}

double mb_per_s(std::uint64_t bytes, double taken_s) {
  return taken_s > 0 ? static_cast<double>(bytes) / 1e6 / taken_s : 0;
}

struct Medians {
  std::vector<double> plain;
  std::vector<double> put;
  std::vector<double> fetch;
  std::vector<double> put_ratio;
  std::vector<double> fetch_ratio;
};

Result<void> run_round(Stage& stage, Farm& farm, const TransferSizes& sizes, std::uint64_t seed,
                       Medians& out) {
  const std::filesystem::path path = stage.folder() / "input.bin";
  if (auto written = write_input(path, sizes.size_bytes, seed); !written) return written;
  const auto input = client::file_input(path);
  if (!input) return input.error();
  const auto plain = move_plainly(stage, path, sizes.size_bytes);
  if (!plain) return plain.error();
  const auto put = farm.put(*input);
  if (!put) return put.error();
  const auto fetch = farm.fetch(path, sizes.size_bytes);
  if (!fetch) return fetch.error();
  out.plain.push_back(mb_per_s(sizes.size_bytes, *plain));
  out.put.push_back(mb_per_s(sizes.size_bytes, *put));
  out.fetch.push_back(mb_per_s(sizes.size_bytes, *fetch));
  out.put_ratio.push_back(*plain / *put);
  out.fetch_ratio.push_back(*plain / *fetch);
  return {};
}

/// Bytes that move when the last round's input is wanted once more: by the requester, by the agent.
Result<Json> move_again(Stage& stage, Farm& farm, const TransferSizes& sizes) {
  const std::filesystem::path path = stage.folder() / "input.bin";
  const auto input = client::file_input(path);
  if (!input) return input.error();
  const auto received = farm.moved("received");
  const auto sent = farm.moved("sent");
  if (!received || !sent) return received ? sent.error() : received.error();
  if (auto put = farm.put(*input); !put) return put.error();
  if (auto fetched = farm.fetch(path, sizes.size_bytes); !fetched) return fetched.error();
  const auto received_after = farm.moved("received");
  const auto sent_after = farm.moved("sent");
  if (!received_after || !sent_after) return received_after ? sent_after.error() : received_after.error();
  return Json{{"received_bytes", *received_after - *received}, {"sent_bytes", *sent_after - *sent}};
}

}  // namespace

Result<void> serve_plain_socket(const std::filesystem::path& region_folder, std::uint16_t port,
                                std::uint64_t size_bytes) {
  const auto key = load_transport(region_folder / "keys" / "server.key");
  if (!key) return key.error();
  net::Context context;
  auto zap = net::ZapHandler::start(context, std::make_shared<net::Admission>(1));
  if (!zap) return zap.error();
  auto socket = net::ServerSocket::bind(context, "127.0.0.1", port, *key, plain_settings());
  if (!socket) return socket.error();
  const Bytes answer(1);
  std::uint64_t received_bytes = 0;
  for (bool greeted = false; received_bytes < size_bytes; greeted = true) {
    const auto received = socket->receive(kPatience);
    if (!received) return Error{ErrorCode::kTimeout, "nothing came", ""};
    if (greeted) received_bytes += received->payload.size();
    const bool complete = received_bytes >= size_bytes;
    if (!greeted || complete) socket->send(received->peer, answer);
  }
  return {};
}

Result<Json> measure_transfers(const StageOptions& options, const TransferSizes& sizes) {
  StageOptions small = options;
  small.owners = 1;
  auto stage = Stage::make(small);
  if (!stage) return stage.error();
  Farm farm(**stage);
  if (auto started = farm.start(); !started) return started.error();
  Medians rates;
  for (std::uint32_t round = 0; round < sizes.rounds; ++round) {
    std::cerr << "  round " << round + 1 << " of " << sizes.rounds << "\n";
    if (auto done = run_round(**stage, farm, sizes, round + 1, rates); !done) return done.error();
  }
  const auto again = move_again(**stage, farm, sizes);
  if (!again) return again.error();
  return Json{{"size_bytes", sizes.size_bytes},
              {"rounds", sizes.rounds},
              {"plain_mb_per_s", median(rates.plain)},
              {"put_mb_per_s", median(rates.put)},
              {"fetch_mb_per_s", median(rates.fetch)},
              {"put_ratio", median(rates.put_ratio)},
              {"fetch_ratio", median(rates.fetch_ratio)},
              {"region_peak_bytes", peak_memory_bytes((*stage)->region_pid())},
              {"agent_peak_bytes", peak_memory_bytes(farm.agent_pid())},
              {"requester_peak_bytes", peak_memory_bytes(getpid())},
              {"again", *again}};
}

std::string transfer_table(const Json& figures) {
  const auto number = [&figures](const char* name) { return figures.at(name).get<double>(); };
  const auto megabytes = [&number](const char* name) { return number(name) / 1e6; };
  char text[1024];
  std::snprintf(text, sizeof text,
                "an input of %.0f MB over loopback, medians of %d rounds\n"
                "  two plain sockets with CURVE  %7.0f MB/s\n"
                "  requester to region           %7.0f MB/s   %.2f of it\n"
                "  region to agent               %7.0f MB/s   %.2f of it\n"
                "  most memory that each had: region %.0f MB, agent %.0f MB, requester %.0f MB\n"
                "  wanted once more: %.1f kB to the region, %.1f kB from it\n",
                megabytes("size_bytes"), figures.at("rounds").get<int>(), number("plain_mb_per_s"),
                number("put_mb_per_s"), number("put_ratio"), number("fetch_mb_per_s"), number("fetch_ratio"),
                megabytes("region_peak_bytes"), megabytes("agent_peak_bytes"),
                megabytes("requester_peak_bytes"),
                figures.at("again").at("received_bytes").get<double>() / 1e3,
                figures.at("again").at("sent_bytes").get<double>() / 1e3);
  return text;
}

}  // namespace reeve::bench
