#include "client/train/train_watch.h"

#include <algorithm>
#include <optional>

#include "client/invite.h"
#include "client/json_fields.h"
#include "client/lookup.h"
#include "client/process.h"
#include "client/progress.h"
#include "client/quantities.h"
#include "client/views.h"
#include "protocol/digest.h"

namespace reeve::client {
namespace {

constexpr Duration kPollEvery = milliseconds(500);
/// A state holds the losses of all generations before it, so one now and then is enough.
constexpr Duration kLookEvery = seconds(3);
/// A larger state is fetched at the end alone.
constexpr std::uint64_t kLookBytes = 64ULL << 20;

class TrainWatch {
 public:
  TrainWatch(Context& context, Connection& connection, JobId job, const kernels::TrainSpec& spec,
             const TrainWatchOptions& options)
      : context_(context), connection_(connection), job_(job), options_(options), model_{spec, {}} {}

  Result<ExitCode> run() {
    watch_interrupts();
    if (auto subscribed = connection_.subscribe(job_); !subscribed) return subscribed.error();
    for (;;) {
      auto answer = connection_.query("/api/v1/jobs/" + std::to_string(job_.value()));
      if (!answer) return answer.error();
      const Json& job = member(*answer, "job");
      const std::string state = text_of(job, "state");
      if (has_ended(state)) return finish(job, state);
      if (interrupted()) return left_alone();
      if (auto shown = show(job); !shown) return shown.error();
      auto update = connection_.next_update(kPollEvery);
      if (!update) return update.error();
    }
  }

 private:
  Iteration iteration() const { return {model_.spec.generations, model_.spec.shards, 0, 0}; }

  /// The state after so many generations; nothing where the region is through with it already.
  Result<std::optional<Bytes>> fetch_state(std::uint32_t generations, std::uint64_t most_bytes) {
    const TaskIndex task = iteration().update_of(generations - 1);
    auto page = connection_.fetch_results({job_, 0}, task);
    if (!page) return page.error();
    if (page->rows.empty() || page->rows.front().tasks.first != task || page->rows.front().blobs.empty() ||
        page->rows.front().blob_sizes.front() > most_bytes)
      return std::optional<Bytes>();
    auto bulk = context_.bulk();
    if (!bulk) return bulk.error();
    auto bytes = (*bulk)->get(page->rows.front().blobs.front(), page->rows.front().blob_sizes.front());
    if (!bytes && bytes.error().code == ErrorCode::kNotFound) return std::optional<Bytes>();
    if (!bytes) return bytes.error();
    return std::optional<Bytes>(std::move(*bytes));
  }

  Result<void> look(std::uint32_t generations) {
    if (generations == 0 || generations == seen_ || wall_clock() - looked_ < kLookEvery) return {};
    looked_ = wall_clock();
    auto state = fetch_state(generations, kLookBytes);
    if (!state) return state.error();
    if (!*state) return {};
    seen_ = generations;
    auto losses = losses_of({model_.spec, std::move(**state)});
    if (!losses) return losses.error();
    losses_ = std::move(*losses);
    return options_.folder.empty() ? Result<void>() : write_losses(options_.folder, losses_);
  }

  Result<void> show(const Json& job) {
    const Json& steps = list_of(job, "steps");
    const Json& step = member(steps.empty() ? job : steps.front(), "iteration");
    const auto done = static_cast<std::uint32_t>(number_of(step, "done"));
    if (auto looked = look(done); !looked) return looked;
    if (!options_.progress) return {};
    const std::string line = "generation " + format_count(done) + " of " +
                             format_count(model_.spec.generations) + ", " +
                             std::to_string(number_of(step, "shards_done")) + " of " +
                             std::to_string(model_.spec.shards) + " gradients" + loss_text();
    context_.output().progress(line);
    if (pace_.due(wall_clock(), done, model_.spec.generations))
      context_.output().progress_line("job " + std::to_string(job_.value()) + " " + line);
    return {};
  }

  std::string loss_text() const {
    if (losses_.empty()) return "";
    char text[64];
    std::snprintf(text, sizeof text, ", loss %.4f at generation %zu", losses_.back(), losses_.size());
    return text;
  }

  Result<ExitCode> left_alone() {
    context_.output().end_progress();
    const std::string id = std::to_string(job_.value());
    context_.output().show({{{"job", {{"id", job_.value()}, {"interrupted", true}}}},
                            "Job " + id + " goes on without being watched.\n",
                            id + "\n"});
    return kExitInterrupted;
  }

  Result<ExitCode> finish(const Json& job, const std::string& state) {
    context_.output().end_progress();
    const std::string id = std::to_string(job_.value());
    Json document = {{"job", {{"id", job_.value()}, {"state", state}}}};
    std::string text = "Job " + id + " " + state + ".\n";
    if (state != "succeeded") {
      document["job"]["failures"] = member(job, "failures");
      context_.output().show({document, text + failure_lines(job), id + "\n"});
      return kExitFailed;
    }
    auto last = fetch_state(model_.spec.generations, UINT64_MAX);
    if (!last) return last.error();
    if (!*last)
      return Error{ErrorCode::kNotFound, "the model of job " + id + " is not in the region any more",
                   "results are kept for the region's retention_days: train it again"};
    model_.state = std::move(**last);
    auto losses = losses_of(model_);
    if (!losses) return losses.error();
    losses_ = std::move(*losses);
    const std::string digest = to_hex(sha256(model_.state).bytes);
    document["model"] = {{"state_sha256", digest}, {"loss", losses_.empty() ? 0 : losses_.back()}};
    text += "Model sha256:" + digest + loss_text() + ".\n";
    if (!options_.folder.empty()) {
      if (auto written = write_model(options_.folder, model_); !written) return written.error();
      document["model"]["folder"] = options_.folder.string();
      text += "Weights, state and loss curve in " + options_.folder.string() + ".\n";
    }
    context_.output().show({document, text, id + "\n"});
    return kExitOk;
  }

  Context& context_;
  Connection& connection_;
  JobId job_;
  const TrainWatchOptions& options_;
  TrainedModel model_;
  std::vector<double> losses_;
  std::uint32_t seen_ = 0;
  Time looked_;
  ProgressPace pace_;
};

}  // namespace

Result<ExitCode> watch_training(Context& context, JobId job, const kernels::TrainSpec& spec,
                                const TrainWatchOptions& options) {
  auto connection = context.region();
  if (!connection) return connection.error();
  return TrainWatch(context, **connection, job, spec, options).run();
}

}  // namespace reeve::client
