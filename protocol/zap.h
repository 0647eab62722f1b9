#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "protocol/bytes.h"
#include "protocol/poll.h"
#include "protocol/result.h"
#include "protocol/socket.h"
#include "protocol/units.h"

namespace reeve::net {

inline constexpr std::string_view kZapDomain = "reeve";

/// Which keys may connect at all; what they may do then is their role's. Thread-safe.
class Admission {
 public:
  /// `strangers_per_minute`: keys nobody enrolled, which may only enrol; so many are let in, in all.
  explicit Admission(std::uint32_t strangers_per_minute) : strangers_per_minute_(strangers_per_minute) {}

  /// An enrolled key: always let in.
  void enrol(const TransportKey& key);
  /// Never again. Drop its live connections too: this speaks at handshakes only.
  void revoke(const TransportKey& key);
  /// Back to a stranger: a transport key that was replaced.
  void forget(const TransportKey& key);

  /// `now` is any clock that does not go back.
  bool admit(const TransportKey& key, Time now);

 private:
  enum class Standing { kEnrolled, kRevoked };

  std::mutex mutex_;
  std::map<TransportKey, Standing> standings_;
  const std::uint32_t strangers_per_minute_;
  std::uint32_t strangers_ = 0;  // let in since minute_began_
  Time minute_began_{INT64_MIN / 2};
};

/// Answers libzmq's question, for every handshake of the context's server sockets, who comes in (ZAP, ZeroMQ
/// RFC 27). Runs a thread. Start it before the first ServerSocket; it ends before its context does.
class ZapHandler {
 public:
  /// kConflict if the context has one already.
  static Result<std::unique_ptr<ZapHandler>> start(Context& context, std::shared_ptr<Admission> admission);
  ~ZapHandler();
  ZapHandler(const ZapHandler&) = delete;
  ZapHandler& operator=(const ZapHandler&) = delete;

 private:
  ZapHandler(SocketHandle socket, std::shared_ptr<Admission> admission);
  void run();
  void answer();

  SocketHandle socket_;
  std::shared_ptr<Admission> admission_;
  Wakeup stop_;
  std::thread thread_;
};

}  // namespace reeve::net
