#include <benchmark/benchmark.h>

#include "openjd/job.h"
#include "openjd/task.h"
#include "openjd/template.h"
#include "protocol/check.h"

namespace reeve::openjd {
namespace {

constexpr const char* kTemplate = R"(
specificationVersion: jobtemplate-2023-09
name: Bench {{Param.Scene}}
parameterDefinitions:
- {name: Scene, type: STRING, default: forest}
steps:
- name: Render
  parameterSpace:
    taskParameterDefinitions:
    - {name: Frame, type: INT, range: '1-1000000:2,2000001-2500000,3000000-4000000:4'}
    - {name: Tile, type: INT, range: 0-15}
    - {name: Eye, type: STRING, range: [left, right]}
  script:
    actions:
      onRun:
        command: render
        args: ['{{Param.Scene}}', --frame, '{{Task.Param.Frame}}', '--tile={{Task.Param.Tile}}', '{{Task.Param.Eye}}']
- name: Same
  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: 1-1000000}]}
  script: {actions: {onRun: {command: echo, args: [always, the, same]}}}
)";

StepScript script(std::size_t step) {
  const Checked<JobTemplate> parsed = parse_template(kTemplate);
  REEVE_CHECK(parsed.value.has_value(), "the benchmark's template is valid");
  const Checked<Job> job = instantiate(*parsed.value, {});
  REEVE_CHECK(job.value.has_value(), "the benchmark's job is valid");
  return job.value->steps.at(step).script;
}

/// Spreads indices over the space, so that no value is guessed right from the last.
std::uint64_t next_index(std::uint64_t index, std::uint64_t size) {
  return (index + 7'654'321) % size;
}

void parse(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(parse_template(kTemplate));
}
BENCHMARK(parse);

void range_at(benchmark::State& state) {
  const RangeExpr range = *RangeExpr::parse("1-1000000:2,2000001-2500000,3000000-4000000:4");
  std::uint64_t index = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(range.at(index));
    index = next_index(index, range.size());
  }
}
BENCHMARK(range_at);

void space_at(benchmark::State& state) {
  const StepScript step = script(0);
  TaskValues values;
  std::uint64_t index = 0;
  for (auto _ : state) {
    step.space.at(index, values);
    benchmark::DoNotOptimize(values.data());
    index = next_index(index, step.space.size());
  }
}
BENCHMARK(space_at);

void resolve_task_reusing_memory(benchmark::State& state) {
  const StepScript step = script(0);
  const HostValues host;
  ResolvedTask task;
  std::uint64_t index = 0;
  for (auto _ : state) {
    resolve_task_into(step, index, host, task);
    benchmark::DoNotOptimize(task.line.args.data());
    index = next_index(index, step.space.size());
  }
}
BENCHMARK(resolve_task_reusing_memory);

void resolve_task_afresh(benchmark::State& state) {
  const StepScript step = script(0);
  std::uint64_t index = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(resolve_task(step, index));
    index = next_index(index, step.space.size());
  }
}
BENCHMARK(resolve_task_afresh);

void resolve_constant_task_reusing_memory(benchmark::State& state) {
  const StepScript step = script(1);
  const HostValues host;
  ResolvedTask task;
  std::uint64_t index = 0;
  for (auto _ : state) {
    resolve_task_into(step, index, host, task);
    benchmark::DoNotOptimize(task.line.args.data());
    index = next_index(index, step.space.size());
  }
}
BENCHMARK(resolve_constant_task_reusing_memory);

void decode(benchmark::State& state) {
  const Bytes bytes = *encode_step(script(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(decode_step(bytes));
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(decode);

}  // namespace
}  // namespace reeve::openjd
