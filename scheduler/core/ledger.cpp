#include "scheduler/core/ledger.h"

#include <algorithm>
#include <limits>

#include "protocol/check.h"

namespace reeve::core {
namespace {

const char* kind_name(AccountKind kind) {
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

std::string named(const AccountKey& key) {
  return std::string(kind_name(key.kind)) + " of " + std::to_string(key.owner);
}

bool add_overflows(MicroCredits a, MicroCredits b) {
  return a > std::numeric_limits<MicroCredits>::max() - b;
}

}  // namespace

class Ledger::Draft {
 public:
  explicit Draft(const Ledger& ledger) : ledger_(ledger) {}

  /// Why `entry` does not fit after the entries before it, or "".
  std::string add(const LedgerEntry& entry) {
    return std::visit([this](const auto& e) { return add_one(e); }, entry);
  }

  const std::vector<std::pair<AccountKey, Account>>& touched() const { return touched_; }
  const std::vector<TransferId>& resolved() const { return resolved_; }
  const std::vector<Transfer>& opened() const { return opened_; }
  TransferId next_id() const { return ledger_.next_id_ + entries_; }

 private:
  Account& account(const AccountKey& key) {
    for (auto& [held, value] : touched_)
      if (held == key) return value;
    return touched_.emplace_back(key, ledger_.account(key)).second;
  }

  std::string check_id(TransferId id) {
    if (id != next_id())
      return "transfer id " + std::to_string(id) + " is not the next, " + std::to_string(next_id());
    ++entries_;
    return "";
  }

  std::string check_transfer(const Transfer& t) {
    if (std::string why = check_id(t.id); !why.empty()) return why;
    if (t.amount <= 0) return "amount " + std::to_string(t.amount) + " is not positive";
    if (t.debit == t.credit) return "debit and credit are one account, " + named(t.debit);
    account(t.credit);  // first: a later insertion must not move what `account` returned
    const Account& from = account(t.debit);
    if (t.debit.kind != AccountKind::kMint && from.available() < t.amount)
      return named(t.debit) + " has " + std::to_string(from.available()) + ", " + std::to_string(t.amount) +
             " asked";
    const Account& to = account(t.credit);
    if (add_overflows(to.credits_posted, t.amount) || add_overflows(to.credits_pending, t.amount) ||
        add_overflows(from.debits_posted, t.amount) || add_overflows(from.debits_pending, t.amount))
      return "amount " + std::to_string(t.amount) + " overflows a counter";
    return "";
  }

  std::string add_one(const PostedTransfer& e) {
    if (std::string why = check_transfer(e.transfer); !why.empty()) return why;
    account(e.transfer.debit).debits_posted += e.transfer.amount;
    account(e.transfer.credit).credits_posted += e.transfer.amount;
    return "";
  }

  std::string add_one(const PendingTransfer& e) {
    if (std::string why = check_transfer(e.transfer); !why.empty()) return why;
    account(e.transfer.debit).debits_pending += e.transfer.amount;
    account(e.transfer.credit).credits_pending += e.transfer.amount;
    opened_.push_back(e.transfer);
    return "";
  }

  std::string resolve(TransferId id, TransferId pending_id, MicroCredits post_amount) {
    if (std::string why = check_id(id); !why.empty()) return why;
    const auto found = ledger_.pending_.find(pending_id);
    const bool again = std::find(resolved_.begin(), resolved_.end(), pending_id) != resolved_.end();
    if (found == ledger_.pending_.end() || again)
      return "pending transfer " + std::to_string(pending_id) +
             " is not open (a pending transfer is resolved once)";
    const Transfer& t = found->second;
    if (post_amount < 0 || post_amount > t.amount)
      return "posts more than transfer " + std::to_string(pending_id) + " reserved";
    Account& from = account(t.debit);
    from.debits_pending -= t.amount;
    from.debits_posted += post_amount;
    Account& to = account(t.credit);
    to.credits_pending -= t.amount;
    to.credits_posted += post_amount;
    resolved_.push_back(pending_id);
    return "";
  }

  std::string add_one(const PostPending& e) { return resolve(e.id, e.pending_id, e.amount); }
  std::string add_one(const VoidPending& e) { return resolve(e.id, e.pending_id, 0); }

  const Ledger& ledger_;
  std::vector<std::pair<AccountKey, Account>> touched_;
  std::vector<TransferId> resolved_;
  std::vector<Transfer> opened_;
  std::uint64_t entries_ = 0;
};

std::string Ledger::why_not(const Chain& chain) const {
  Draft draft(*this);
  for (const LedgerEntry& entry : chain)
    if (std::string why = draft.add(entry); !why.empty()) return why;
  return "";
}

void Ledger::post(const Chain& chain) {
  const std::string why = try_post(chain);
  REEVE_CHECK(why.empty(), why.c_str());
}

std::string Ledger::try_post(const Chain& chain) {
  Draft draft(*this);
  for (const LedgerEntry& entry : chain)
    if (std::string why = draft.add(entry); !why.empty()) return why;
  for (const auto& [key, account] : draft.touched())
    accounts_[key] = account;
  for (const TransferId id : draft.resolved())
    pending_.erase(id);
  for (const Transfer& transfer : draft.opened())
    pending_.emplace(transfer.id, transfer);
  next_id_ = draft.next_id();
  return "";
}

Account Ledger::account(const AccountKey& key) const {
  const auto found = accounts_.find(key);
  return found == accounts_.end() ? Account{} : found->second;
}

void Ledger::close(const AccountKey& key) {
  const auto found = accounts_.find(key);
  if (found == accounts_.end()) return;
  const Account& account = found->second;
  REEVE_CHECK(account.balance() == 0 && account.debits_pending == 0 && account.credits_pending == 0,
              "an ended job holds zero");
  closed_.debits_posted += account.debits_posted;
  closed_.credits_posted += account.credits_posted;
  accounts_.erase(found);
}

std::string Ledger::broken_invariant() const {
  __extension__ using Wide = __int128;
  Wide debits_posted = closed_.debits_posted;
  Wide credits_posted = closed_.credits_posted;
  Wide debits_pending = 0;
  Wide credits_pending = 0;
  for (const auto& [key, account] : accounts_) {
    debits_posted += account.debits_posted;
    credits_posted += account.credits_posted;
    debits_pending += account.debits_pending;
    credits_pending += account.credits_pending;
    if (key.kind != AccountKind::kMint && account.available() < 0)
      return "no negative balance: " + named(key);
  }
  Wide reserved = 0;
  for (const auto& [id, transfer] : pending_)
    reserved += transfer.amount;
  if (debits_posted != credits_posted) return "sum of posted debits = sum of posted credits";
  if (debits_pending != credits_pending) return "sum of pending debits = sum of pending credits";
  if (debits_pending != reserved) return "pending counters = open pending transfers";
  return "";
}

}  // namespace reeve::core
