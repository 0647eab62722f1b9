#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/connection.h"
#include "client/output.h"

/// What a job's tasks wrote, as the region keeps it.
namespace reeve::client {

/// Which logs are meant; all of a job's where nothing is said.
struct LogSelection {
  std::uint64_t job = 0;
  std::optional<std::uint32_t> step;
  std::string tasks;  // "3", "0-9"; empty: all
  std::optional<std::uint64_t> attempt;
};

/// "3" or "0-9", for --task.
Result<std::string> parse_tasks(std::string_view text);

/// One attempt's log at one task.
struct LogName {
  std::uint64_t step = 0;
  std::uint64_t task = 0;
  std::uint64_t attempt = 0;
  auto operator<=>(const LogName&) const = default;
};
struct LogInfo {
  LogName name;
  std::string agent;
  std::string outcome;  // "running", "delivered", "agreed", "failed", "lost", …
  std::uint64_t bytes = 0;
  std::uint64_t kept_bytes = 0;
};
struct LogPart {
  LogName name;
  std::uint64_t offset = 0;
  std::string text;  // clean
};

/// The logs that there are, ordered by step, task and attempt.
Result<std::vector<LogInfo>> list_logs(Connection& connection, const LogSelection& selection);
/// One log for each task: of the attempt whose result counts, else of the newest.
std::vector<LogInfo> chosen_logs(const std::vector<LogInfo>& logs);

/// Reads pieces in the order in which they came, page by page.
class LogReader {
 public:
  LogReader(Connection& connection, const LogSelection& selection);
  /// What came since the last call, up to a page.
  Result<std::vector<LogPart>> next();
  /// True while a page is known to follow.
  bool more() const { return more_; }

 private:
  Connection& connection_;
  std::string path_;
  std::string conditions_;
  std::uint64_t from_ = 0;
  bool more_ = true;
};

/// One whole log as text; "[… N bytes …]" on a line of its own stands for what is not kept of it.
Result<std::string> read_log(Connection& connection, std::uint64_t job, const LogName& name);

/// Pieces as lines for people: of one task as they come; of several whole, each with its task before it.
class LogPrinter {
 public:
  using Write = std::function<void(std::string_view)>;
  LogPrinter(Write write, bool several_tasks, bool several_steps, Style style)
      : write_(std::move(write)),
        several_tasks_(several_tasks),
        several_steps_(several_steps),
        style_(style) {}

  void show(const LogPart& part);
  /// A line of ours within the log of a task.
  void note(const LogName& name, const std::string& text);
  /// Ends a log: what stands behind its last line end is shown.
  void end(const LogName& name);
  void end_all();
  std::uint64_t shown_bytes() const { return shown_; }
  std::uint64_t missing_bytes() const { return missing_; }

 private:
  struct State {
    std::uint64_t end = 0;  // offset
    std::string line;       // without its end
    bool at_start = true;   // of a line, where lines are written as they come
  };
  void line(const LogName& name, std::string_view text);

  Write write_;
  bool several_tasks_;
  bool several_steps_;
  Style style_;
  std::map<LogName, State> states_;
  std::uint64_t shown_ = 0;
  std::uint64_t missing_ = 0;
};

/// Follows a job's logs: of each task one attempt, and the next one where that came to nothing.
class LogFollower {
 public:
  /// `part_shown`, where it is set, gets the parts instead of the printer: JSON lines.
  LogFollower(LogSelection selection, LogPrinter printer, std::function<void(const LogPart&)> part_shown = {})
      : selection_(std::move(selection)), printer_(std::move(printer)), part_shown_(std::move(part_shown)) {}

  /// Shows everything that came since the last call. False: nothing did.
  Result<bool> look(Connection& connection);
  LogPrinter& printer() { return printer_; }

 private:
  Result<bool> is_shown(Connection& connection, const LogName& name);

  LogSelection selection_;
  LogPrinter printer_;
  std::function<void(const LogPart&)> part_shown_;
  std::optional<LogReader> reader_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t>
      attempts_;  // of step and task: the one shown
  std::map<LogName, bool> decided_;
};

}  // namespace reeve::client
