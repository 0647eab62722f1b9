#include "scheduler/shell/ledger_log.h"

#include <utility>

#include "protocol/check.h"
#include "protocol/merkle.h"

namespace reeve::shell {
namespace {

constexpr std::uint8_t kHeadVersion = 1;

AttemptId attempt_of(const tlog::EntryBody& body) {
  if (const auto* result = std::get_if<tlog::Acknowledged>(&body)) return result->attempt;
  if (const auto* settlement = std::get_if<tlog::Settlement>(&body)) return settlement->attempt;
  return {};
}

/// The stored form of a head.
struct HeadFields {
  std::uint64_t seq = 0;
  std::uint64_t size = 0;
  std::vector<Digest> peaks;
  core::EntryContext context;
  struct Opening {
    std::uint64_t seq = 0;
    std::uint64_t generation = 0;
    std::string origin;
    std::uint64_t size = 0;
    Digest root;
  };
  std::vector<Opening> openings;
  std::string checkpoint;
};

template <class A>
void fields(A& a, HeadFields::Opening& o) {
  a(o.seq, o.generation, o.origin, o.size, o.root);
}
template <class A>
void fields(A& a, HeadFields& h) {
  a(h.seq, h.size, h.peaks, h.context, h.openings, h.checkpoint);
}

}  // namespace

Bytes encode_log_head(const LogHead& head) {
  HeadFields stored{head.seq, head.tree.size(), head.tree.peaks(), head.context, {}, head.checkpoint};
  for (const LogOpening& opening : head.openings)
    stored.openings.push_back({opening.seq, opening.opened.generation, opening.opened.origin,
                               opening.opened.size, opening.opened.root});
  Writer writer;
  writer(kHeadVersion, stored);
  return writer.take();
}

Result<LogHead> decode_log_head(ByteView bytes) {
  HeadFields stored;
  std::uint8_t version = 0;
  Reader reader(bytes);
  reader(version, stored);
  const bool whole = reader.ok() && reader.at_end() && version == kHeadVersion;
  auto tree = tlog::Frontier::from(stored.size, std::move(stored.peaks));
  if (!whole || !tree)
    return Error{ErrorCode::kCorrupt, "the head of the transparent log cannot be read",
                 "use the release that wrote it, or restore the file from a backup"};
  LogHead head{stored.seq, std::move(*tree), stored.context, {}, std::move(stored.checkpoint)};
  for (HeadFields::Opening& o : stored.openings)
    head.openings.push_back({o.seq, {o.generation, std::move(o.origin), o.size, o.root}});
  return head;
}

std::string log_origin(const TransportKey& region, std::uint64_t generation) {
  return "reeve/" + to_hex(ByteView(region.bytes).first(8)) + "/" + std::to_string(generation);
}

LedgerLog::LedgerLog(LogHead head, TransportKey region, Identity key)
    : head_(std::move(head)), region_(region), key_(std::move(key)) {
  signed_ = !head_.checkpoint.empty();
}

tlog::Verifier LedgerLog::verifier_of(std::uint64_t generation) const {
  return {log_origin(region_, generation), key_.public_key()};
}

void LedgerLog::add(std::uint64_t seq, const core::Event& event) {
  REEVE_CHECK(seq == head_.seq + 1, "the log takes every event once, in order");
  head_.seq = seq;
  scratch_.clear();
  core::append_ledger_entries(head_.context, seq, event, scratch_);
  for (const tlog::Entry& entry : scratch_)
    append(entry);
}

void LedgerLog::reopen(const tlog::LogOpen& opened) {
  head_.openings.push_back({head_.seq, opened});
  append({head_.seq, ~0U, {}, opened});
}

void LedgerLog::append(const tlog::Entry& entry) {
  const Bytes bytes = tlog::encode_entry(entry);
  head_.tree.append(leaf_hash(bytes),
                    [this](unsigned level, const Digest& hash) { batch_.hashes.at(level).push_back(hash); });
  tlog::append_entry(batch_.entries, bytes);
  batch_.sizes.push_back(static_cast<std::uint32_t>(bytes.size() + 2));
  batch_.attempts.push_back(attempt_of(entry.body));
  signed_ = false;
}

const LogHead& LedgerLog::seal() {
  if (!signed_) {
    const std::string origin = log_origin(region_, head_.generation());
    head_.checkpoint =
        tlog::sign_note(tlog::checkpoint_text({origin, head_.tree.size(), head_.tree.root()}), origin, key_);
    signed_ = true;
  }
  return head_;
}

LogBatch LedgerLog::take() {
  batch_.head = head_;
  return std::exchange(batch_, {});
}

}  // namespace reeve::shell
