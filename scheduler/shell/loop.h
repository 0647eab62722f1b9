#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <string>

#include "protocol/poll.h"
#include "scheduler/core/core.h"
#include "scheduler/shell/blob_keeper.h"
#include "scheduler/shell/connections.h"
#include "scheduler/shell/group_commit.h"
#include "scheduler/shell/key_book.h"
#include "scheduler/shell/log_door.h"
#include "scheduler/shell/log_keeper.h"
#include "scheduler/shell/loop_tasks.h"
#include "scheduler/shell/metrics.h"
#include "scheduler/shell/uploads.h"

namespace reeve::shell {

/// A read-only question of a peer, for the thread that answers them.
struct PeerQuestion {
  core::ConnectionId from;
  core::Peer peer;
  std::uint64_t seen_seq = 0;  // the answer must know every event up to here
  std::variant<msg::Query, msg::FetchResults> what;
};

/// The region's main thread: messages in, core steps, events to the journal, effects out. Never waits for a
/// peer; waits for the journal only when its queue is full.
class Loop {
 public:
  struct Parts {
    core::Core& core;
    GroupCommit& commits;
    net::ServerSocket& socket;
    KeyBook& keys;
    BlobKeeper& blobs;
    Uploads& uploads;
    LoopTasks& tasks;
    Metrics& metrics;
    std::function<bool(PeerQuestion)> question;  // false: too many wait
    LogKeeper* logs = nullptr;                   // null: this region keeps none
  };
  struct Settings {
    std::string region;
    TransportKey server_key;
    std::uint16_t bulk_port = 0;
    std::uint64_t next_seq = 1;  // of the next event
  };

  Loop(Parts parts, Settings settings);

  /// Turns until `stop` is set (and its owner woke the loop), then says goodbye and returns once everything
  /// that was decided is durable and sent.
  void run(const std::atomic<bool>& stop, const net::Wakeup& stop_wakeup);
  /// One turn, for tests: takes what is there, waits at most `patience`.
  void turn(Duration patience);
  /// Journals what came from outside a turn: the boot's events, a changed policy.
  void take_in(core::StepOutput& output);

 private:
  static constexpr int kMessagesPerTurn = 512;
  static constexpr std::size_t kBytesPerTurn = 16U << 20;
  static constexpr std::uint32_t kBadMessages = 3;
  static constexpr Duration kTickEvery = milliseconds(50);

  struct Waiting {
    std::uint64_t seq;  // leaves once this event is durable
    core::Effect effect;
  };

  // loop.cpp
  void drain_socket();
  void drain_threads();
  void tick();
  void step(const core::Input& input);
  void ship_events();
  void release();
  void goodbye_all();

  // inbox.cpp: a message, checked, becomes an input
  void on_received(net::Received received);
  void on_message(Connection& from, msg::Message message);
  void greet(Connection& from, const msg::Hello& hello);
  void on_enrol(Connection& from, msg::Enrol enrol);
  void on_commands(Connection& from, const core::Peer& peer, msg::Commands commands);
  void on_question(Connection& from, const core::Peer& peer,
                   std::variant<msg::Query, msg::FetchResults> question);
  void on_agent(Connection& from, const core::Peer& peer, msg::Message message);
  void on_report(Connection& from, msg::Report report);
  void on_logs(const Connection& from, msg::LogPieces pieces);
  void refuse_message(Connection& from, const Error& why);

  // outbox.cpp: effects become messages
  void perform(core::Effect& effect);
  void add_reply(core::ConnectionId to, msg::Reply reply);
  void flush_replies();
  void send(core::ConnectionId to, const msg::Message& message);
  void send_bytes(core::ConnectionId to, ByteView bytes);
  void send_to_agent(AgentId to, const msg::Message& message);
  void add_ack(core::SendAck& ack);
  void add_verdicts(core::SendVerdicts& verdicts);
  void flush_agents();
  void drop(Connection& connection, const Error& why);

  Parts parts_;
  const Settings settings_;
  Connections connections_;
  LogDoor log_door_;
  net::Poller poller_;
  net::Poller::Slot commit_slot_;
  net::Poller::Slot uploads_slot_;
  net::Poller::Slot tasks_slot_;
  Time now_;
  Time next_tick_;
  bool stepped_ = false;  // a Pump is due
  std::uint64_t next_seq_;
  core::StepOutput output_;
  std::deque<Waiting> waiting_;
  std::map<core::ConnectionId, msg::Replies> replies_;  // of this turn, gathered by peer
  std::map<AgentId, msg::ReportAck> acks_;              // likewise
  std::map<AgentId, msg::Verdicts> verdicts_;
  std::vector<core::NotifyJob> notices_;
  std::vector<AgentId> gone_;  // agents that could not be sent to; the core hears of it next turn
};

}  // namespace reeve::shell
