#include "client/connection.h"

#include <sodium.h>

#include <algorithm>
#include <chrono>

#include "client/json_fields.h"
#include "client/process.h"
#include "protocol/limits.h"

namespace reeve::client {
namespace {

constexpr Duration kFirstPatience = seconds(2);  // before a request is sent again; doubles
constexpr Duration kLongestPatience = seconds(15);
constexpr Duration kSlice = milliseconds(100);  // Ctrl-C is noticed this soon
constexpr std::size_t kUpdatesKept = 256;       // each update replaces the ones before it

Duration now() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::steady_clock::now().time_since_epoch())
              .count()};
}

Error no_answer(Duration timeout) {
  return {ErrorCode::kTimeout,
          "the region did not answer within " + std::to_string(timeout.ns / 1'000'000'000) + " s",
          "try again, or wait longer with --timeout"};
}

Error interruption() {
  return {ErrorCode::kTimeout, "interrupted", ""};
}

Error unexpected(const char* what) {
  return {ErrorCode::kCorrupt,
          std::string("the region answered ") + what + " in a form that does not belong to it",
          "check that reeve and the region are of the same version"};
}

/// The error that a region's JSON holds, if it is one.
std::optional<Error> error_in(const nlohmann::json& document) {
  const nlohmann::json& error = member(document, "error");
  if (!error.is_object()) return std::nullopt;
  const std::string name = text_of(error, "code");
  ErrorCode code = ErrorCode::kInvalid;
  for (int i = 0; i <= static_cast<int>(ErrorCode::kCorrupt); ++i) {
    if (name == error_code_name(static_cast<ErrorCode>(i))) code = static_cast<ErrorCode>(i);
  }
  return Error{code, text_of(error, "message"), text_of(error, "hint")};
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, Duration timeout)
    : transport_(std::move(transport)), timeout_(timeout) {
  randombytes_buf(session_.data(), session_.size());
}

Result<Connection> Connection::open(std::unique_ptr<Transport> transport, Duration timeout) {
  REEVE_CHECK(sodium_init() >= 0, "libsodium starts");
  Connection connection(std::move(transport), timeout);
  if (auto welcomed = connection.say_hello(timeout); !welcomed) return welcomed.error();
  return connection;
}

Result<void> Connection::say_hello(Duration timeout) {
  const msg::Hello hello{limits::kProtocolOldest, limits::kProtocolNewest, "reeve"};
  if (auto sent = transport_->send(hello); !sent) return sent.error();
  const Duration started = now();
  while (now().ns - started.ns < timeout.ns) {
    if (interrupted()) return interruption();
    auto message = transport_->receive(kSlice);
    if (!message) return message.error();
    if (!*message) continue;
    if (const auto* goodbye = std::get_if<msg::Goodbye>(&**message)) return goodbye->why;
    if (auto* welcome = std::get_if<msg::Welcome>(&**message)) {
      welcome_ = std::move(*welcome);
      return {};
    }
  }
  return Error{ErrorCode::kUnreachable,
               "no region answers within " + std::to_string(timeout.ns / 1'000'000'000) + " s",
               "check the endpoint (`reeve config show`), that the region is served, and that this key may "
               "speak to it"};
}

msg::RequestId Connection::next_request_id() {
  msg::RequestId id{};
  std::copy(session_.begin(), session_.end(), id.begin());
  ++counter_;
  for (unsigned i = 0; i < 8; ++i)
    id[15 - i] = static_cast<std::uint8_t>(counter_ >> (8 * i));
  return id;
}

Result<bool> Connection::take(msg::Message message, const msg::RequestId& request, Body& answer) {
  if (auto* goodbye = std::get_if<msg::Goodbye>(&message)) return goodbye->why;
  if (auto* welcome = std::get_if<msg::Welcome>(&message)) welcome_ = std::move(*welcome);
  if (auto* update = std::get_if<msg::JobUpdate>(&message)) {
    if (updates_.size() == kUpdatesKept) updates_.pop_front();
    updates_.push_back(std::move(*update));
  }
  bool answered = false;
  if (auto* replies = std::get_if<msg::Replies>(&message)) {
    for (msg::Reply& reply : replies->replies) {
      if (reply.request != request) continue;
      answer = std::move(reply.body);
      answered = true;
    }
  }
  return answered;
}

Result<Connection::Body> Connection::ask(const msg::Message& message, const msg::RequestId& request) {
  const Duration started = now();
  Duration patience = kFirstPatience;
  Duration sent_at = started;
  if (auto sent = transport_->send(message); !sent) return sent.error();
  Body answer;
  while (now().ns - started.ns < timeout_.ns) {
    if (interrupted()) return interruption();
    auto received = transport_->receive(kSlice);
    if (!received) return received.error();
    if (*received) {
      auto answered = take(std::move(**received), request, answer);
      if (!answered) return answered.error();
      if (!*answered) continue;
      if (auto* error = std::get_if<Error>(&answer)) return *error;
      return answer;
    }
    if (now().ns - sent_at.ns < patience.ns) continue;
    // The region may have restarted since, and then knows us no more: greet it again first.
    const msg::Hello hello{limits::kProtocolOldest, limits::kProtocolNewest, "reeve"};
    if (auto sent = transport_->send(hello); !sent) return sent.error();
    if (auto sent = transport_->send(message); !sent) return sent.error();
    sent_at = now();
    patience = std::min(Duration{patience.ns * 2}, kLongestPatience);
  }
  return no_answer(timeout_);
}

Result<void> Connection::command(CommandBody body) {
  const msg::RequestId request = next_request_id();
  auto answer = ask(msg::Commands{{msg::Command{request, std::move(body)}}}, request);
  if (!answer) return answer.error();
  return {};
}

Result<msg::Accepted> Connection::submit(msg::SubmitJob job) {
  const msg::RequestId request = next_request_id();
  auto answer = ask(msg::Commands{{msg::Command{request, std::move(job)}}}, request);
  if (!answer) return answer.error();
  if (const auto* accepted = std::get_if<msg::Accepted>(&*answer)) return *accepted;
  return unexpected("a submission");
}

Result<msg::Enrolled> Connection::enrol(msg::Enrol enrol) {
  enrol.request = next_request_id();
  const msg::RequestId request = enrol.request;
  auto answer = ask(std::move(enrol), request);
  if (!answer) return answer.error();
  if (const auto* enrolled = std::get_if<msg::Enrolled>(&*answer)) return *enrolled;
  return unexpected("an enrolment");
}

Result<nlohmann::json> Connection::query(const std::string& path) {
  const msg::RequestId request = next_request_id();
  auto answer = ask(msg::Query{request, path}, request);
  if (!answer) return answer.error();
  const auto* text = std::get_if<msg::Json>(&*answer);
  if (text == nullptr) return unexpected("a query");
  nlohmann::json document = nlohmann::json::parse(text->text, nullptr, false);
  if (!document.is_object()) return unexpected("a query");
  if (auto refused = error_in(document)) return *refused;
  return document;
}

Result<msg::ResultPage> Connection::fetch_results(StepRef step, TaskIndex first) {
  const msg::RequestId request = next_request_id();
  auto answer = ask(msg::FetchResults{request, step, first}, request);
  if (!answer) return answer.error();
  if (auto* page = std::get_if<msg::ResultPage>(&*answer)) return std::move(*page);
  return unexpected("a request for results");
}

Result<void> Connection::subscribe(JobId job) {
  return transport_->send(msg::Subscribe{job, true});
}

Result<std::optional<msg::JobUpdate>> Connection::next_update(Duration wait) {
  if (updates_.empty()) {
    auto received = transport_->receive(wait);
    if (!received) return received.error();
    Body unused;
    if (*received) {
      auto taken = take(std::move(**received), next_request_id(), unused);
      if (!taken) return taken.error();
    }
  }
  if (updates_.empty()) return std::optional<msg::JobUpdate>{};
  std::optional<msg::JobUpdate> update = std::move(updates_.front());
  updates_.pop_front();
  return update;
}

}  // namespace reeve::client
