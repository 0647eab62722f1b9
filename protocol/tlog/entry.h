#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "protocol/archive.h"
#include "protocol/ids.h"
#include "protocol/result.h"
#include "protocol/roles.h"
#include "protocol/tlog/note.h"
#include "protocol/units.h"

/// What a region writes into its transparent log: every movement of money and every acknowledgement, as ids,
/// digests and amounts. docs/formats/log.md has the bytes.
namespace reeve::tlog {

inline constexpr std::uint8_t kEntryVersion = 1;
/// Bounds of one entry, so that it stays below 65,535 bytes; what has more becomes several entries.
inline constexpr std::size_t kLinesPerEntry = 1024;
inline constexpr std::size_t kRangesPerEntry = 2048;
inline constexpr std::size_t kStepsPerEntry = 256;
inline constexpr std::size_t kAttemptsPerEntry = 1024;

/// Kinds of accounts, numbered as the ledger numbers them.
enum class AccountKind : std::uint8_t {
  kMint,
  kAvailable,
  kEscrow,
  kStake,
  kHeld,
  kPayable,
  kPaid,
  kFee,
  kInsurance,
};
/// `owner` is a party, a job (kEscrow), or 0: the region's own.
struct AccountRef {
  AccountKind kind = AccountKind::kMint;
  std::uint64_t owner = 0;
  auto operator<=>(const AccountRef&) const = default;
};

/// Why money moved, numbered as the ledger numbers it.
enum class LineCode : std::uint8_t {
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
/// Money that moved: `amount` micro-credits from `debit` to `credit`.
struct Line {
  LineCode code = LineCode::kFund;
  AccountRef debit;
  AccountRef credit;
  MicroCredits amount = 0;
  bool operator==(const Line&) const = default;
};
using Lines = std::vector<Line>;

struct Fund {
  PartyId party;
  Lines lines;
  bool operator==(const Fund&) const = default;
};
struct EscrowHold {
  JobId job;
  Lines lines;
  bool operator==(const EscrowHold&) const = default;
};
/// A report was taken: the region cannot say later that it never came.
///   report   SHA-256 of the agent's signature on the report
///   section  of how many: what of the report this entry is about
struct Acknowledged {
  AttemptId attempt;
  AgentId agent;
  PartyId owner;
  StepRef step;
  TaskRange tasks;
  std::uint32_t replica = 0;
  Digest report;
  std::uint32_t section = 0;
  std::uint32_t sections = 1;
  bool operator==(const Acknowledged&) const = default;
};
/// One owner's pay for tasks of one attempt. The lines move (price - fee) and fee for each task.
///   slot        the tasks' replica slot: each (task, slot) is settled once
///   checked     how many tasks another owner or the referee confirmed
///   price, fee  of a task; the price is that of the job's quote, the fee that of `price_list`
struct Settlement {
  AttemptId attempt;
  AgentId agent;
  PartyId owner;
  StepRef step;
  std::uint32_t slot = 0;
  std::vector<TaskRange> tasks;
  std::uint32_t checked = 0;
  MicroCredits price = 0;
  MicroCredits fee = 0;
  Digest price_list;
  Lines lines;
  bool operator==(const Settlement&) const = default;
};
/// What an ended job's escrow still held goes back.
struct Refund {
  JobId job;
  Lines lines;
  bool operator==(const Refund&) const = default;
};
/// A convicted owner: stake slashed, unvested pay taken back.
struct Slash {
  PartyId owner;
  StepRef step;  // where the last wrong result was
  TaskIndex task = 0;
  Lines lines;
  bool operator==(const Slash&) const = default;
};
/// The oldest `settlements` of the owner's held ones can no longer be recalled.
struct Vest {
  PartyId owner;
  std::uint32_t settlements = 0;
  Lines lines;
  bool operator==(const Vest&) const = default;
};
/// What a conviction undid is computed again, with the insurance's money.
struct Correction {
  JobId job;
  Lines lines;
  bool operator==(const Correction&) const = default;
};
/// Prices from here on: a task costs (base + ⌈work · work_price_per_1e12 / 10^12⌉) · slots, the fee is
/// ⌊price · fee_bp / 10^4⌋. Its digest is SHA-256 of its encoding, and names it in quotes and settlements.
struct PriceList {
  MicroCredits base_price = 0;
  std::uint64_t work_price_per_1e12 = 0;
  std::uint32_t fee_bp = 0;
  MicroCredits stake_target = 0;
  bool operator==(const PriceList&) const = default;
};
Digest price_list_digest(const PriceList& list);
/// Who may speak from here on. Keys stand as their SHA-256: whoever has a key can find it, nobody else.
struct KeyAdd {
  PartyId party;  // itself, or the owner of `agent`
  AgentId agent;  // 0: the key is the party's
  Role role = Role::kStranger;
  Digest identity;
  Digest transport;
  bool operator==(const KeyAdd&) const = default;
};
struct KeyRevoke {
  PartyId party;
  AgentId agent;
  bool operator==(const KeyRevoke&) const = default;
};
/// What the requester was promised when a job was accepted.
struct Quote {
  struct Step {
    std::uint32_t tasks = 0;
    std::uint64_t work = 0;   // leaf work of a task
    std::uint32_t slots = 1;  // of a gang, at least; 1: it is none
    MicroCredits price = 0;   // of a task, for one accepted attempt
    bool operator==(const Step&) const = default;
  };
  JobId job;
  PartyId requester;
  MicroCredits max_price = 0;  // 0: the quote's own worst case
  Digest price_list;
  std::vector<Step> steps;
  bool operator==(const Quote&) const = default;
};
/// Results that are out and unpaid. `reason`: docs/formats/log.md.
struct Verdict {
  StepRef step;
  TaskIndex task = 0;
  std::vector<AttemptId> attempts;
  PartyId owner;  // 0: said by the attempts alone
  std::uint8_t reason = 0;
  AgentId referee;  // 0: none was needed
  bool operator==(const Verdict&) const = default;
};
/// The log goes on under another origin, because the region was restored from behind what it had published.
struct LogOpen {
  std::uint64_t generation = 1;
  std::string origin;      // that was published before ...
  std::uint64_t size = 0;  // ... with so many leaves ...
  Digest root;             // ... under this root
  bool operator==(const LogOpen&) const = default;
};

/// The order is the format: a body's place is its code.
using EntryBody = std::variant<Fund, EscrowHold, Acknowledged, Settlement, Refund, Slash, Vest, Correction,
                               PriceList, KeyAdd, KeyRevoke, Quote, Verdict, LogOpen>;

struct Entry {
  std::uint64_t event = 0;  // number of the region's event that it comes from
  std::uint32_t part = 0;   // among the entries of that event
  Time at;                  // 0: the event says no time of its own
  EntryBody body;
  bool operator==(const Entry&) const = default;
};

/// "settle", "result": as the documentation says.
const char* entry_name(const EntryBody& body);
/// The money that the entry moves; null where it moves none.
const Lines* lines_of(const EntryBody& body);

Bytes encode_entry(const Entry& entry);
/// kCorrupt: these are not exactly the bytes of an entry within its bounds.
Result<Entry> decode_entry(ByteView bytes);

}  // namespace reeve::tlog
