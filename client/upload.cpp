#include "client/upload.h"

#include "client/invite.h"
#include "client/progress.h"
#include "client/quantities.h"

namespace reeve::client {

Result<void> upload_input(Context& context, const Input& input) {
  auto bulk = context.bulk();
  if (!bulk) return bulk.error();
  Output& output = context.output();
  ProgressPace pace;
  pace.due(wall_clock(), 0, 0);  // one that is short is not worth a line
  auto stored = (*bulk)->put(input, [&](std::uint64_t done_bytes, std::uint64_t size_bytes) {
    const std::string line =
        "sending " + input.label + ": " + format_size(done_bytes) + " of " + format_size(size_bytes);
    output.progress(line);
    if (pace.due(wall_clock(), done_bytes, 0)) output.progress_line(line);
  });
  output.end_progress();
  return stored;
}

}  // namespace reeve::client
