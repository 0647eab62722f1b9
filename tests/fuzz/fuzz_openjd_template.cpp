#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "openjd/job.h"
#include "openjd/template.h"
#include "protocol/check.h"

/// Any text is a template or a list of errors; a template's job, where its defaults give one, has tasks.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::openjd;
  const Checked<JobTemplate> parsed =
      parse_template(std::string_view(reinterpret_cast<const char*>(data), size));
  REEVE_CHECK(parsed.value.has_value() == parsed.errors.empty(), "a value or errors, never both");
  if (!parsed) return 0;
  const Checked<Job> job = instantiate(*parsed.value, {});
  REEVE_CHECK(job.value.has_value() == job.errors.empty(), "a value or errors, never both");
  if (!job) return 0;
  for (const Step& step : job.value->steps) {
    const reeve::Result<reeve::Bytes> bytes = encode_step(step.script);
    if (bytes) REEVE_CHECK(decode_step(*bytes).ok(), "what was encoded can be decoded");
  }
  return 0;
}
