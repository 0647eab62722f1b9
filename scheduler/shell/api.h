#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "protocol/messages.h"
#include "scheduler/core/core.h"
#include "scheduler/shell/log_keeper.h"
#include "scheduler/shell/loop_tasks.h"
#include "scheduler/shell/sqlite.h"
#include "scheduler/shell/view.h"

namespace reeve::shell {

/// The region's JSON API and its pages of results: the same for HTTP and the control socket. Reads view.db
/// over a connection of its own, and asks the view's thread and the loop for what is live. One thread uses
/// it.
class Api {
 public:
  using Json = nlohmann::ordered_json;

  struct Sources {
    View& view;
    LoopTasks& loop;
    std::string view_path;
    std::string server_key_hex;
    Time started;
    LogKeeper& logs;
    std::string logs_path;
  };
  /// How much of what is asked a caller sees follows from who he is.
  using Caller = core::Peer;

  static Result<std::unique_ptr<Api>> open(Sources sources);

  /// `path` as in a URL, with its query. Always {"version":1,…}: an answer, or {"error":{…}}.
  std::string answer(const Caller& caller, std::string_view path);
  /// As answer(), with the status that HTTP wants.
  std::string answer(const Caller& caller, std::string_view path, int& http_status);
  /// Stored results of one step, a page at a time.
  Result<msg::ResultPage> results(const Caller& caller, const msg::FetchResults& fetch);
  /// True if the blob is a stored result of one of the requester's jobs.
  bool is_result_of(const Digest& digest, PartyId requester);
  /// True if the blob is a stored result of anybody's.
  bool is_result(const Digest& digest);
  /// Every result stored at `since` or later.
  Result<std::vector<Digest>> results_since(Time since);

 private:
  struct Request {
    Caller caller;
    std::vector<std::string> segments;  // after /api/v1/
    std::map<std::string, std::string> query;
    /// A number of the query, within [0, most]; `otherwise` when it is absent or none.
    std::uint64_t number(const char* name, std::uint64_t otherwise, std::uint64_t most) const;
  };
  struct JobRow;
  struct PageFiller;

  explicit Api(Sources sources, Database database, Database logs)
      : sources_(std::move(sources)), database_(std::move(database)), logs_(std::move(logs)) {}
  static Result<Request> parse(const Caller& caller, std::string_view path);
  Result<Json> route(const Request& request);
  Result<Json> route_job(const Request& request);

  // api.cpp
  Result<Json> region(const Request& request);
  std::string party_name(std::uint64_t party);
  std::string agent_name(std::uint64_t agent);
  bool look(const std::function<void(const core::Core&)>& question) { return sources_.loop.ask(question); }
  /// While it lives, the rows are those of the state that its `question` saw: both of one event.
  class OneEvent;

  // result_pages.cpp
  /// kNotFound where the job's results and logs were deleted.
  Result<void> check_kept(JobId job);

  // api_jobs.cpp
  Result<Json> jobs(const Request& request);
  Result<Json> job(const Request& request, JobId id);
  Result<Json> explain(const Request& request, JobId id);
  Result<JobRow> job_row(const Request& request, JobId id);
  Json job_json(const Statement& row);
  void add_running(Json& job, JobId id);
  void add_running_steps(Json& steps, JobId id);
  Result<void> add_failures(Json& job, JobId id);
  Result<void> add_comparisons(Json& job, JobId id);
  Result<Json> steps_json(JobId id, const Bytes& counts);

  // api_tasks.cpp
  Result<Json> tasks(const Request& request, JobId id);
  Result<Json> timeline(const Request& request);
  struct TaskRows;
  Result<void> read_tasks(StepRef step, TaskRows& rows);
  Result<void> read_results(StepRef step, TaskRows& rows);
  Result<void> read_verdicts(StepRef step, TaskRows& rows);
  void read_running(StepRef step, TaskRows& rows);
  Result<std::map<std::uint64_t, std::string>> outcomes(JobId id);
  Result<Json> attempt_spans(JobId id, const std::set<std::uint64_t>& awaited);
  Result<Json> referee_spans(JobId id);

  // api_logs.cpp
  struct LogFilter;
  Result<Json> logs(const Request& request, JobId id);
  Result<Json> log(const Request& request, JobId id);
  struct LogRow;
  struct LogOutcome;
  using LogOutcomes = std::map<std::uint64_t, std::vector<LogOutcome>>;  // by attempt
  Result<std::vector<LogRow>> read_logs(const Request& request, JobId id, std::uint64_t limit);
  Result<void> read_outcomes(JobId job, const std::vector<LogRow>& rows, LogOutcomes& out);
  void conclude(JobId job, std::vector<LogRow>& rows, const LogOutcomes& outcomes);

  // api_people.cpp
  Result<Json> agents(const Request& request);
  Result<Json> offers();
  Result<Json> agent(const Request& request, AgentId id);
  Result<Json> agent_list(const Request& request, std::optional<AgentId> only);
  Result<Json> parties(const Request& request);
  Result<Json> convictions(const Request& request);

  // api_ledger.cpp
  Result<Json> balance(const Request& request);
  Result<Json> history(const Request& request);
  Result<Json> verify(const Request& request);

  Sources sources_;
  Database database_;
  Database logs_;
  std::map<std::uint64_t, std::string> party_names_;
  std::map<std::uint64_t, std::string> agent_names_;
};

/// "running", "succeeded", … as JSON says it.
const char* job_state_name(msg::JobState state);

}  // namespace reeve::shell
