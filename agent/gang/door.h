#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/gang/greeting.h"
#include "protocol/bundle_files.h"
#include "protocol/result.h"

namespace reeve::agent::gang {

/// An agent's one door for the members of gangs: a listening socket, and a thread that reads each visitor's
/// greeting and hands the connection to the worker that has the seat. Nothing is trusted here; the worker
/// asks for proof.
class Door {
 public:
  /// `address` as read_endpoint reads it, of this host; port 0: one that is free.
  /// Errors: kInvalid, kNotFound for the address; kIo where it cannot listen there.
  static Result<std::unique_ptr<Door>> open(const std::string& address, std::filesystem::path seats);
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  /// ADDRESS:PORT, for the others.
  const std::string& endpoint() const { return endpoint_; }

 private:
  struct Visit {
    Descriptor connection;
    Bytes words;
    std::int64_t until_ns = 0;
  };
  Door(Descriptor listener, Descriptor wake, std::string endpoint, std::filesystem::path seats);
  void serve();
  void accept_all();
  /// False once nothing is left to do for it here.
  bool advance(Visit& visit, bool readable);

  Descriptor listener_;
  Descriptor wake_;
  std::string endpoint_;
  std::filesystem::path seats_;
  std::vector<Visit> visits_;
  std::atomic<bool> closing_{false};
  std::thread thread_;
};

}  // namespace reeve::agent::gang
