#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "agent/gang/greeting.h"
#include "agent/gang/seal.h"
#include "protocol/bundle_files.h"

namespace reeve::agent::gang {

/// One sealed connection to another member. The one of the higher rank connects; the other answers with a
/// nonce of its own, and from then on each sends frames, the first of which shows that it knows the secret.
class Peer {
 public:
  enum class State : std::uint8_t {
    kGreeting,  // not proven yet
    kUp,
    kSaidBye,
    kOver  // it broke, or what came was no frame of the other's
  };

  /// Begins to connect to member `to`, of a lower rank. Null where that cannot even begin.
  static std::unique_ptr<Peer> connect(const msg::GangSeat& seat, std::uint32_t to);
  /// A visitor that greets as member `greeting.from`.
  Peer(const msg::GangSeat& seat, const Greeting& greeting, Descriptor connection);

  State state() const { return state_; }
  std::uint32_t rank() const { return other_; }
  int fd() const { return connection_.get(); }
  bool wants_write() const { return connecting_ || sent_ < out_.size(); }
  std::int64_t begun_ns() const { return begun_ns_; }

  /// Reads what is there and hands on packets. `take` sees each.
  void on_readable(const std::function<void(ByteView)>& take);
  void on_writable();
  /// Queues a packet; it is dropped where the connection does not keep up, as any network would.
  void send(ByteView packet);
  /// Writes what the kernel takes now.
  void flush();
  /// The last word; waits a moment for room.
  void say_bye();

 private:
  Peer(const msg::GangSeat& seat, std::uint32_t other, Descriptor connection);
  void open_frames(const std::function<void(ByteView)>& take);
  bool read_answer();
  void know_both(const Nonce& answer);

  msg::GangSecret secret_;
  std::uint32_t own_;
  std::uint32_t other_;
  Descriptor connection_;
  Greeting greeting_;
  State state_ = State::kGreeting;
  bool connecting_ = false;
  std::optional<Direction> sealing_;
  std::optional<Direction> opening_;
  Bytes out_;
  std::size_t sent_ = 0;
  Bytes in_;
  std::size_t read_ = 0;
  std::int64_t begun_ns_ = 0;
};

}  // namespace reeve::agent::gang
