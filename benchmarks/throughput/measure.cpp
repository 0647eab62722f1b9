#include "benchmarks/throughput/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <thread>

#include "benchmarks/throughput/hash_task.h"
#include "protocol/limits.h"

namespace reeve::bench {
namespace {

constexpr Duration kPatience = seconds(120);
/// Submissions that travel together: a script that submits many jobs sends them as it makes them.
constexpr std::uint32_t kCommandsTogether = 256;

/// Reads the clocks and counters around a run.
class Meter {
 public:
  static Result<Meter> start(const Stage& stage, bool of_region) {
    Meter meter(stage, of_region);
    if (of_region) {
      auto metrics = stage.metrics();
      if (!metrics) return metrics.error();
      meter.before_ = std::move(*metrics);
    }
    meter.cpu_ = cpu_time(stage.region_pid());
    meter.begin_ns_ = steady_ns();
    return meter;
  }
  Result<Rate> stop(std::uint32_t tasks) {
    const auto spent_ns = static_cast<double>(steady_ns() - begin_ns_);
    const Duration cpu{cpu_time(stage_.region_pid()).ns - cpu_.ns};
    Rate rate{tasks * 1e9 / spent_ns, static_cast<double>(cpu.ns) / 1e3 / tasks, 0, 0, 0};
    if (!of_region_) return rate;
    auto after = stage_.metrics();
    while (after && (*after)["reeve_view_seq"] < (*after)["reeve_committed_seq"]) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      after = stage_.metrics();
    }
    if (!after) return after.error();
    rate.view_lag_s = static_cast<double>(steady_ns() - begin_ns_) / 1e9 - spent_ns / 1e9;
    const auto grown = [&](const char* name) { return (*after)[name] - before_[name]; };
    rate.commits_per_1000 = grown("reeve_commits_total") * 1000 / tasks;
    return rate;
  }

 private:
  Meter(const Stage& stage, bool of_region) : stage_(stage), of_region_(of_region) {}
  const Stage& stage_;
  bool of_region_;
  std::map<std::string, double> before_;
  Duration cpu_;
  std::int64_t begin_ns_ = 0;
};

/// Jobs of one task under way.
class Singles {
 public:
  Singles(Requester& requester, JobSpec spec) : requester_(requester), spec_(std::move(spec)) {}

  Result<void> submit(std::uint32_t jobs) {
    msg::Commands commands;
    for (std::uint32_t i = 0; i < jobs; ++i)
      commands.commands.push_back({requester_.next_request(), msg::SubmitJob{spec_, true}});
    submitted_ += jobs;
    return requester_.say(commands);
  }
  /// Takes one message in.
  Result<void> hear() {
    auto message = requester_.hear(kPatience);
    if (!message) return message.error();
    if (const auto* replies = std::get_if<msg::Replies>(&*message)) {
      for (const msg::Reply& reply : replies->replies)
        if (const auto* error = std::get_if<Error>(&reply.body)) return *error;
    }
    const auto* update = std::get_if<msg::JobUpdate>(&*message);
    if (update == nullptr || update->state == msg::JobState::kQueued ||
        update->state == msg::JobState::kRunning)
      return {};
    const Digest expected = hash_task(update->job, 0);
    if (!std::equal(expected.bytes.begin(), expected.bytes.end(), update->inline_result.begin(),
                    update->inline_result.end()))
      return Error{ErrorCode::kCorrupt,
                   "the result of job " + std::to_string(update->job.value()) + " is wrong or missing", ""};
    ++finished_;
    return {};
  }
  std::uint32_t submitted() const { return submitted_; }
  std::uint32_t finished() const { return finished_; }

 private:
  Requester& requester_;
  JobSpec spec_;
  std::uint32_t submitted_ = 0;
  std::uint32_t finished_ = 0;
};

double nearest_rank(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

}  // namespace

Result<Rate> run_array(Stage& stage, Requester& requester, std::uint32_t tasks, const VerifyPolicy& verify,
                       bool of_region) {
  const auto spec = hash_job(tasks, verify);
  if (!spec) return spec.error();
  auto meter = Meter::start(stage, of_region);
  if (!meter) return meter.error();
  const auto job = requester.submit(*spec);
  if (!job) return job.error();
  if (auto done = requester.wait_for(*job); !done) return done.error();
  auto rate = meter->stop(tasks);
  if (!rate || !of_region) return rate;
  if (auto same = requester.check_results(*job, tasks); !same) return same.error();
  const auto spent = requester.spent(*job);
  if (!spent) return spent.error();
  rate->spent_per_task = static_cast<double>(*spent) / tasks;
  return rate;
}

Result<Rate> run_singles(Stage& stage, Requester& requester, std::uint32_t jobs, std::uint32_t window,
                         bool of_region) {
  const auto spec = hash_job(1, {});
  if (!spec) return spec.error();
  auto meter = Meter::start(stage, of_region);
  if (!meter) return meter.error();
  Singles singles(requester, *spec);
  while (singles.finished() < jobs) {
    const std::uint32_t left = jobs - singles.submitted();
    const std::uint32_t next = std::min(left, kCommandsTogether);
    if (next > 0 && singles.submitted() - singles.finished() + next <= window) {
      if (auto said = singles.submit(next); !said) return said.error();
      continue;
    }
    if (auto heard = singles.hear(); !heard) return heard.error();
  }
  return meter->stop(jobs);
}

Result<Latency> run_one_by_one(Requester& requester, std::uint32_t jobs) {
  const auto spec = hash_job(1, {});
  if (!spec) return spec.error();
  std::vector<double> times_us;
  Singles singles(requester, *spec);
  for (std::uint32_t i = 0; i < jobs; ++i) {
    const std::int64_t begin_ns = steady_ns();
    if (auto said = singles.submit(1); !said) return said.error();
    while (singles.finished() <= i)
      if (auto heard = singles.hear(); !heard) return heard.error();
    times_us.push_back(static_cast<double>(steady_ns() - begin_ns) / 1e3);
  }
  std::sort(times_us.begin(), times_us.end());
  return Latency{nearest_rank(times_us, 0.50), nearest_rank(times_us, 0.99)};
}

Result<std::uint64_t> queue_memory(Stage& stage, std::uint32_t tasks) {
  auto requester = Requester::connect(stage.requester_home());
  if (!requester) return requester.error();
  // A small job first: what the first submission of all costs is not the queue's.
  const auto small = hash_job(1, {});
  const auto large = hash_job(tasks, {});
  if (!large) return large.error();
  if (const auto job = (*requester)->submit(*small); !job) return job.error();
  const auto settle_down = [] { std::this_thread::sleep_for(std::chrono::seconds(2)); };
  settle_down();
  const std::uint64_t before = private_memory_bytes(stage.region_pid());
  if (const auto job = (*requester)->submit(*large); !job) return job.error();
  settle_down();
  const std::uint64_t after = private_memory_bytes(stage.region_pid());
  return after > before ? after - before : 0;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace reeve::bench
