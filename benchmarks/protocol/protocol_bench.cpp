// What a message, a digest and a signature cost. Items are tasks, commands or operations.

#include <benchmark/benchmark.h>

#include "protocol/commitment.h"
#include "protocol/digest.h"
#include "protocol/keys.h"
#include "protocol/leaves.h"
#include "protocol/merkle.h"
#include "protocol/prf.h"
#include "protocol/wire.h"

namespace reeve {
namespace {

constexpr std::uint32_t kTasks = 512;
constexpr std::size_t kCommands = 1000;

/// Results of 512 tasks, 32 bytes each, as the throughput harness sends them.
msg::ReportSection inline_section() {
  msg::InlineResults results{std::vector<std::uint32_t>(kTasks, 32), Bytes(32 * kTasks, 7)};
  return {AttemptId(1), {JobId(2), 0}, {1024, kTasks}, {"sha256", 1}, {}, std::move(results)};
}

msg::ReportSection rooted_section() {
  msg::RootedResults results{std::vector<Digest>(kTasks), std::vector<std::uint64_t>(kTasks, 1 << 20)};
  return {AttemptId(1), {JobId(2), 0}, {1024, kTasks}, {"render.path", 1}, {}, std::move(results)};
}

msg::Commands submissions() {
  StepSpec step;
  step.name = "hash";
  step.need.kernel = {"sha256", 1};
  step.max_result_bytes = 32;
  step.time_limit = seconds(60);
  step.script = Bytes(100, 't');
  JobSpec job;
  job.name = "single task";
  job.steps = {step};
  return {std::vector<msg::Command>(kCommands, {{}, msg::SubmitJob{job, true}})};
}

void encode_decode(benchmark::State& state, const msg::Message& message, std::size_t items) {
  const Bytes bytes = wire::encode(message);
  const bool decoding = state.range(0) != 0;
  for (auto _ : state) {
    if (decoding)
      benchmark::DoNotOptimize(wire::decode(bytes));
    else
      benchmark::DoNotOptimize(wire::encode(message));
  }
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(rounds * static_cast<std::int64_t>(items));
  state.SetBytesProcessed(rounds * static_cast<std::int64_t>(bytes.size()));
}

void inline_report(benchmark::State& state) {
  encode_decode(state, msg::Report{{inline_section()}, {}, {}, {}}, kTasks);
}
void rooted_report(benchmark::State& state) {
  encode_decode(state, msg::Report{{rooted_section()}, {}, {}, {}}, kTasks);
}
void submit_batch(benchmark::State& state) {
  encode_decode(state, submissions(), kCommands);
}
BENCHMARK(inline_report)->ArgName("decode")->Arg(0)->Arg(1);
BENCHMARK(rooted_report)->ArgName("decode")->Arg(0)->Arg(1);
BENCHMARK(submit_batch)->ArgName("decode")->Arg(0)->Arg(1);

void reply_batch(benchmark::State& state) {
  const msg::Replies replies{std::vector<msg::Reply>(kCommands, {{}, msg::Accepted{JobId(1), 2, 3}})};
  encode_decode(state, replies, kCommands);
}
BENCHMARK(reply_batch)->ArgName("decode")->Arg(0)->Arg(1);

void sha256_of(benchmark::State& state) {
  const Bytes bytes(static_cast<std::size_t>(state.range(0)), 1);
  for (auto _ : state)
    benchmark::DoNotOptimize(sha256(bytes));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(sha256_of)->ArgName("bytes")->Arg(33)->Arg(65)->Arg(100)->Arg(1 << 20);

void section_check(benchmark::State& state) {
  const msg::ReportSection section = inline_section();
  const TransportKey region;
  for (auto _ : state) {
    const auto results = section_results(section, 0);
    benchmark::DoNotOptimize(section_commitment(region, AgentId(1), section, *results));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kTasks);
}
BENCHMARK(section_check);

void leaf_table(benchmark::State& state) {
  const Bytes result(1 << 20, 3);
  for (auto _ : state)
    benchmark::DoNotOptimize(result_root(result, 4096));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * result.size()));
}
BENCHMARK(leaf_table);

void sign(benchmark::State& state) {
  const auto identity = Identity::create();
  const Digest statement = sha256({});
  for (auto _ : state)
    benchmark::DoNotOptimize(identity.sign(statement));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(sign);

void verify_signature(benchmark::State& state) {
  const auto identity = Identity::create();
  const Digest statement = sha256({});
  const Signature signature = identity.sign(statement);
  for (auto _ : state)
    benchmark::DoNotOptimize(verify(identity.public_key(), statement, signature));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(verify_signature);

void draw(benchmark::State& state) {
  const Prf prf(random_secret().bytes());
  std::uint64_t counter = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(prf.chance(20'000, 1, ++counter, 7));
}
BENCHMARK(draw);

void ticket(benchmark::State& state) {
  const Prf prf(random_secret().bytes());
  std::uint64_t counter = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(prf.ticket(AttemptId(++counter), AgentId(1), {JobId(1), 0}, {0, 512}, 0));
}
BENCHMARK(ticket);

}  // namespace
}  // namespace reeve
