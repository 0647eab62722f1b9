#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "client/transport.h"
#include "protocol/messages.h"

namespace reeve::client {

using CommandBody = decltype(msg::Command::body);

/// A conversation with a region over its control socket.
///
/// Every request is sent again, under its own id, until it is answered or time is up: a restart of the region
/// costs a pause and does nothing twice.
class Connection {
 public:
  /// Says hello. kUnreachable: no welcome within `timeout`. kNotAllowed: the region turned us away.
  static Result<Connection> open(std::unique_ptr<Transport> transport, Duration timeout);

  const msg::Welcome& welcome() const { return welcome_; }

  /// Errors: the region's own refusal; kTimeout when no answer came.
  Result<void> command(CommandBody body);
  Result<msg::Accepted> submit(msg::SubmitJob job);
  Result<msg::Enrolled> enrol(msg::Enrol enrol);
  /// The region's JSON for one of its /api/v1 paths, parsed.
  Result<nlohmann::json> query(const std::string& path);
  /// The first page of stored results at or after task `first`.
  Result<msg::ResultPage> fetch_results(StepRef step, TaskIndex first);

  Result<void> subscribe(JobId job);
  /// The next update of a job subscribed to; nullopt when none came within `wait`.
  Result<std::optional<msg::JobUpdate>> next_update(Duration wait);

  /// How long a request may take in all.
  void set_timeout(Duration timeout) { timeout_ = timeout; }

 private:
  using Body = decltype(msg::Reply::body);

  Connection(std::unique_ptr<Transport> transport, Duration timeout);
  msg::RequestId next_request_id();
  Result<void> say_hello(Duration timeout);
  /// Sends until answered. An Error in the reply becomes the result's error.
  Result<Body> ask(const msg::Message& message, const msg::RequestId& request);
  /// Takes one message in; true when it answers `request`, whose body is then in `answer`.
  Result<bool> take(msg::Message message, const msg::RequestId& request, Body& answer);

  std::unique_ptr<Transport> transport_;
  Duration timeout_;
  msg::Welcome welcome_;
  std::array<std::uint8_t, 8> session_{};  // random: makes request ids of this session its own
  std::uint64_t counter_ = 0;
  std::deque<msg::JobUpdate> updates_;
};

}  // namespace reeve::client
