#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "protocol/archive.h"
#include "protocol/ids.h"
#include "protocol/units.h"

/// Double entry over integer micro-credits. Nothing is edited or deleted: a correction is a new transfer.
namespace reeve::core {

enum class AccountKind : std::uint8_t {
  kMint,       // where credits come from; the only account that may be negative
  kAvailable,  // a requester's, free to spend
  kEscrow,     // a job's, held for its tasks
  kStake,      // an owner's exposure; only slashing moves it out
  kHeld,       // an owner's, accepted and not yet vested
  kPayable,    // an owner's, vested
  kPaid,       // an owner's, paid out
  kFee,        // the operator's
  kInsurance,  // slashed stakes; pays for recomputation
};

/// `owner` is a party's id, a job's id (kEscrow) or 0 (the region's own accounts).
struct AccountKey {
  AccountKind kind = AccountKind::kMint;
  std::uint64_t owner = 0;
  auto operator<=>(const AccountKey&) const = default;
};

struct Account {
  MicroCredits debits_pending = 0;
  MicroCredits credits_pending = 0;
  MicroCredits debits_posted = 0;
  MicroCredits credits_posted = 0;
  /// What may still be spent: posted, less what pending debits have reserved.
  MicroCredits available() const { return credits_posted - debits_posted - debits_pending; }
  MicroCredits balance() const { return credits_posted - debits_posted; }
  bool operator==(const Account&) const = default;
};

enum class TransferCode : std::uint8_t {
  kFund,
  kEscrowHold,
  kSettle,
  kFee,
  kRefund,
  kVest,
  kStakeWithheld,
  kClawback,
  kSlash,
  kInsurance,
};

using TransferId = std::uint64_t;

struct Transfer {
  TransferId id = 0;
  AccountKey debit;
  AccountKey credit;
  MicroCredits amount = 0;
  TransferCode code = TransferCode::kFund;
};

/// Moves money now.
struct PostedTransfer {
  Transfer transfer;
};
/// Reserves money; resolved once, by posting or voiding.
struct PendingTransfer {
  Transfer transfer;
};
/// Posts `amount` (at most what was reserved) of a pending transfer and releases the rest.
struct PostPending {
  TransferId id = 0;
  TransferId pending_id = 0;
  MicroCredits amount = 0;
};
struct VoidPending {
  TransferId id = 0;
  TransferId pending_id = 0;
};
using LedgerEntry = std::variant<PostedTransfer, PendingTransfer, PostPending, VoidPending>;

/// Entries that happen together or not at all.
using Chain = std::vector<LedgerEntry>;

/// Accounts and open reservations. Deterministic; part of the durable state.
class Ledger {
 public:
  /// Why a chain cannot be posted, naming the account; empty when it can. Changes nothing.
  std::string why_not(const Chain& chain) const;
  /// Posts a whole chain, or nothing and says why not.
  std::string try_post(const Chain& chain);
  /// Posts a whole chain. A chain that breaks a rule is a broken invariant and ends the process.
  void post(const Chain& chain);

  Account account(const AccountKey& key) const;
  const std::map<AccountKey, Account>& accounts() const { return accounts_; }
  const std::map<TransferId, Transfer>& pending() const { return pending_; }
  TransferId next_id() const { return next_id_; }

  /// Forgets an account that holds nothing (an ended job's escrow), so that state stays small.
  void close(const AccountKey& key);

  /// Checks Σ debits = Σ credits (posted and pending apart), no negative balance, reservations = Σ pending.
  /// Returns the broken invariant's name, or "".
  std::string broken_invariant() const;

  template <class A>
  friend void fields(A& a, Ledger& l) {
    a(l.accounts_, l.pending_, l.next_id_, l.closed_);
  }

 private:
  class Draft;  // the accounts a chain touches, changed apart until the whole chain fits

  std::map<AccountKey, Account> accounts_;
  std::map<TransferId, Transfer> pending_;
  TransferId next_id_ = 1;
  Account closed_;  // what closed accounts moved in all, so that the books still balance
};

template <class A>
void fields(A& a, AccountKey& k) {
  a(k.kind, k.owner);
}
template <class A>
void fields(A& a, Account& c) {
  a(c.debits_pending, c.credits_pending, c.debits_posted, c.credits_posted);
}
template <class A>
void fields(A& a, Transfer& t) {
  a(t.id, t.debit, t.credit, t.amount, t.code);
}
template <class A>
void fields(A& a, PostedTransfer& t) {
  a(t.transfer);
}
template <class A>
void fields(A& a, PendingTransfer& t) {
  a(t.transfer);
}
template <class A>
void fields(A& a, PostPending& p) {
  a(p.id, p.pending_id, p.amount);
}
template <class A>
void fields(A& a, VoidPending& p) {
  a(p.id, p.pending_id);
}

inline bool operator==(const Transfer& x, const Transfer& y) {
  return x.id == y.id && x.debit == y.debit && x.credit == y.credit && x.amount == y.amount &&
         x.code == y.code;
}

}  // namespace reeve::core
