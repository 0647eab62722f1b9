#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/job_log.h"
#include "client/output.h"

/// What programs say of their progress in lines `reeve_metric: NAME=VALUE [NAME=VALUE …] [step=N]`.
namespace reeve::client {

struct Metrics {
  std::optional<std::int64_t> step;  // of the program's own counting: an epoch
  std::vector<std::pair<std::string, std::string>> values;
  bool operator==(const Metrics&) const = default;
};

/// Nothing where the line is none, or says nothing: names are letters, digits and _ . / -, values have no
/// blanks.
std::optional<Metrics> parse_metrics(std::string_view line);

/// One row of a table: of a task, or of one line of it.
struct MetricRow {
  LogName log;
  Metrics metrics;
};

/// Every line's of a log; `all` false: one row with the last value of each name.
std::vector<MetricRow> metric_rows(const LogName& name, std::string_view log, bool all);

/// A column a name, in the order in which they were first met.
View metrics_view(const std::vector<MetricRow>& rows, bool several_steps, const Style& style);
std::string metrics_csv(const std::vector<MetricRow>& rows, bool several_steps);

}  // namespace reeve::client
