#include "protocol/tlog/entry.h"

#include <algorithm>

#include "protocol/check.h"
#include "protocol/digest.h"
#include "protocol/tlog/tile.h"

namespace reeve::tlog {

template <class A>
void fields(A& a, AccountRef& r) {
  a(r.kind, r.owner);
}
template <class A>
void fields(A& a, Line& l) {
  a(l.code, l.debit, l.credit, l.amount);
}
template <class A>
void fields(A& a, Fund& e) {
  a(e.party, e.lines);
}
template <class A>
void fields(A& a, EscrowHold& e) {
  a(e.job, e.lines);
}
template <class A>
void fields(A& a, Acknowledged& e) {
  a(e.attempt, e.agent, e.owner, e.step, e.tasks, e.replica, e.report, e.section, e.sections);
}
template <class A>
void fields(A& a, Settlement& e) {
  a(e.attempt, e.agent, e.owner, e.step, e.slot, e.tasks, e.checked, e.price, e.fee, e.price_list, e.lines);
}
template <class A>
void fields(A& a, Refund& e) {
  a(e.job, e.lines);
}
template <class A>
void fields(A& a, Slash& e) {
  a(e.owner, e.step, e.task, e.lines);
}
template <class A>
void fields(A& a, Vest& e) {
  a(e.owner, e.settlements, e.lines);
}
template <class A>
void fields(A& a, Correction& e) {
  a(e.job, e.lines);
}
template <class A>
void fields(A& a, PriceList& e) {
  a(e.base_price, e.work_price_per_1e12, e.fee_bp, e.stake_target);
}
template <class A>
void fields(A& a, KeyAdd& e) {
  a(e.party, e.agent, e.role, e.identity, e.transport);
}
template <class A>
void fields(A& a, KeyRevoke& e) {
  a(e.party, e.agent);
}
template <class A>
void fields(A& a, Quote::Step& s) {
  a(s.tasks, s.work, s.slots, s.price);
}
template <class A>
void fields(A& a, Quote& e) {
  a(e.job, e.requester, e.max_price, e.price_list, e.steps);
}
template <class A>
void fields(A& a, Verdict& e) {
  a(e.step, e.task, e.attempts, e.owner, e.reason, e.referee);
}
template <class A>
void fields(A& a, LogOpen& e) {
  a(e.generation, e.origin, e.size, e.root);
}
template <class A>
void fields(A& a, Entry& e) {
  a(e.event, e.part, e.at, e.body);
}

namespace {

constexpr const char* kNames[] = {"fund",       "escrow_hold", "result",     "settle",     "refund",
                                  "slash",      "vest",        "correction", "price_list", "key_add",
                                  "key_revoke", "quote",       "verdict",    "log_open"};
static_assert(std::size(kNames) == std::variant_size_v<EntryBody>);

bool good_line(const Line& line) {
  return line.code <= LineCode::kInsurance && line.debit.kind <= AccountKind::kInsurance &&
         line.credit.kind <= AccountKind::kInsurance && line.amount > 0;
}

struct WithinBounds {
  bool operator()(const Settlement& e) const { return e.tasks.size() <= kRangesPerEntry; }
  bool operator()(const Quote& e) const { return e.steps.size() <= kStepsPerEntry; }
  bool operator()(const Verdict& e) const { return e.attempts.size() <= kAttemptsPerEntry; }
  bool operator()(const LogOpen& e) const { return e.origin.size() <= kOriginBytes; }
  template <class Body>
  bool operator()(const Body&) const {
    return true;
  }
};

bool within_bounds(const EntryBody& body) {
  const Lines* lines = lines_of(body);
  if (lines != nullptr &&
      (lines->size() > kLinesPerEntry || !std::all_of(lines->begin(), lines->end(), good_line)))
    return false;
  return std::visit(WithinBounds(), body);
}

}  // namespace

const char* entry_name(const EntryBody& body) {
  return kNames[body.index()];
}

const Lines* lines_of(const EntryBody& body) {
  return std::visit(
      [](const auto& e) -> const Lines* {
        if constexpr (requires { e.lines; })
          return &e.lines;
        else
          return nullptr;
      },
      body);
}

Digest price_list_digest(const PriceList& list) {
  return sha256(to_archive(list));
}

Bytes encode_entry(const Entry& entry) {
  Writer writer;
  writer(kEntryVersion, entry);
  REEVE_CHECK(writer.bytes().size() <= kEntryBytes, "an entry fits its bundle");
  return writer.take();
}

Result<Entry> decode_entry(ByteView bytes) {
  Reader reader(bytes);
  std::uint8_t version = 0;
  Entry entry;
  reader(version);
  if (version != kEntryVersion)
    return Error{ErrorCode::kCorrupt,
                 "the entry has version " + std::to_string(version) + "; this program knows " +
                     std::to_string(kEntryVersion),
                 "read it with the release that wrote it, or a later one"};
  reader(entry);
  if (!reader.ok() || !reader.at_end() || !within_bounds(entry.body) || bytes.size() > kEntryBytes)
    return Error{ErrorCode::kCorrupt, "the entry is malformed", "fetch it again"};
  const Bytes again = encode_entry(entry);
  if (!std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()))
    return Error{ErrorCode::kCorrupt, "the entry is not in its shortest form", "fetch it again"};
  return entry;
}

}  // namespace reeve::tlog
