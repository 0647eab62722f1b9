#pragma once

#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <vector>

#include "scheduler/core/durable.h"
#include "scheduler/shell/blob_store.h"

namespace reeve::shell {

/// Which blobs must stay and who may have them. Thread-safe.
///
/// An input stays while a job in the state names it, a result that is to be compared while its task is open,
/// a checkpoint until a newer one takes its place or its task is over, a result that tasks to come go on from
/// until they are done, an accepted result for the retention
/// of region.toml, and anything else for an hour after it came or was last asked for.
class BlobKeeper {
 public:
  static constexpr Duration kGrace = hours(1);

  /// `reserve_bytes` of disk stay free; `quota_bytes` each party may have sent that no job names yet.
  BlobKeeper(BlobStore& store, std::uint64_t reserve_bytes, std::uint64_t quota_bytes)
      : store_(store), reserve_bytes_(reserve_bytes), quota_bytes_(quota_bytes) {}

  BlobStore& store() { return store_; }
  /// kExhausted when the disk has less left than its reserve, naming both.
  Result<void> check_reserve() const;
  /// True if the blob is held; it then stays for an hour, so that the job that names it can be accepted.
  bool claim(const Digest& digest, Time now);
  /// Counts a blob that is to come against its sender's quota, until a job names it, it is collected, or
  /// forget_upload(). kExhausted says what is used and how to mend it.
  Result<void> expect_upload(PartyId sender, const Digest& digest, std::uint64_t size_bytes);
  void forget_upload(const Digest& digest);
  /// Every job of a recovered region.
  void load(const core::Durable& state);
  /// Follows an event that the core decided.
  void follow(const core::Event& event);
  /// True if a job in the state has it as an input (`requester` 0: anybody's job, or a task as its
  /// checkpoint or as a result that it goes on from).
  bool names(const Digest& digest, PartyId requester) const;
  /// What is needed no longer and need not wait for its hour; no one can tell here whether it is a result
  /// too.
  void doom(const Digest& digest);
  /// Results that nothing goes on from any more: they were claimed for the time until that is known.
  void doom_spent(const std::vector<Digest>& results);
  std::vector<Digest> take_doomed();
  /// Removes one that is no result. True if it went.
  Result<bool> remove_unless_wanted(const Digest& digest, Time now);
  /// Removes what nothing needs; `results` are to stay. Returns how many went.
  Result<std::size_t> collect(const std::set<Digest>& results, Time now);

 private:
  void add_job(JobId job, PartyId requester, const std::vector<Digest>& inputs);
  void drop_job(JobId job);
  void add_candidate(StepRef step, TaskIndex task, const Digest& blob);
  /// Results of tasks [first, end) of a step are not compared any more.
  void drop_candidates(StepRef step, std::uint64_t first, std::uint64_t end);
  void drop_candidates(JobId job);
  using CheckpointKey = std::tuple<StepRef, TaskIndex, PartyId>;
  void set_checkpoint(const CheckpointKey& key, const Digest& blob);
  /// Of tasks [first, end) of a step, which are over.
  void drop_checkpoints(const CheckpointKey& first, const CheckpointKey& end);
  void pass_on(StepRef step, TaskIndex task, const Digest& blob);
  /// Results of tasks [first, end) are passed on no longer.
  void drop_passed(std::pair<StepRef, std::uint64_t> first, std::pair<StepRef, std::uint64_t> end);
  bool wanted(const Digest& digest, Time now) const;
  void uncount(const Digest& digest);

  struct Unnamed {
    PartyId sender;
    std::uint64_t charge_bytes = 0;
  };
  BlobStore& store_;
  const std::uint64_t reserve_bytes_;
  const std::uint64_t quota_bytes_;
  mutable std::mutex mutex_;
  std::map<Digest, std::map<JobId, PartyId>> inputs_;
  std::map<JobId, std::vector<Digest>> of_job_;
  std::map<std::pair<StepRef, TaskIndex>, std::set<Digest>> candidates_;
  std::map<Digest, std::uint32_t> candidate_uses_;  // tasks of which it is one
  std::map<CheckpointKey, Digest> checkpoints_;
  std::map<Digest, std::uint32_t> checkpoint_uses_;
  std::set<StepRef> iterating_;
  std::map<std::pair<StepRef, std::uint64_t>, Digest> passed_;  // by task
  std::map<Digest, std::uint32_t> passed_uses_;
  std::vector<Digest> doomed_;
  std::map<Digest, Time> claimed_;
  std::map<Digest, Unnamed> unnamed_;  // sent since the start; what came before is collected within the hour
  std::map<PartyId, std::uint64_t> charged_bytes_;
};

}  // namespace reeve::shell
