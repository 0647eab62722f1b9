#include "client/upload.h"

#include "client/quantities.h"

namespace reeve::client {

Result<void> upload_input(Context& context, const Input& input) {
  auto bulk = context.bulk();
  if (!bulk) return bulk.error();
  Output& output = context.output();
  auto stored = (*bulk)->put(input, [&](std::uint64_t done_bytes, std::uint64_t size_bytes) {
    output.progress("sending " + input.label + ": " + format_size(done_bytes) + " of " +
                    format_size(size_bytes));
  });
  output.end_progress();
  return stored;
}

}  // namespace reeve::client
