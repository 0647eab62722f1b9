#include "client/watch.h"

#include <algorithm>

#include "client/invite.h"
#include "client/json_fields.h"
#include "client/lookup.h"
#include "client/process.h"
#include "client/progress.h"
#include "client/quantities.h"
#include "client/results.h"
#include "client/views.h"

namespace reeve::client {
namespace {

constexpr Duration kPollEvery = milliseconds(500);
constexpr Duration kLogEvery = milliseconds(200);
constexpr int kLastLooks = 10;
constexpr Duration kFetchEvery = seconds(2);
constexpr Duration kLongestSilence = seconds(600);  // a region's host may reboot

std::string job_path(std::uint64_t job) {
  return "/api/v1/jobs/" + std::to_string(job);
}

Counts counts_of(const Json& job) {
  return {number_of(job, "tasks"), number_of(job, "settled"), number_of(job, "failed"),
          number_of(job, "running")};
}

/// One job being watched.
class Watch {
 public:
  Watch(Context& context, Connection& connection, std::uint64_t job, const WatchOptions& options)
      : context_(context), connection_(connection), job_(job), options_(options) {}

  Result<WatchEnd> run() {
    watch_interrupts();
    const Time started = wall_clock();
    if (auto subscribed = connection_.subscribe(JobId(job_)); !subscribed) return subscribed.error();
    while (true) {
      auto seen = look();
      if (interrupted()) return left_alone();
      if (auto over = bear(seen); !over) return over.error();
      if (has_ended(end_.state)) {
        await_last_words();
        return finish();
      }
      if (options_.limit && (wall_clock() - started) >= *options_.limit) {
        return Error{
            ErrorCode::kTimeout,
            "job " + std::to_string(job_) + " has not ended within " + format_duration(*options_.limit),
            "it goes on; wait again with `reeve job wait " + std::to_string(job_) + "`"};
      }
      // An update comes at once when the job ends; without one the next look is due soon anyway.
      auto update = connection_.next_update(options_.logs ? kLogEvery : kPollEvery);
      if (!update) return update.error();
    }
  }

 private:
  /// A region that restarts falls silent for a while: that ends no waiting. Any other error does, and so does
  /// a silence of kLongestSilence.
  Result<void> bear(const Result<void>& seen) {
    if (seen) {
      silent_since_.reset();
      return {};
    }
    const ErrorCode code = seen.error().code;
    if (code != ErrorCode::kUnreachable && code != ErrorCode::kTimeout) return seen;
    if (!silent_since_) {
      silent_since_ = wall_clock();
      context_.output().note("The region does not answer; waiting for it.");
    }
    if (wall_clock() - *silent_since_ >= kLongestSilence) return seen;
    // Who restarted knows no subscription; if this one is lost too, the next look tells the same a little
    // later.
    static_cast<void>(connection_.subscribe(JobId(job_)));
    return {};
  }

  /// Asks how the job stands, and fetches what is new.
  Result<void> look() {
    auto answer = connection_.query(job_path(job_));
    if (!answer) return answer.error();
    const Json& job = member(*answer, "job");
    end_.state = text_of(job, "state");
    end_.failures = failure_lines(job);
    end_.failed = member(job, "failures");
    meter_.update(wall_clock(), counts_of(job));
    if (options_.logs) {  // after the state: what an ended job wrote is all there
      if (auto shown = options_.logs->look(connection_); !shown) return shown.error();
    }
    if (options_.progress) show_progress();
    if (options_.folder.empty()) return {};
    if (!fetcher_) {
      fetcher_ = make_fetcher(context_, JobId(job_), options_.folder, options_.fetch);
      if (auto known = fetcher_->learn_steps(job); !known) return known.error();
    }
    const bool due = has_ended(end_.state) || wall_clock() - last_fetch_ >= kFetchEvery;
    if (!due || meter_.counts().settled == 0) return {};
    last_fetch_ = wall_clock();
    return fetcher_->fetch_new();
  }

  /// Where more was written than an agent may send at once, the end of it comes a moment after the result.
  void await_last_words() {
    if (!options_.logs || options_.logs->printer().missing_bytes() == 0) return;
    for (int looks = 0; looks < kLastLooks; ++looks) {
      (void)connection_.next_update(kLogEvery).ok();
      const auto more = options_.logs->look(connection_);
      if (!more || !*more) return;
    }
  }

  void show_progress() {
    const Counts& counts = meter_.counts();
    context_.output().progress(meter_.line());
    if (pace_.due(wall_clock(), counts.settled + counts.failed, counts.tasks))
      context_.output().progress_line("job " + std::to_string(job_) + " " + meter_.line());
  }

  WatchEnd finish() {
    if (options_.logs) options_.logs->printer().end_all();
    context_.output().end_progress();
    if (fetcher_) end_.fetched = fetcher_->summary();
    return end_;
  }

  WatchEnd left_alone() {
    end_.interrupted = true;
    return finish();
  }

  Context& context_;
  Connection& connection_;
  std::uint64_t job_;
  const WatchOptions& options_;
  ProgressMeter meter_;
  ProgressPace pace_;
  std::unique_ptr<Fetcher> fetcher_;
  Time last_fetch_;
  std::optional<Time> silent_since_;
  WatchEnd end_;
};

View end_view(std::uint64_t job, const WatchEnd& end, const WatchOptions& options, const Style& style) {
  const std::string id = std::to_string(job);
  Json document = {{"job", {{"id", job}, {"state", end.state}, {"interrupted", end.interrupted}}}};
  std::string text = "Job " + id + (end.interrupted ? " goes on without being watched (state " : " ") +
                     end.state + (end.interrupted ? ")" : "") + ".";
  if (!end.interrupted)
    text =
        "Job " + id + " " + style.paint(end.state == "succeeded" ? Tone::kGood : Tone::kBad, end.state) + ".";
  if (!options.folder.empty() && options.says_folder) {
    document["fetched"] = {{"folder", options.folder.string()},
                           {"tasks", end.fetched.tasks},
                           {"frames", end.fetched.frames},
                           {"bytes", end.fetched.bytes}};
    text += " " +
            (end.fetched.frames > 0 ? format_count(end.fetched.frames) + " frames"
                                    : format_count(end.fetched.tasks) + " results") +
            " in " + options.folder.string() + " (" + format_size(end.fetched.bytes) + " fetched).";
  }
  text += "\n";
  if (end.state == "failed") {
    document["job"]["failures"] = end.failed;
    text += end.failures;
  }
  return {document, text, id + "\n"};
}

}  // namespace

Result<WatchEnd> watch_job(Context& context, std::uint64_t job, const WatchOptions& options) {
  auto connection = context.region();
  if (!connection) return connection.error();
  return Watch(context, **connection, job, options).run();
}

Result<ExitCode> wait_and_report(Context& context, std::uint64_t job, const WatchOptions& options) {
  auto end = watch_job(context, job, options);
  if (!end) return end.error();
  context.output().show(end_view(job, *end, options, context.output().style()));
  if (end->interrupted) return kExitInterrupted;
  return end->state == "succeeded" ? kExitOk : kExitFailed;
}

}  // namespace reeve::client
