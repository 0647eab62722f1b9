#include "scheduler/core/ledger_entries.h"

#include <algorithm>

#include "protocol/digest.h"

namespace reeve::core {
namespace {

// The numbers of kinds and codes are the same in both vocabularies: the log's never change.
static_assert(static_cast<int>(AccountKind::kInsurance) == static_cast<int>(tlog::AccountKind::kInsurance));
static_assert(static_cast<int>(AccountKind::kHeld) == static_cast<int>(tlog::AccountKind::kHeld));
static_assert(static_cast<int>(TransferCode::kInsurance) == static_cast<int>(tlog::LineCode::kInsurance));
static_assert(static_cast<int>(TransferCode::kVest) == static_cast<int>(tlog::LineCode::kVest));

/// Why results are out, beyond RejectReason: a referee's word.
constexpr std::uint8_t kDisproved = 16;

tlog::AccountRef account(const AccountKey& key) {
  return {static_cast<tlog::AccountKind>(key.kind), key.owner};
}

/// Reservations move nothing yet, so they have no line; what resolves them is told by the event itself.
tlog::Lines posted_lines(const Chain& chain) {
  tlog::Lines lines;
  for (const LedgerEntry& entry : chain)
    if (const auto* posted = std::get_if<PostedTransfer>(&entry)) {
      const Transfer& t = posted->transfer;
      lines.push_back({static_cast<tlog::LineCode>(t.code), account(t.debit), account(t.credit), t.amount});
    }
  return lines;
}

/// Builds the entries of one event.
class EntryMaker {
 public:
  EntryMaker(EntryContext& context, std::uint64_t seq, std::vector<tlog::Entry>& out)
      : context_(context), seq_(seq), out_(out) {}

  void operator()(const RegionCreated& e) {
    price_list(e.policy, e.at);
    add_key(PartyId(1), {}, Role::kOperator, e.operator_identity, e.operator_transport, e.at);
  }
  void operator()(const PolicyChanged& e) { price_list(e.policy, {}); }
  void operator()(const PartyEnrolled& e) {
    add_key(e.party, {}, e.role, e.identity, e.transport, e.at);
    money(tlog::Fund{e.party, {}}, e.chain, e.at);
  }
  void operator()(const AgentEnrolled& e) {
    add_key(e.owner, e.agent, e.role, e.identity, e.transport, e.at);
  }
  void operator()(const Revoked& e) {
    if (e.party.valid() || e.agent.valid()) add(tlog::KeyRevoke{e.party, e.agent}, e.command.at);
  }
  void operator()(const Funded& e) { money(tlog::Fund{e.party, {}}, e.chain, e.command.at); }
  void operator()(const JobAccepted& e) {
    tlog::Quote quote{e.job, e.requester, e.spec.max_price, context_.price_list, {}};
    for (std::size_t i = 0; i < std::min(e.spec.steps.size(), e.task_price.size()); ++i)
      quote.steps.push_back({e.spec.steps[i].task_count, e.spec.steps[i].work_per_task,
                             std::max(e.spec.steps[i].gang_min, 1U), e.task_price[i]});
    add(std::move(quote), e.at);
  }
  void operator()(const EscrowHeld& e) { money(tlog::EscrowHold{e.job, {}}, e.chain, {}); }
  void operator()(const JobEnded& e) { money(tlog::Refund{e.job, {}}, e.chain, e.at); }
  void operator()(const JobReopened& e) { money(tlog::Correction{e.job, {}}, e.chain, {}); }
  void operator()(const ResultsRecorded& e) {
    add(tlog::Acknowledged{e.attempt, e.agent, e.owner, e.step, e.tasks, e.replica, sha256(e.signature.bytes),
                           e.section, e.sections},
        e.at);
  }
  void operator()(const AttemptRejected& e) {
    add(tlog::Verdict{e.step, e.task, {e.attempt}, e.owner, static_cast<std::uint8_t>(e.reason), {}}, {});
  }
  void operator()(const DisputeDecided& e) {
    if (e.wrong.empty()) return;
    add(tlog::Verdict{e.step, e.task, e.wrong, {}, kDisproved, e.referee}, e.at);
  }
  void operator()(const Settled& e) {
    for (std::size_t first = 0; first < e.tasks.size(); first += tlog::kRangesPerEntry) {
      const std::size_t end = std::min(first + tlog::kRangesPerEntry, e.tasks.size());
      const auto at = [&e](std::size_t i) { return e.tasks.begin() + static_cast<std::ptrdiff_t>(i); };
      settlement(e, {at(first), at(end)}, first == 0 ? e.checked : 0);
    }
  }
  void operator()(const Vested& e) { money(tlog::Vest{e.owner, e.entries, {}}, e.chain, e.at); }
  void operator()(const OwnerConvicted& e) { money(tlog::Slash{e.owner, e.step, e.task, {}}, e.chain, e.at); }
  template <class Other>
  void operator()(const Other&) {}

 private:
  void add(tlog::EntryBody body, Time at) { out_.push_back({seq_, part_++, at, std::move(body)}); }

  /// One entry for as many lines as it may have; none where no money moved.
  template <class Body>
  void money(Body body, const Chain& chain, Time at) {
    const tlog::Lines lines = posted_lines(chain);
    for (std::size_t first = 0; first < lines.size(); first += tlog::kLinesPerEntry) {
      const std::size_t end = std::min(first + tlog::kLinesPerEntry, lines.size());
      body.lines.assign(lines.begin() + static_cast<std::ptrdiff_t>(first),
                        lines.begin() + static_cast<std::ptrdiff_t>(end));
      add(body, at);
    }
  }

  void price_list(const Policy& policy, Time at) {
    const tlog::PriceList list{policy.base_price, policy.work_price_per_1e12, policy.fee_bp,
                               policy.stake_target};
    context_.price_list = tlog::price_list_digest(list);
    add(list, at);
  }

  void add_key(PartyId party, AgentId agent, Role role, const PublicKey& identity,
               const TransportKey& transport, Time at) {
    add(tlog::KeyAdd{party, agent, role, sha256(identity.bytes), sha256(transport.bytes)}, at);
  }

  /// Reserved pay is posted in full (store.cpp), so price, fee and count say what moved either way.
  void settlement(const Settled& e, std::vector<TaskRange> tasks, std::uint32_t checked) {
    MicroCredits count = 0;
    for (const TaskRange range : tasks)
      count += range.count;
    const tlog::AccountRef escrow{tlog::AccountKind::kEscrow, e.step.job.value()};
    tlog::Lines lines;
    if (e.price > e.fee)
      lines.push_back({tlog::LineCode::kSettle,
                       escrow,
                       {tlog::AccountKind::kHeld, e.owner.value()},
                       (e.price - e.fee) * count});
    if (e.fee > 0)
      lines.push_back({tlog::LineCode::kFee, escrow, {tlog::AccountKind::kFee, 0}, e.fee * count});
    add(tlog::Settlement{e.attempt, e.agent, e.owner, e.step, e.slot, std::move(tasks), checked, e.price,
                         e.fee, context_.price_list, std::move(lines)},
        e.at);
  }

  EntryContext& context_;
  const std::uint64_t seq_;
  std::vector<tlog::Entry>& out_;
  std::uint32_t part_ = 0;
};

}  // namespace

void append_ledger_entries(EntryContext& context, std::uint64_t seq, const Event& event,
                           std::vector<tlog::Entry>& out) {
  std::visit(EntryMaker(context, seq, out), event);
}

}  // namespace reeve::core
