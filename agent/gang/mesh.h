#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/gang/peer.h"
#include "agent/gang/seat_socket.h"
#include "protocol/bundle_files.h"
#include "protocol/messages.h"
#include "protocol/result.h"

namespace reeve::agent::gang {

/// One member's part of a gang's private network: a sealed connection to every other member, and a thread
/// that moves packets between them and the interface in the member's sandbox. A packet goes to one member, by
/// its address, and only packets between the two members of a connection pass over it.
class Mesh {
 public:
  /// Takes the seat and begins to look for the others. Errors: kIo.
  static Result<std::unique_ptr<Mesh>> open(msg::GangSeat seat, std::filesystem::path seats);
  /// Tells the others that this member ends as it should.
  ~Mesh();
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  /// Gives the sandbox of which `first` is the first process its interface. Errors: kNotAllowed.
  Result<void> attach(pid_t first);

  /// True once every other member has been here, whatever became of it since.
  bool complete() const { return missing_ == 0; }
  /// A member that is gone without a word, or was never found.
  std::optional<std::uint32_t> lost() const;
  /// "rank 3 (on rig-2, at 10.0.0.7:7700)", of one that has not been here; empty: all have.
  std::string missing() const;
  std::string name_of(std::uint32_t rank) const;
  const msg::GangSeat& seat() const { return seat_; }

 private:
  Mesh(msg::GangSeat seat, std::filesystem::path seats, Descriptor door, Descriptor wake);
  void serve();
  void look_for_others(std::int64_t now_ns);
  void receive_visitors();
  void hear_visitors(std::int64_t now_ns);
  void hear(std::uint32_t rank);
  void move_packets();
  void take_tun();
  void say_bye();
  void wake();

  msg::GangSeat seat_;
  std::filesystem::path seats_;
  Descriptor door_;
  Descriptor wake_;
  Descriptor tun_;                               // the thread's own
  std::vector<std::unique_ptr<Peer>> peers_;     // by rank; null: none, or not yet
  std::vector<bool> met_;                        // by rank
  std::vector<std::int64_t> next_try_ns_;        // by rank
  std::vector<std::unique_ptr<Peer>> visitors_;  // who say that they are members, and have not shown it yet

  mutable std::mutex lock_;
  Descriptor new_tun_;           // by lock_: for the thread to take over
  std::vector<bool> met_shown_;  // by lock_
  std::atomic<std::uint32_t> missing_;
  std::atomic<std::int64_t> lost_{-1};
  std::atomic<bool> closing_{false};
  std::thread thread_;
};

}  // namespace reeve::agent::gang
