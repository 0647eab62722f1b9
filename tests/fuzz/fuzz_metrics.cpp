#include "client/metrics.h"
#include "protocol/check.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> fuzz_seeds() {
  return {"reeve_metric: loss=0.25 step=3\n",
          "epoch 1\nreeve_metric: a=1 b=2\nreeve_metric: b=nan c=1e-9 step=-7\r\n",
          "reeve_metric: x/y.z-w=adam note=a\"b,c\n",
          "reeve_metric: step=9223372036854775808 gr\xC3\xB6\xC3\x9F=1\n"};
}

/// A log is text of a stranger's: whatever it is, there is a table of it, and a line that was read is read
/// again from what it says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve;
  const std::string log = clean_text({reinterpret_cast<const char*>(data), size});
  REEVE_CHECK(log.size() == size && clean_text(log) == log, "clean text is clean");
  const client::LogName name{0, 1, 2};
  const auto rows = client::metric_rows(name, log, true);
  const auto last = client::metric_rows(name, log, false);
  REEVE_CHECK(last.size() == (rows.empty() ? 0 : 1), "a task with any line has one row");
  for (const client::MetricRow& row : rows) {
    std::string line = "reeve_metric:";
    if (row.metrics.step) line += " step=" + std::to_string(*row.metrics.step);
    for (const auto& [key, value] : row.metrics.values)
      line += " " + key + "=" + value;
    REEVE_CHECK(client::parse_metrics(line) == row.metrics, "a line is the same after a second reading");
  }
  static_cast<void>(client::metrics_view(rows, true, {}).json.dump());
  return 0;
}
