#include "scheduler/shell/metrics_text.h"

#include <sstream>

namespace reeve::shell {
namespace {

void line(std::ostringstream& out, const char* name, const char* kind, const char* help,
          std::uint64_t value) {
  out << "# HELP " << name << " " << help << "\n# TYPE " << name << " " << kind << "\n"
      << name << " " << value << "\n";
}

void turn_histogram(std::ostringstream& out, const Metrics& metrics) {
  out << "# HELP reeve_turn_seconds Time of one turn of the loop.\n# TYPE reeve_turn_seconds histogram\n";
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < Metrics::kTurnBounds_us.size(); ++i) {
    sum += metrics.turn_buckets[i];
    out << "reeve_turn_seconds_bucket{le=\"" << static_cast<double>(Metrics::kTurnBounds_us[i]) / 1e6
        << "\"} " << sum << "\n";
  }
  out << "reeve_turn_seconds_bucket{le=\"+Inf\"} " << metrics.turns << "\nreeve_turn_seconds_sum "
      << static_cast<double>(metrics.turn_ns) / 1e9 << "\nreeve_turn_seconds_count " << metrics.turns << "\n";
}

}  // namespace

std::string metrics_text(const Metrics& metrics, const GroupCommit& commits, const View& view,
                         const BulkServer& bulk, const LogKeeper& logs) {
  std::ostringstream out;
  const GroupCommit::Counters journal = commits.counters();
  line(out, "reeve_tasks_settled_total", "counter", "Tasks accepted and paid.", metrics.tasks_settled);
  line(out, "reeve_events_total", "counter", "Facts decided since the start.", metrics.events);
  line(out, "reeve_commits_total", "counter", "Commits of the journal since the start.", journal.commits);
  line(out, "reeve_commit_nanoseconds_total", "counter", "Time spent in commits.", journal.commit_ns);
  line(out, "reeve_journal_bytes_total", "counter", "Bytes of events journaled since the start.",
       journal.bytes);
  line(out, "reeve_journal_queue_batches", "gauge", "Batches that wait for the journal.",
       journal.queued_batches);
  line(out, "reeve_view_queue_batches", "gauge", "Batches that wait for the view.", view.queued());
  line(out, "reeve_view_seq", "gauge", "The last event that queries see.", view.seq());
  line(out, "reeve_committed_seq", "gauge", "The last durable event.", commits.committed_seq());
  line(out, "reeve_effects_waiting", "gauge", "Messages that wait for a commit.", metrics.effects_waiting);
  line(out, "reeve_connections", "gauge", "Connections of the control socket.", metrics.connections);
  line(out, "reeve_agents_online", "gauge", "Agents that are heard.", metrics.agents_online);
  line(out, "reeve_messages_received_total", "counter", "Control messages in.", metrics.messages_received);
  line(out, "reeve_received_bytes_total", "counter", "Bytes of control messages in.", metrics.bytes_received);
  line(out, "reeve_messages_sent_total", "counter", "Control messages out.", metrics.messages_sent);
  line(out, "reeve_messages_refused_total", "counter", "Messages that broke a rule.",
       metrics.messages_refused);
  line(out, "reeve_peers_dropped_total", "counter", "Peers said goodbye to, or too slow.",
       metrics.peers_dropped);
  line(out, "reeve_bulk_received_bytes_total", "counter", "Bytes of the bulk socket in.", bulk.bytes_in());
  line(out, "reeve_bulk_sent_bytes_total", "counter", "Bytes of the bulk socket out.", bulk.bytes_out());
  line(out, "reeve_log_bytes_total", "counter", "Bytes of tasks' logs kept.", logs.kept_bytes());
  line(out, "reeve_log_dropped_bytes_total", "counter",
       "Bytes of tasks' logs that could not be written in time.", logs.dropped_bytes());
  line(out, "reeve_log_pieces_refused_total", "counter",
       "Pieces of logs beyond an agent's share, or not its own.", metrics.log_pieces_refused);
  turn_histogram(out, metrics);
  return out.str();
}

}  // namespace reeve::shell
