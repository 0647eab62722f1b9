#include <algorithm>

#include "protocol/limits.h"
#include "scheduler/core/rooms.h"

namespace reeve::core {
namespace {

constexpr std::size_t kTokens = 100'000;
constexpr std::uint32_t kUsesPerToken = 10'000;
constexpr MicroCredits kMostCredits = 1'000'000'000'000'000;  // of one grant: a billion credits

bool good_name(const std::string& name) {
  return !name.empty() && name.size() <= limits::kNameBytes &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool good_token_id(const std::string& id) {
  return id.size() == 6 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

std::optional<Error> why_not_enrol(const Region& region, const EnrolReceived& input, const std::string& id) {
  const auto token = region.durable.tokens.find(id);
  if (token == region.durable.tokens.end() || token->second.secret_digest != input.secret_digest)
    return Error{ErrorCode::kNotAllowed, "token '" + id + "' is not known here or its secret is wrong",
                 "ask who invited you for a new invitation"};
  if (token->second.expires < region.now)
    return Error{ErrorCode::kNotAllowed, "token '" + id + "' has expired", "ask for a new invitation"};
  if (token->second.uses_left == 0)
    return Error{ErrorCode::kExhausted, "token '" + id + "' is used up",
                 "ask for a new invitation, or one with more uses"};
  if (!good_name(input.enrol.name))
    return Error{ErrorCode::kInvalid,
                 "name '" + input.enrol.name.substr(0, 80) + "' is empty, too long or has control characters",
                 "use 1 to 64 printable characters"};
  if (!input.binding_ok)
    return Error{ErrorCode::kInvalid,
                 "binding: the identity's signature over the transport key does not verify",
                 "enrol again with a fresh key"};
  return std::nullopt;
}

bool is_revoked(const Region& region, const Peer& peer) {
  const auto agent = region.durable.agents.find(peer.agent);
  return region.durable.parties.at(peer.party).revoked ||
         (agent != region.durable.agents.end() && agent->second.revoked);
}

void enrol_agent(Region& region, const EnrolReceived& input, const std::string& id, const Token& token) {
  const std::size_t owned = static_cast<std::size_t>(std::count_if(
      region.durable.agents.begin(), region.durable.agents.end(),
      [&token](const auto& entry) { return entry.second.owner == token.owner && !entry.second.revoked; }));
  if (owned >= region.durable.policy.agents_per_owner)
    return reply(
        region, input.from, input.enrol.request,
        Error{ErrorCode::kExhausted, "this owner has " + std::to_string(owned) + " agents, the most allowed",
              "revoke agents that are gone"});
  const AgentId agent(region.durable.next_agent);
  region.emit(AgentEnrolled{agent, token.owner, token.role, input.enrol.identity, input.key,
                            input.enrol.sequence, input.enrol.name, id, region.now});
  reply(region, input.from, input.enrol.request, msg::Enrolled{token.role, token.owner, agent});
}

void enrol_party(Region& region, const EnrolReceived& input, const std::string& id, const Token& token) {
  const PartyId party(region.durable.next_party);
  PartyEnrolled event{
      party, token.role, input.enrol.identity, input.key, input.enrol.sequence, input.enrol.name, id,
      {},    region.now};
  const AccountKind kind = token.role == Role::kOwner ? AccountKind::kStake : AccountKind::kAvailable;
  if (token.credits > 0)
    event.chain.push_back(posted(region.durable.ledger.next_id(), {AccountKind::kMint, 0},
                                 {kind, party.value()}, token.credits, TransferCode::kFund));
  if (!region.durable.ledger.why_not(event.chain).empty())
    return reply(region, input.from, input.enrol.request,
                 Error{ErrorCode::kExhausted, "credits: the mint cannot count that much more",
                       "ask for an invitation with fewer credits"});
  region.emit(std::move(event));
  reply(region, input.from, input.enrol.request, msg::Enrolled{token.role, party, {}});
}

}  // namespace

void enrol(Region& region, const EnrolReceived& input) {
  if (const auto peer = region.durable.peers.find(input.key); peer != region.durable.peers.end()) {
    if (is_revoked(region, peer->second))
      return reply(region, input.from, input.enrol.request,
                   Error{ErrorCode::kNotAllowed, "key: it was revoked here and is not taken again",
                         "enrol with a new key (another --home) and a new invitation"});
    return reply(region, input.from, input.enrol.request,
                 msg::Enrolled{peer->second.role, peer->second.party, peer->second.agent});
  }
  const std::string id =
      input.enrol.token.substr(0, input.enrol.token.find('.')).substr(0, limits::kNameBytes);
  if (auto why = why_not_enrol(region, input, id))
    return reply(region, input.from, input.enrol.request, std::move(*why));
  const Token token = region.durable.tokens.at(id);
  if (token.role == Role::kAgent || token.role == Role::kReferee)
    enrol_agent(region, input, id, token);
  else
    enrol_party(region, input, id, token);
}

void create_token(Region& region, const CommandReceived& input, const msg::CreateToken& token,
                  const CommandRef& ref) {
  const Peer& peer = region.durable.peers.at(input.key);
  const bool of_operator =
      token.role == Role::kRequester || token.role == Role::kOwner || token.role == Role::kReferee;
  const bool allowed = (peer.role == Role::kOperator && of_operator) ||
                       (peer.role == Role::kOwner && token.role == Role::kAgent);
  if (!allowed)
    return refuse(region, input,
                  {ErrorCode::kNotAllowed, "role: a key of this role may not invite that one",
                   "the operator invites requesters, owners and referees; an owner invites agents"});
  if (!good_token_id(token.token_id) || region.durable.tokens.contains(token.token_id))
    return refuse(
        region, input,
        {ErrorCode::kInvalid, "token_id '" + token.token_id.substr(0, 80) + "' is malformed or taken",
         "use six characters of a-z and 0-9"});
  if (token.uses < 1 || token.uses > kUsesPerToken)
    return refuse(region, input,
                  {ErrorCode::kInvalid, "uses " + std::to_string(token.uses) + " is not within 1 and 10000",
                   "choose a number within the bounds"});
  if (token.expires <= region.now)
    return refuse(region, input, {ErrorCode::kInvalid, "expires lies in the past", "choose a later time"});
  if (token.credits < 0 || token.credits > kMostCredits ||
      (token.credits > 0 && peer.role != Role::kOperator))
    return refuse(region, input,
                  {ErrorCode::kInvalid, "credits " + std::to_string(token.credits) + " cannot be given",
                   "the operator gives 0 to a billion credits"});
  if (region.durable.tokens.size() >= kTokens)
    return refuse(region, input,
                  {ErrorCode::kExhausted, "too many open tokens", "revoke some, or wait until they expire"});
  region.emit(TokenIssued{token.token_id, token.secret_digest, token.role, peer.party, token.uses,
                          token.expires, token.credits, token.delegation, ref});
  reply(region, input.from, input.command.request, msg::Done{});
}

void fund(Region& region, const CommandReceived& input, const msg::Fund& funding, const CommandRef& ref) {
  if (region.durable.peers.at(input.key).role != Role::kOperator)
    return refuse(region, input,
                  {ErrorCode::kNotAllowed, "only the operator funds accounts", "ask the region's operator"});
  const auto party = region.durable.parties.find(funding.party);
  if (party == region.durable.parties.end())
    return refuse(region, input,
                  {ErrorCode::kNotFound, "party " + std::to_string(funding.party.value()) + " does not exist",
                   "`reeve fleet list` and `reeve ledger balance` show ids"});
  if (funding.amount <= 0 || funding.amount > kMostCredits)
    return refuse(region, input,
                  {ErrorCode::kInvalid,
                   "amount " + std::to_string(funding.amount) + " is not within 1 and 10^15 micro-credits",
                   "fund at most a billion credits at a time"});
  const AccountKind kind = party->second.role == Role::kOwner ? AccountKind::kStake : AccountKind::kAvailable;
  Chain chain{posted(region.durable.ledger.next_id(), {AccountKind::kMint, 0}, {kind, funding.party.value()},
                     funding.amount, TransferCode::kFund)};
  if (!region.durable.ledger.why_not(chain).empty())
    return refuse(region, input,
                  {ErrorCode::kExhausted, "amount: the account cannot hold that much", "fund less"});
  region.emit(Funded{funding.party, std::move(chain), ref});
  const std::set<JobId> unfunded = region.live.unfunded;
  for (const JobId id : unfunded) {
    const Job* job = region.durable.find_job(id);
    if (job == nullptr || job->requester != funding.party || !job->out_of_funds) continue;
    region.live.unfunded.erase(id);
    region.emit(JobResumed{id, {}});
    for (StepIndex i = 0; i < job->steps.size(); ++i)
      index_queue(region, {id, i});
    open_ready_steps(region, id);
  }
  reply(region, input.from, input.command.request, msg::Done{});
}

void revoke(Region& region, const CommandReceived& input, const msg::Revoke& revocation,
            const CommandRef& ref) {
  const Peer peer = region.durable.peers.at(input.key);
  const bool operates = peer.role == Role::kOperator;
  const auto agent = region.durable.agents.find(revocation.agent);
  const auto token = region.durable.tokens.find(revocation.token_id);
  if (revocation.agent.valid() &&
      (agent == region.durable.agents.end() || (!operates && agent->second.owner != peer.party)))
    return refuse(
        region, input,
        {ErrorCode::kNotFound, "no agent of yours has id " + std::to_string(revocation.agent.value()), ""});
  if (!revocation.token_id.empty() &&
      (token == region.durable.tokens.end() || (!operates && token->second.owner != peer.party)))
    return refuse(region, input, {ErrorCode::kNotFound, "no open token of yours has that id", ""});
  const bool party_known = region.durable.parties.contains(revocation.party);
  if (revocation.party.valid() && (!operates || !party_known || revocation.party == peer.party))
    return refuse(region, input, {ErrorCode::kNotAllowed, "only the operator revokes another party", ""});
  region.emit(Revoked{revocation.token_id, revocation.party, revocation.agent, ref});
  std::vector<AgentId> gone;
  for (const auto& [id, session] : region.live.agents)
    if (id == revocation.agent || (revocation.party.valid() && session.owner == revocation.party))
      gone.push_back(id);
  for (const AgentId id : gone)
    on_agent_gone(region, id);
  for (const auto& [key, other] : region.durable.peers)
    if ((revocation.agent.valid() && other.agent == revocation.agent) ||
        (revocation.party.valid() && other.party == revocation.party))
      region.effect(
          DropPeer{key, {ErrorCode::kNotAllowed, "this key was revoked", "ask for a new invitation"}});
  reply(region, input.from, input.command.request, msg::Done{});
}

void set_agent_paused(Region& region, const CommandReceived& input, const msg::SetAgentPaused& pause,
                      const CommandRef& ref) {
  const Peer& peer = region.durable.peers.at(input.key);
  const auto agent = region.durable.agents.find(pause.agent);
  if (agent == region.durable.agents.end() ||
      (peer.role != Role::kOperator && agent->second.owner != peer.party))
    return refuse(region, input,
                  {ErrorCode::kNotFound, "no agent of yours has id " + std::to_string(pause.agent.value()),
                   "`reeve fleet list` shows them"});
  region.emit(AgentPauseSet{pause.agent, pause.paused, ref});
  reply(region, input.from, input.command.request, msg::Done{});
}

}  // namespace reeve::core
