#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "protocol/tlog/note.h"
#include "protocol/tlog/receipt.h"

/// What a log's listener gives, over plain HTTP: nothing of it is trusted.
namespace reeve::client {

class LogServer {
 public:
  /// "http://127.0.0.1:7703", with or without the scheme. kInvalid.
  static Result<LogServer> at(const std::string& url);

  /// The body of one answer, of at most `most` bytes. kUnreachable, kNotFound.
  Result<std::string> get(const std::string& path, std::size_t most) const;
  Result<tlog::Verifier> vkey() const;
  /// Indices of the entries about an attempt that are called `name`, newest first.
  Result<std::vector<std::uint64_t>> entries_about(std::uint64_t attempt, const std::string& name) const;
  Result<tlog::Receipt> receipt(std::uint64_t index) const;

 private:
  explicit LogServer(std::string address) : address_(std::move(address)) {}

  std::string address_;  // "http://HOST:PORT"
};

struct Fetched {
  tlog::Checkpoint checkpoint;
  std::optional<tlog::Checkpoint> before;  // what the folder held, of which this is the continuation
  std::uint64_t files = 0;                 // that were fetched now
};

/// Brings a folder up to what the log publishes. Full tiles that are there already are not asked for again.
/// kCorrupt: what is published is no continuation of what the folder holds.
Result<Fetched> fetch_log(const LogServer& server, const std::filesystem::path& folder,
                          const tlog::Verifier& verifier);

}  // namespace reeve::client
