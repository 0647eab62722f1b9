#include "scheduler/shell/view_database.h"

#include <algorithm>
#include <filesystem>

#include "protocol/archive.h"
#include "scheduler/shell/event_rows.h"
#include "scheduler/shell/view_recorder.h"
#include "scheduler/shell/view_schema.h"

namespace reeve::shell {

ViewDatabase::ViewDatabase(Database database)
    : database_(std::move(database)), statements_(std::make_unique<Statements>(database_)) {}

ViewDatabase::~ViewDatabase() = default;

Result<Database> ViewDatabase::open_file(const std::string& path) {
  Result<Database> database = Database::open(path, Database::Mode::kReadWrite);
  if (!database) return database.error();
  if (Result<void> done = database->exec(kViewOpen); !done) return done.error();
  if (Result<void> done = database->exec(kViewSchema); !done) return done.error();
  Result<Statement> version = database->prepare("SELECT value FROM meta WHERE key='version'");
  if (!version) return version.error();
  Result<bool> row = version->step();
  if (!row) return row.error();
  if (*row && version->integer(0) != kViewVersion)
    return Error{ErrorCode::kCorrupt, path + " has another format", ""};
  version->reset();
  Statement mark = database->must_prepare("INSERT OR IGNORE INTO meta VALUES('version',?)");
  if (Result<void> done = mark.run(kViewVersion); !done) return done.error();
  return database;
}

Result<std::unique_ptr<ViewDatabase>> ViewDatabase::open(const std::string& path, std::uint64_t journal_seq) {
  for (const bool anew : {false, true}) {
    if (anew) {
      std::error_code ignored;
      for (const char* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove(path + suffix, ignored);
    }
    Result<Database> database = open_file(path);
    if (!database && (anew || database.error().code != ErrorCode::kCorrupt)) return database.error();
    if (!database) continue;
    std::unique_ptr<ViewDatabase> view(new ViewDatabase(std::move(*database)));
    Statement seq = view->database_.must_prepare("SELECT value FROM meta WHERE key='seq'");
    Result<bool> row = seq.step();
    if (!row && anew) return row.error();
    view->seq_ = row && *row ? seq.number(0) : 0;
    if (row && view->seq_ <= journal_seq) return view;
  }
  return Error{ErrorCode::kIo, path + ": the view cannot be made anew", "look at the folder's permissions"};
}

Result<void> ViewDatabase::begin() {
  return statements_->begin.run();
}

Result<void> ViewDatabase::record(std::uint64_t seq, const core::Event& event) {
  REEVE_CHECK(seq == seq_ + 1, "the view takes every event, in order");
  Result<void> done = std::visit(Recorder{*this, seq}, event);
  if (!done) return done;
  if (const std::string misfit = core::try_apply_event(shadow_, event); !misfit.empty())
    return misfit_error(seq, event, misfit);
  seq_ = seq;
  return {};
}

Result<void> ViewDatabase::commit() {
  if (Result<void> done = write_dirty(); !done) return done;
  if (Result<void> done = statements_->seq.run(seq_); !done) return done;
  return statements_->commit.run();
}

void ViewDatabase::touch(JobId job) {
  dirty_.insert(job);
}

Result<void> ViewDatabase::write_dirty() {
  for (const JobId job : dirty_)
    if (Result<void> done = write_job(job); !done) return done;
  dirty_.clear();
  for (const auto& [agent, counts] : agent_counts_) {
    Result<void> done = statements_->agent_counts.run(agent.value(), counts.settled, counts.rejected);
    if (!done) return done;
  }
  agent_counts_.clear();
  return {};
}

/// Before the shadow forgets a job: what its row does not say yet.
Result<void> ViewDatabase::finish_job(JobId id) {
  if (dirty_.erase(id) > 0) return write_job(id);
  return statements_->final_job.run(id.value());
}

Result<void> ViewDatabase::write_job(JobId id) {
  const core::Job* job = shadow_.find_job(id);
  if (job == nullptr) return {};  // forgotten since; its last row was written then
  std::vector<StepCounts> counts;
  counts.reserve(job->steps.size());
  std::uint64_t tasks = 0;
  StepCounts sum;
  for (const core::StepState& step : job->steps) {
    counts.push_back({step.done.size(), step.failed.size()});
    tasks += step.spec.task_count;
    sum.settled += step.done.size();
    sum.failed += step.failed.size();
  }
  const Bytes packed_counts = to_archive(counts);
  const Bytes after = to_archive(job->after);
  return statements_->job.run(id.value(), job->requester.value(), job->name, static_cast<int>(job->state),
                              !job->live() && job->unvested == 0, job->reason, job->priority, tasks,
                              sum.settled, sum.failed, job->submitted.ns, job->ended.ns, job->spent,
                              static_cast<int>(job->verify.mode), job->verify.quorum, after, packed_counts);
}

}  // namespace reeve::shell
