#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "protocol/keys.h"
#include "protocol/messages.h"
#include "protocol/socket.h"

namespace reeve::bench {

/// Somebody with a login who speaks to a region message by message, many at a time.
class Requester {
 public:
  /// Connects with the login in `home` and greets.
  static Result<std::unique_ptr<Requester>> connect(const std::filesystem::path& home);

  Result<void> say(const msg::Message& message);
  /// The next message. kTimeout: none came; kCorrupt: it was none; the region's own words if it said goodbye.
  Result<msg::Message> hear(Duration patience);
  msg::RequestId next_request();

  /// Submits one job and waits until it is accepted.
  Result<JobId> submit(const JobSpec& spec);
  /// Waits for a job that was submitted here; kConflict: it did not succeed.
  Result<void> wait_for(JobId job);
  /// What the region says that the job has spent so far, in micro-credits.
  Result<std::int64_t> spent(JobId job);
  /// Fetches every result of step 0 and compares it with what the task must give. kCorrupt names the first
  /// that differs.
  Result<void> check_results(JobId job, std::uint32_t tasks);

 private:
  Requester(std::unique_ptr<net::Context> context, net::ClientSocket socket);

  std::unique_ptr<net::Context> context_;  // outlives the socket
  net::ClientSocket socket_;
  std::uint64_t session_ = 0;
  std::uint64_t counter_ = 0;
  std::vector<JobId> succeeded_;  // heard of before anybody waited
};

/// A job of `tasks` hashes.
Result<JobSpec> hash_job(std::uint32_t tasks, const VerifyPolicy& verify);

}  // namespace reeve::bench
