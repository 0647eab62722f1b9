
#include "protocol/keys.h"
#include "scheduler/shell/api_rows.h"

/// What the API says of agents, parties and convictions.
namespace reeve::shell {
namespace {

using Json = Api::Json;

struct AgentCounts {
  std::uint64_t settled = 0;
  std::uint64_t rejected = 0;
};

Json capability_json(const Capability& capability) {
  Json kernels = Json::array();
  for (const KernelVersion& kernel : capability.kernels)
    kernels.push_back({{"name", kernel.name}, {"contract", kernel.contract}});
  return {{"cpus", capability.cpus},          {"memory_mib", capability.memory_mib},
          {"gpus", capability.gpus},          {"vram_mib", capability.vram_mib},
          {"tags", capability.tags},          {"kernels", kernels},
          {"bit_class", capability.bit_class}};
}

/// What an operator reads first. Nothing is known of an agent that was not heard since the region started.
const char* agent_state(const core::AgentRecord& record, const core::AgentView* live) {
  if (record.revoked) return "revoked";
  if (live == nullptr) return "unheard";
  if (!live->online) return "offline";
  return record.paused || live->paused ? "paused" : "online";
}

Json agent_json(const core::Durable& state, AgentId id, const core::AgentRecord& record,
                const core::AgentView* heard, const AgentCounts& counts) {
  const auto owner = state.parties.find(record.owner);
  const core::AgentView live = heard == nullptr ? core::AgentView() : *heard;
  return {{"id", id.value()},
          {"name", record.name},
          {"owner", record.owner.value()},
          {"owner_name", owner == state.parties.end() ? "" : owner->second.name},
          {"role", role_name(record.role)},
          {"state", agent_state(record, heard)},
          {"online", live.online},
          {"paused", record.paused || live.paused},
          {"slots", live.slots},
          {"capability", capability_json(live.capability)},
          {"running", live.running},
          {"credit", live.credit},
          {"last_seen_ns", live.last_seen.ns},
          {"settled", counts.settled},
          {"rejected", counts.rejected}};
}

Json trust_json(const core::Durable& state, PartyId owner) {
  const auto found = state.owners.find(owner);
  const core::OwnerRecord record = found == state.owners.end() ? core::OwnerRecord() : found->second;
  const std::uint32_t probation = state.policy.probation_tasks;
  return {{"validated", record.validated},
          {"probation_left", record.validated >= probation ? 0 : probation - record.validated},
          {"faults", record.faults},
          {"strikes", record.strikes},
          {"convicted", record.convicted}};
}

}  // namespace

Result<Json> Api::agent_list(const Request& request, std::optional<AgentId> only) {
  std::map<AgentId, AgentCounts> counts;
  Statement rows = database_.must_prepare("SELECT id, settled, rejected FROM agents");
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) break;
    counts[AgentId(rows.number(0))] = {rows.number(1), rows.number(2)};
  }
  const Caller& caller = request.caller;
  Json list = Json::array();
  const bool answered = look([&](const core::Core& core) {
    std::map<AgentId, core::AgentView> live;
    for (core::AgentView& view : core.agents())
      live[view.agent] = std::move(view);
    for (const auto& [id, record] : core.durable().agents) {
      if (only && id != *only) continue;
      if (caller.role != Role::kOperator && record.owner != caller.party) continue;
      const auto heard = live.find(id);
      Json entry =
          agent_json(core.durable(), id, record, heard == live.end() ? nullptr : &heard->second, counts[id]);
      if (only) entry["trust"] = trust_json(core.durable(), record.owner);
      list.push_back(std::move(entry));
    }
  });
  if (!answered) return Error{ErrorCode::kUnreachable, "the region is stopping", ""};
  return list;
}

Result<Json> Api::agents(const Request& request) {
  Result<Json> list = agent_list(request, std::nullopt);
  if (!list) return list;
  return Json{{"agents", std::move(*list)}};
}

/// What a requester may know of the fleet: what is offered now, and not by whom.
Result<Json> Api::offers() {
  struct Offer {
    std::uint64_t agents = 0;
    std::uint64_t slots = 0;
  };
  std::map<Capability, Offer> offers;
  const bool answered = look([&](const core::Core& core) {
    for (const core::AgentView& agent : core.agents()) {
      const auto record = core.durable().agents.find(agent.agent);
      if (record == core.durable().agents.end() || record->second.role != Role::kAgent) continue;
      if (!agent.online || agent.paused || record->second.paused) continue;
      Offer& offer = offers[agent.capability];
      ++offer.agents;
      offer.slots += agent.slots;
    }
  });
  if (!answered) return Error{ErrorCode::kUnreachable, "the region is stopping", ""};
  Json list = Json::array();
  for (const auto& [capability, offer] : offers)
    list.push_back(
        {{"agents", offer.agents}, {"slots", offer.slots}, {"capability", capability_json(capability)}});
  return Json{{"offers", std::move(list)}};
}

Result<Json> Api::agent(const Request& request, AgentId id) {
  Result<Json> list = agent_list(request, id);
  if (!list) return list;
  if (list->empty())
    return Error{ErrorCode::kNotFound, "agent " + std::to_string(id.value()) + " does not exist",
                 "`reeve fleet list` shows what you may see"};
  Json found = list->front();
  found["recent"] = Json::array();
  Statement rows = database_.must_prepare(
      "SELECT job, step, first, count, at_ns FROM results WHERE agent=? ORDER BY seq DESC LIMIT 20");
  rows.bind(id.value());
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) return Json{{"agent", found}};
    found["recent"].push_back({{"job", rows.number(0)},
                               {"step", rows.number(1)},
                               {"first", rows.number(2)},
                               {"count", rows.number(3)},
                               {"recorded_ns", rows.integer(4)}});
  }
}

Result<Json> Api::parties(const Request& request) {
  Json list = Json::array();
  const Caller& caller = request.caller;
  sources_.view.ask([&](const core::Durable& state) {
    for (const auto& [id, party] : state.parties) {
      if (caller.role != Role::kOperator && id != caller.party) continue;
      const auto owner = state.owners.find(id);
      const core::OwnerRecord record = owner == state.owners.end() ? core::OwnerRecord() : owner->second;
      list.push_back({{"id", id.value()},
                      {"role", role_name(party.role)},
                      {"name", party.name},
                      {"identity", did_key(party.identity)},
                      {"revoked", party.revoked},
                      {"convicted", record.convicted},
                      {"validated", record.validated},
                      {"faults", record.faults}});
    }
  });
  return Json{{"parties", list}};
}

Result<Json> Api::convictions(const Request& request) {
  Statement rows = database_.must_prepare(
      "SELECT c.owner, c.at_ns, c.job, c.step, c.task, c.slashed, c.clawed_back, c.recomputed, d.leaf, "
      "d.wrong,"
      " d.a, d.hash_a, d.hash_b, d.referee_hash,"
      " (SELECT agent FROM results r WHERE r.job=c.job AND r.step=c.step AND r.attempt=d.wrong LIMIT 1)"
      " FROM convictions c LEFT JOIN disputes d USING(job, step, task)"
      " WHERE ?1 OR c.owner=?2 OR EXISTS(SELECT 1 FROM jobs j WHERE j.id=c.job AND j.requester=?2)"
      " ORDER BY c.seq");
  rows.bind(request.caller.role == Role::kOperator, request.caller.party.value());
  Json list = Json::array();
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) return Json{{"convictions", list}};
    const bool is_a = rows.number(9) == rows.number(10);
    list.push_back({{"owner", rows.number(0)},
                    {"owner_name", party_name(rows.number(0))},
                    {"when_ns", rows.integer(1)},
                    {"job", rows.number(2)},
                    {"step", rows.number(3)},
                    {"task", rows.number(4)},
                    {"leaf", rows.number(8)},
                    {"attempt", rows.number(9)},
                    {"agent", rows.number(14)},
                    {"reported", to_hex(rows.blob(is_a ? 11 : 12))},
                    {"referee", to_hex(rows.blob(13))},
                    {"slashed_micro", rows.integer(5)},
                    {"clawed_back_micro", rows.integer(6)},
                    {"recomputed", rows.number(7)}});
  }
}

}  // namespace reeve::shell
