// Encoded steps, which agents receive from a scheduler that received them from a client.

#include "openjd/step_script.h"
#include "openjd/task.h"
#include "protocol/check.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> fuzz_seeds() {
  using namespace reeve::openjd;
  StepScript script;
  script.on_run.command = FormatString::literal("run");
  const reeve::Bytes small = *encode_step(script);

  std::vector<TaskParameter> parameters = {{"F", ParameterType::kInt, *RangeExpr::parse("1-100:3,200")},
                                           {"S", ParameterType::kString, std::vector<std::string>{"a", "b"}}};
  script.space = *ParameterSpace::make(std::move(parameters), Combination::product_of_all(2));
  script.on_run.args = {*FormatString::parse("x{{Task.Param.F}}y{{Session.WorkingDirectory}}")};
  script.on_run.timeout_s = 60;
  script.files = {{"M", "m.sh", true, FormatString::literal("echo")}};
  script.environments = {{"E", {{"A", FormatString::literal("1")}}, script.on_run, std::nullopt, {}}};
  script.environments[0].on_enter->args.clear();
  const reeve::Bytes rich = *encode_step(script);
  script.image = reeve::Digest{};
  script.gpus = 1;
  const reeve::Bytes in_image = *encode_step(script);
  return {std::string(small.begin(), small.end()), std::string(rich.begin(), rich.end()),
          std::string(in_image.begin(), in_image.end())};
}

/// Any bytes are refused, or are a step whose every task can be resolved and that encodes again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::openjd;
  const reeve::Result<StepScript> script = decode_step(reeve::ByteView(data, size));
  if (!script) return 0;
  HostValues host;
  host.file_paths.resize(script->files.size());
  for (const std::uint64_t index : {std::uint64_t{0}, script->space.size() / 2, script->space.size() - 1})
    (void)resolve_task(*script, index, host);
  REEVE_CHECK(encode_step(*script).ok(), "a step that was decoded encodes again");
  return 0;
}
