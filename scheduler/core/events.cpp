#include "scheduler/core/events.h"

#include <array>

#include "scheduler/core/event_fields.h"

namespace reeve::core {
namespace {

constexpr std::array<const char*, std::variant_size_v<Event>> kNames = {"region_created",
                                                                        "booted",
                                                                        "policy_changed",
                                                                        "token_issued",
                                                                        "party_enrolled",
                                                                        "agent_enrolled",
                                                                        "revoked",
                                                                        "agent_pause_set",
                                                                        "funded",
                                                                        "job_accepted",
                                                                        "step_opened",
                                                                        "escrow_held",
                                                                        "job_paused",
                                                                        "job_resumed",
                                                                        "job_priority_set",
                                                                        "job_retried",
                                                                        "job_ended",
                                                                        "job_forgotten",
                                                                        "results_recorded",
                                                                        "attempt_failed",
                                                                        "tasks_failed",
                                                                        "tasks_verified",
                                                                        "store_reserved",
                                                                        "result_stored",
                                                                        "store_abandoned",
                                                                        "task_disputed",
                                                                        "leaf_chosen",
                                                                        "dispute_decided",
                                                                        "attempt_rejected",
                                                                        "settled",
                                                                        "vested",
                                                                        "owner_convicted",
                                                                        "job_reopened",
                                                                        "sessions_expired",
                                                                        "comparison_opened",
                                                                        "candidate_stored",
                                                                        "comparison_decided",
                                                                        "bit_class_seen",
                                                                        "checkpoint_stored",
                                                                        "job_purged",
                                                                        "results_spent"};

}  // namespace

const char* event_name(const Event& event) {
  return kNames.at(event.index());
}

Bytes encode_event(const Event& event) {
  return to_archive(event);
}

bool decode_event(Reader& reader, Event& event) {
  reader(event);
  return reader.ok();
}

}  // namespace reeve::core
