#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "scheduler/core/durable.h"
#include "scheduler/shell/sqlite.h"

namespace reeve::shell {

/// Settled and failed tasks of one step, as jobs.counts holds them.
struct StepCounts {
  std::uint64_t settled = 0;
  std::uint64_t failed = 0;
};
template <class A>
void fields(A& a, StepCounts& c) {
  a(c.settled, c.failed);
}

/// The writing side of view.db, together with the shadow of the region's state from which its rows follow.
/// A file that cannot be read, or that is ahead of the journal, is made anew from the first event.
class ViewDatabase {
 public:
  ~ViewDatabase();
  static Result<std::unique_ptr<ViewDatabase>> open(const std::string& path, std::uint64_t journal_seq);

  /// Number of the last event whose rows are in the file.
  std::uint64_t seq() const { return seq_; }
  const core::Durable& shadow() const { return shadow_; }
  /// Before the first record(): the state after event seq().
  void set_shadow(core::Durable shadow) { shadow_ = std::move(shadow); }

  /// Hears of jobs whose results are to be deleted, and of the blobs that hold them. In the thread that
  /// records.
  void on_purged(std::function<void(JobId, const std::vector<Digest>&)> hear) {
    on_purged_ = std::move(hear);
  }
  /// Who is told of blobs of results that an iterating step is through with.
  void on_spent(std::function<void(const std::vector<Digest>&)> hear) { on_spent_ = std::move(hear); }

  Result<void> begin();
  /// Applies the event to the shadow and writes its rows. Events come in the order of their numbers.
  /// kCorrupt: the event does not fit the shadow.
  Result<void> record(std::uint64_t seq, const core::Event& event);
  /// Writes the jobs that changed and the number of the last event, all in one transaction.
  Result<void> commit();

 private:
  struct Statements;
  struct Recorder;
  struct AgentCounts {
    std::uint64_t settled = 0;
    std::uint64_t rejected = 0;
  };

  explicit ViewDatabase(Database database);
  static Result<Database> open_file(const std::string& path);
  Result<void> write_job(JobId id);
  Result<void> finish_job(JobId id);
  Result<void> write_dirty();
  void touch(JobId job);

  Database database_;
  std::unique_ptr<Statements> statements_;
  core::Durable shadow_;
  std::uint64_t seq_ = 0;
  std::set<JobId> dirty_;
  std::map<AgentId, AgentCounts> agent_counts_;
  std::function<void(JobId, const std::vector<Digest>&)> on_purged_;
  std::function<void(const std::vector<Digest>&)> on_spent_;
};

}  // namespace reeve::shell
