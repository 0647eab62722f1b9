#include <algorithm>
#include <exception>

#include "protocol/check.h"
#include "scheduler/core/applier.h"

namespace reeve::core {
namespace {

constexpr std::size_t kRunsPerSession = 1024;     // out-of-order command ids a session may leave behind
constexpr std::size_t kSessions = 1'000'000;      // of all parties; those not heard for longest go first
constexpr std::size_t kEvicted = kSessions / 16;  // at a time, so that the search for them costs little each

void add_run(std::vector<Session::Run>& runs, std::uint64_t counter, std::uint64_t result) {
  if (!runs.empty()) {
    Session::Run& last = runs.back();
    const bool next = counter == last.counter + last.count;
    if (next && (last.result == 0 ? result == 0 : result == last.result + last.count)) {
      ++last.count;
      return;
    }
  }
  const auto place =
      std::upper_bound(runs.begin(), runs.end(), counter,
                       [](std::uint64_t c, const Session::Run& run) { return c < run.counter; });
  runs.insert(place, Session::Run{counter, result, 1});
  if (runs.size() > kRunsPerSession) runs.erase(runs.begin());
}

void evict_oldest(std::map<std::pair<PartyId, std::uint64_t>, Session>& sessions) {
  std::vector<std::pair<Time, std::pair<PartyId, std::uint64_t>>> by_age;
  by_age.reserve(sessions.size());
  for (const auto& [id, session] : sessions)
    by_age.emplace_back(session.last, id);
  std::nth_element(by_age.begin(), by_age.begin() + kEvicted, by_age.end());
  for (std::size_t i = 0; i < kEvicted; ++i)
    sessions.erase(by_age[i].second);
}

}  // namespace

std::string try_apply_event(Durable& state, const Event& event) {
  try {
    std::visit(Applier(state), event);
  } catch (const Misfit& misfit) {
    return misfit.rule;
  } catch (const std::exception& error) {  // a container's own: what the event names is not there
    return std::string("an event names what exists: ") + error.what();
  }
  ++state.events;
  return "";
}

void apply_event(Durable& state, const Event& event) {
  const std::string misfit = try_apply_event(state, event);
  REEVE_CHECK(misfit.empty(), misfit.c_str());
}

void Applier::post(const Chain& chain) {
  if (std::string why = s_.ledger.try_post(chain); !why.empty()) throw Misfit{std::move(why)};
}

void Applier::saw(Time at) {
  s_.latest = std::max(s_.latest, at);
}

void Applier::remember(const CommandRef& command) {
  if (!command.party.valid()) return;
  saw(command.at);
  const std::pair id{command.party, command.session};
  if (s_.sessions.size() >= kSessions && !s_.sessions.contains(id)) evict_oldest(s_.sessions);
  Session& session = s_.sessions[id];
  session.last = std::max(session.last, command.at);
  add_run(session.runs, command.counter, command.result);
}

void Applier::operator()(const RegionCreated& e) {
  require(s_.events == 0, "a region is created once");
  s_.name = e.name;
  s_.policy = e.policy;
  const PartyId id(s_.next_party++);
  s_.parties[id] = Party{Role::kOperator, e.operator_identity, e.operator_transport, 0, "operator", false};
  s_.peers[e.operator_transport] = Peer{Role::kOperator, id, {}};
  saw(e.at);
}

void Applier::operator()(const Booted& e) {
  require(e.epoch == s_.boot_epoch + 1, "boot epochs follow one another");
  s_.boot_epoch = e.epoch;
  saw(e.at);
}

void Applier::operator()(const PolicyChanged& e) {
  s_.policy = e.policy;
}

void Applier::operator()(const TokenIssued& e) {
  s_.tokens[e.id] = Token{e.secret_digest, e.role, e.owner, e.uses, e.expires, e.credits, e.delegation};
  remember(e.command);
}

void Applier::operator()(const PartyEnrolled& e) {
  require(e.party.value() == s_.next_party, "party ids follow one another");
  ++s_.next_party;
  s_.parties[e.party] = Party{e.role, e.identity, e.transport, e.sequence, e.name, false};
  s_.peers[e.transport] = Peer{e.role, e.party, {}};
  Token& token = s_.tokens[e.token_id];
  require(token.uses_left > 0, "a token is used at most as often as it allows");
  --token.uses_left;
  post(e.chain);
  saw(e.at);
}

void Applier::operator()(const AgentEnrolled& e) {
  require(e.agent.value() == s_.next_agent, "agent ids follow one another");
  ++s_.next_agent;
  s_.agents[e.agent] =
      AgentRecord{e.owner, e.role, e.identity, e.transport, e.sequence, e.name, false, false};
  s_.peers[e.transport] = Peer{e.role, e.owner, e.agent};
  Token& token = s_.tokens[e.token_id];
  require(token.uses_left > 0, "a token is used at most as often as it allows");
  --token.uses_left;
  saw(e.at);
}

void Applier::operator()(const Revoked& e) {
  s_.tokens.erase(e.token_id);
  if (e.agent.valid()) s_.agents.at(e.agent).revoked = true;
  if (e.party.valid()) {
    s_.parties.at(e.party).revoked = true;
    for (auto& [id, agent] : s_.agents)
      if (agent.owner == e.party) agent.revoked = true;
    std::erase_if(s_.tokens, [&e](const auto& entry) { return entry.second.owner == e.party; });
  }
  remember(e.command);
}

void Applier::operator()(const AgentPauseSet& e) {
  s_.agents.at(e.agent).paused = e.paused;
  remember(e.command);
}

void Applier::operator()(const Funded& e) {
  post(e.chain);
  remember(e.command);
}

void Applier::operator()(const BitClassSeen& e) {
  require(s_.agents.contains(e.agent), "a bit class is of an agent that was enrolled");
  if (e.bit_class.empty())
    s_.bit_classes.erase(e.agent);
  else
    s_.bit_classes[e.agent] = e.bit_class;
}

void Applier::operator()(const SessionsExpired& e) {
  std::erase_if(s_.sessions, [&e](const auto& entry) { return entry.second.last < e.before; });
}

}  // namespace reeve::core
