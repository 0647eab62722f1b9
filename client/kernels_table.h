#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/tiles.h"
#include "protocol/bytes.h"
#include "protocol/jobs.h"
#include "protocol/result.h"

/// The built-in kernels as far as a submission must know them. What they compute stands in kernels/.
namespace reeve::client {

/// An OpenJD command that names a built-in kernel starts with this: `reeve:render.path`.
inline constexpr std::string_view kCommandPrefix = "reeve:";

/// Arguments of a command, by name without the dashes.
using KernelArguments = std::map<std::string, std::string, std::less<>>;

/// What the region must be told about a task besides its script.
struct TaskFacts {
  KernelVersion kernel;
  std::uint32_t leaf_bytes = 0;
  std::uint64_t work = 0;  // the kernel's own units: samples, hashes, milliseconds
  std::uint64_t max_result_bytes = 0;
  std::vector<Digest> inputs;  // blobs that the arguments name
  bool operator==(const TaskFacts&) const = default;
};

/// `--name value` pairs. kInvalid: a name without a value, a value without a name, a name twice.
Result<KernelArguments> parse_arguments(std::span<const std::string> args);

/// The facts of one task whose arguments are all resolved. kInvalid names what is wrong with command or
/// argument and what would mend it.
Result<TaskFacts> task_facts(std::string_view command, std::span<const std::string> args);

/// Where the result of one render task belongs.
struct RenderTask {
  TileGrid grid;
  std::int64_t frame = 0;
  std::uint32_t tile = 0;
};
/// kInvalid for any other command.
Result<RenderTask> render_task(std::string_view command, std::span<const std::string> args);

/// True for the command whose results are tiles of frames.
bool is_render_command(std::string_view command);

/// `sha256:<64 hex digits>`, as arguments name a blob.
std::string blob_reference(const Digest& digest);
/// False for any other text.
bool parse_blob_reference(std::string_view text, Digest& digest);

}  // namespace reeve::client
