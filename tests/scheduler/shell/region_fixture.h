#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <thread>

#include "protocol/bulk.h"
#include "protocol/key_files.h"
#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/socket.h"
#include "protocol/wire.h"
#include "scheduler/shell/region_server.h"
#include "tests/scheduler/shell/temporary_folder.h"

namespace reeve::shell {

/// A peer of a test's: speaks the protocol's messages over real sockets.
class Peer {
 public:
  Peer(net::Context& context, std::uint16_t port, const TransportKey& server, const TransportPair& key);

  void send(const msg::Message& message);
  void send_raw(ByteView bytes);
  /// The next message within ten seconds.
  std::optional<msg::Message> receive();
  /// The next message of this kind; others that come before it are kept for later.
  template <class Body>
  std::optional<Body> expect() {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (!std::holds_alternative<Body>(kept_[i])) continue;
      Body body = std::get<Body>(std::move(kept_[i]));
      kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
      return body;
    }
    while (std::optional<msg::Message> message = receive()) {
      if (std::holds_alternative<Body>(*message)) return std::get<Body>(std::move(*message));
      kept_.push_back(std::move(*message));
    }
    return std::nullopt;
  }
  /// The answer to a command, query or fetch.
  msg::Reply reply();
  msg::Welcome hello(std::uint32_t oldest = limits::kProtocolOldest,
                     std::uint32_t newest = limits::kProtocolNewest);
  msg::RequestId next_request();
  msg::Reply command(decltype(msg::Command::body) body);
  std::string query(const std::string& path);
  net::ClientSocket& socket() { return *socket_; }

 private:
  std::optional<net::ClientSocket> socket_;
  std::vector<msg::Message> kept_;
  std::vector<msg::Reply> replies_;
  std::uint64_t counter_ = 0;
  std::uint64_t session_;
};

/// A region over real sockets on free ports, with everybody that a job needs.
class RegionFixture : public testing::Test {
 protected:
  struct Member {
    Identity identity = Identity::create();
    TransportPair transport = TransportPair::create();
    msg::Enrolled enrolled;
    std::unique_ptr<Peer> peer;
  };

  void SetUp() override;
  void TearDown() override { stop(); }
  virtual void adjust(RegionSettings&) {}
  void start();
  void stop();

  std::unique_ptr<Peer> connect(const TransportPair& key);
  Member enrol(Role role, Peer& inviter, const Identity* delegator);
  /// Operator, one requester with credits, one owner with one agent that has said hello.
  void assemble();
  Member agent_of(Member& owner);
  void introduce(Member& agent, std::uint64_t credit, std::vector<msg::HeldAttempt> held = {});
  JobId submit(std::uint32_t tasks, std::vector<Digest> inputs = {}, std::uint64_t max_result_bytes = 4096,
               const std::function<void(msg::SubmitJob&)>& change = {});
  /// Reports a range of sha256 results under the agent's signature.
  void report(Member& agent, const msg::Assignment& assignment);
  msg::Report signed_report(Member& agent, const msg::Assignment& assignment, bool rooted) const;
  /// Signs a report whose sections were changed.
  void resign(Member& agent, msg::Report& report) const;
  /// What an honest referee says of results of one leaf.
  msg::Report leaf_report(Member& referee, const msg::LeafAssignment& asked) const;
  static Bytes result_of(JobId job, TaskIndex task);
  /// The next assignment that the agent gets.
  msg::Assignment assigned(Member& agent);
  /// Runs all tasks of a job on the agent and waits for the requester to hear that it succeeded.
  void run_job(JobId job, std::uint64_t tasks);
  void await_end(JobId job, std::uint64_t settled);
  msg::ResultPage fetch(Peer& peer, JobId job);

  net::ClientSocket bulk_socket(const TransportPair& key);
  static std::optional<bulk::Message> bulk_receive(net::ClientSocket& socket);
  /// Puts a small blob; the status that ends the transfer.
  static std::optional<bulk::Status> put(net::ClientSocket& socket, const Bytes& bytes,
                                         decltype(bulk::Message::body) opening);
  /// The first answer to a request for a blob: a chunk of it, or why not.
  static std::optional<bulk::Message> get(net::ClientSocket& socket, const Digest& digest);

  TemporaryFolder folder_;
  std::string dir_ = folder_ / "region";
  net::Context context_;
  std::unique_ptr<RegionServer> server_;
  std::thread thread_;
  TransportKey server_key_;
  std::unique_ptr<Peer> operator_;
  Member requester_;
  Member owner_;
  Member agent_;
};

}  // namespace reeve::shell
