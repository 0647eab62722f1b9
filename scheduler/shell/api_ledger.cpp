
#include "protocol/archive.h"
#include "protocol/digest.h"
#include "scheduler/shell/api_rows.h"

/// What the API says of the books.
namespace reeve::shell {
namespace {

using Json = Api::Json;
using core::AccountKey;
using core::AccountKind;

constexpr std::uint64_t kMostTransfers = 100'000;
constexpr std::size_t kMostProblems = 20;
constexpr const char* kAllChains =
    "SELECT seq, at_ns, job, step, first, count, attempt, entries FROM chains WHERE ?1=0 ORDER BY seq DESC"
    " LIMIT ?2";
// Each half walks an index of its own, newest first.
constexpr const char* kChainsOfParty =
    "WITH mine(seq) AS (SELECT * FROM (SELECT seq FROM chains WHERE party=?1 AND party<>0 ORDER BY seq DESC"
    " LIMIT ?2) UNION SELECT * FROM (SELECT seq FROM chains WHERE requester=?1 AND requester<>0"
    " ORDER BY seq DESC LIMIT ?2)) SELECT seq, at_ns, job, step, first, count, attempt, entries FROM mine"
    " JOIN chains USING(seq) ORDER BY seq DESC LIMIT ?2";

const char* account_name(AccountKind kind) {
  switch (kind) {
    case AccountKind::kMint: return "mint";
    case AccountKind::kAvailable: return "available";
    case AccountKind::kEscrow: return "escrow";
    case AccountKind::kStake: return "stake";
    case AccountKind::kHeld: return "held";
    case AccountKind::kPayable: return "payable";
    case AccountKind::kPaid: return "paid";
    case AccountKind::kFee: return "fee";
    case AccountKind::kInsurance: return "insurance";
  }
  return "unknown";
}

const char* code_name(core::TransferCode code) {
  switch (code) {
    case core::TransferCode::kFund: return "fund";
    case core::TransferCode::kEscrowHold: return "escrow_hold";
    case core::TransferCode::kSettle: return "settle";
    case core::TransferCode::kFee: return "fee";
    case core::TransferCode::kRefund: return "refund";
    case core::TransferCode::kVest: return "vest";
    case core::TransferCode::kStakeWithheld: return "stake_withheld";
    case core::TransferCode::kClawback: return "clawback";
    case core::TransferCode::kSlash: return "slash";
    case core::TransferCode::kInsurance: return "insurance";
  }
  return "unknown";
}

using NameOf = std::function<std::string(std::uint64_t party)>;

Json side_json(const AccountKey& key, const NameOf& name_of) {
  const bool job = key.kind == AccountKind::kEscrow;
  const std::uint64_t party = job ? 0 : key.owner;
  return {{"account", account_name(key.kind)},
          {"party", party},
          {"party_name", party == 0 ? "" : name_of(party)},
          {"job", job ? key.owner : 0}};
}

/// Balances as the stored transfers give them.
class Recount {
 public:
  void add(const core::LedgerEntry& entry) {
    ++transfers_;
    if (const auto* posted = std::get_if<core::PostedTransfer>(&entry)) move(posted->transfer);
    if (const auto* pending = std::get_if<core::PendingTransfer>(&entry)) reserve(pending->transfer);
    if (const auto* post = std::get_if<core::PostPending>(&entry)) resolve(post->pending_id, post->amount);
    if (const auto* none = std::get_if<core::VoidPending>(&entry)) resolve(none->pending_id, 0);
  }
  std::uint64_t transfers() const { return transfers_; }

  /// How the recount differs from the live accounts; closed ones must be empty.
  std::vector<std::string> differences(const std::map<AccountKey, core::Account>& live) {
    for (const auto& [key, account] : live)
      if (const core::Account& mine = accounts_[key]; !(mine == account))
        problem(key, mine.balance(), account.balance());
    for (const auto& [key, account] : accounts_)
      if (!live.contains(key) &&
          (account.balance() != 0 || account.debits_pending != 0 || account.credits_pending != 0))
        problem(key, account.balance(), 0);
    return problems_;
  }

 private:
  void problem(const AccountKey& key, MicroCredits counted, MicroCredits held) {
    if (problems_.size() >= kMostProblems) return;
    problems_.push_back(std::string(account_name(key.kind)) + " " + std::to_string(key.owner) +
                        ": the transfers give " + std::to_string(counted) + ", the account says " +
                        std::to_string(held));
  }
  void move(const core::Transfer& transfer) {
    accounts_[transfer.debit].debits_posted += transfer.amount;
    accounts_[transfer.credit].credits_posted += transfer.amount;
  }
  void reserve(const core::Transfer& transfer) {
    accounts_[transfer.debit].debits_pending += transfer.amount;
    accounts_[transfer.credit].credits_pending += transfer.amount;
    pending_[transfer.id] = transfer;
  }
  void resolve(core::TransferId id, MicroCredits amount) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) {
      if (problems_.size() < kMostProblems)
        problems_.push_back("transfer " + std::to_string(id) + " was resolved twice");
      return;
    }
    core::Transfer transfer = found->second;
    accounts_[transfer.debit].debits_pending -= transfer.amount;
    accounts_[transfer.credit].credits_pending -= transfer.amount;
    transfer.amount = amount;
    move(transfer);
    pending_.erase(found);
  }

  std::map<AccountKey, core::Account> accounts_;
  std::map<core::TransferId, core::Transfer> pending_;
  std::vector<std::string> problems_;
  std::uint64_t transfers_ = 0;
};

Json entry_json(const core::LedgerEntry& entry, const NameOf& name_of) {
  struct Visitor {
    const NameOf& name_of;
    Json operator()(const core::PostedTransfer& e) const { return transfer(e.transfer); }
    Json operator()(const core::PendingTransfer& e) const {
      Json json = transfer(e.transfer);
      json["pending"] = true;
      return json;
    }
    Json operator()(const core::PostPending& e) const {
      return {
          {"id", e.id}, {"code", "post_pending"}, {"amount_micro", e.amount}, {"pending_id", e.pending_id}};
    }
    Json operator()(const core::VoidPending& e) const {
      return {{"id", e.id}, {"code", "void_pending"}, {"amount_micro", 0}, {"pending_id", e.pending_id}};
    }
    Json transfer(const core::Transfer& t) const {
      return {{"id", t.id},
              {"code", code_name(t.code)},
              {"debit", side_json(t.debit, name_of)},
              {"credit", side_json(t.credit, name_of)},
              {"amount_micro", t.amount},
              {"pending_id", 0}};
    }
  };
  return std::visit(Visitor{name_of}, entry);
}

}  // namespace

Result<Json> Api::balance(const Request& request) {
  const bool all = request.caller.role == Role::kOperator;
  const std::uint64_t only = all ? request.number("party", 0, UINT64_MAX) : request.caller.party.value();
  Json list = Json::array();
  sources_.view.ask([&](const core::Durable& state) {
    for (const auto& [key, account] : state.ledger.accounts()) {
      const bool escrow = key.kind == AccountKind::kEscrow;
      const core::Job* job = escrow ? state.find_job(JobId(key.owner)) : nullptr;
      const std::uint64_t party = escrow ? (job == nullptr ? 0 : job->requester.value()) : key.owner;
      if ((!all || only != 0) && (party != only || party == 0)) continue;
      const auto name = state.parties.find(PartyId(party));
      list.push_back({{"party", party},
                      {"party_name", name == state.parties.end() ? "" : name->second.name},
                      {"account", account_name(key.kind)},
                      {"job", nullptr},
                      {"debits_pending", account.debits_pending},
                      {"credits_pending", account.credits_pending},
                      {"debits_posted", account.debits_posted},
                      {"credits_posted", account.credits_posted},
                      {"balance_micro", account.balance()}});
      if (escrow) list.back()["job"] = key.owner;
      if (list.size() >= kMostTransfers) return;
    }
  });
  return Json{{"accounts", list}};
}

Result<Json> Api::history(const Request& request) {
  const bool all = request.caller.role == Role::kOperator;
  const std::uint64_t party = all ? request.number("party", 0, UINT64_MAX) : request.caller.party.value();
  const std::uint64_t limit = request.number("limit", 100, kMostTransfers);
  Statement rows = database_.must_prepare(party == 0 ? kAllChains : kChainsOfParty);
  rows.bind(party, limit);
  const NameOf name_of = [this](std::uint64_t id) { return party_name(id); };
  Json list = Json::array();
  while (list.size() < limit) {
    const Result<bool> row = rows.step();
    if (!row) return row.error();
    if (!*row) break;
    core::Chain chain;
    if (!from_archive(rows.blob(7), chain))
      return Error{ErrorCode::kCorrupt, "a stored chain cannot be read", "remove view.db and start again"};
    for (const core::LedgerEntry& entry : chain) {
      Json json = entry_json(entry, name_of);
      json["when_ns"] = rows.integer(1);
      json["job"] = rows.number(2);
      json["step"] = rows.number(3);
      json["first"] = rows.number(4);
      json["count"] = rows.number(5);
      json["attempt"] = rows.number(6);
      json["chain"] = rows.number(0);
      list.push_back(std::move(json));
    }
  }
  return Json{{"transfers", list}};
}

/// Recomputes every balance from the stored transfers. The rows and the live accounts are those of one event.
Result<Json> Api::verify(const Request& request) {
  if (request.caller.role != Role::kOperator && request.caller.role != Role::kOwner &&
      request.caller.role != Role::kRequester)
    return Error{ErrorCode::kNotAllowed, "only enrolled parties ask for this", ""};
  std::map<AccountKey, core::Account> live;
  std::string broken;
  std::string state_hash;
  std::uint64_t events = 0;
  const OneEvent one(*this, [&](const core::Durable& state) {
    live = state.ledger.accounts();
    broken = core::broken_invariant(state);
    state_hash = to_hex(sha256(core::encode_state(state)));
    events = state.events;
  });
  if (!one.begun()) return one.begun().error();
  Recount recount;
  Statement rows = database_.must_prepare("SELECT entries FROM chains ORDER BY seq");
  bool readable = true;
  for (;;) {
    const Result<bool> row = rows.step();
    if (!row || !*row) break;
    core::Chain chain;
    readable = from_archive(rows.blob(0), chain) && readable;
    for (const core::LedgerEntry& entry : chain)
      recount.add(entry);
  }
  std::vector<std::string> problems = recount.differences(live);
  if (!broken.empty()) problems.push_back("a rule of the books does not hold: " + broken);
  if (!readable) problems.push_back("a stored chain cannot be read");
  return Json{{"verify",
               {{"ok", problems.empty()},
                {"transfers", recount.transfers()},
                {"accounts", live.size()},
                {"events", events},
                {"state_hash", state_hash},
                {"problems", problems}}}};
}

}  // namespace reeve::shell
