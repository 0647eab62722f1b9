#include <cstddef>
#include <cstdint>

#include "openjd/step_script.h"
#include "openjd/task.h"
#include "protocol/check.h"

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
