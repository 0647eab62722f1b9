#pragma once

#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "scheduler/core/durable.h"
#include "scheduler/shell/blob_store.h"

namespace reeve::shell {

/// Which blobs must stay and who may have them. Thread-safe.
///
/// An input stays while a job in the state names it, a result for the retention of region.toml, and anything
/// for an hour after it came or was last asked for.
class BlobKeeper {
 public:
  static constexpr Duration kGrace = hours(1);

  BlobKeeper(BlobStore& store, std::uint64_t reserve_bytes) : store_(store), reserve_bytes_(reserve_bytes) {}

  BlobStore& store() { return store_; }
  /// kExhausted when the disk has less left than its reserve, naming both.
  Result<void> check_reserve() const;
  /// True if the blob is held; it then stays for an hour, so that the job that names it can be accepted.
  bool claim(const Digest& digest, Time now);
  /// Every job of a recovered region.
  void load(const core::Durable& state);
  /// Follows an event that the core decided.
  void follow(const core::Event& event);
  /// True if a job in the state has it as an input (`requester` 0: anybody's job).
  bool names(const Digest& digest, PartyId requester) const;
  /// Removes what nothing needs; `results` are to stay. Returns how many went.
  Result<std::size_t> collect(const std::set<Digest>& results, Time now);

 private:
  void add_job(JobId job, PartyId requester, const std::vector<Digest>& inputs);
  void drop_job(JobId job);
  bool wanted(const Digest& digest, Time now) const;

  BlobStore& store_;
  const std::uint64_t reserve_bytes_;
  mutable std::mutex mutex_;
  std::map<Digest, std::map<JobId, PartyId>> inputs_;
  std::map<JobId, std::vector<Digest>> of_job_;
  std::map<Digest, Time> claimed_;
};

}  // namespace reeve::shell
