#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/keys.h"
#include "protocol/tlog/tile.h"
#include "scheduler/core/ledger_entries.h"

/// The transparent log (docs/formats/log.md) as the writer's thread grows it: from committed events alone.
namespace reeve::shell {

/// Levels of tiles: 256^8 leaves are more than a log may have.
inline constexpr std::size_t kLogLevels = 8;

/// The log's tree goes on under a new origin after event `seq`.
struct LogOpening {
  std::uint64_t seq = 0;
  tlog::LogOpen opened;
};

/// All that the next entry needs of those before it. The journal keeps the newest one with each commit.
struct LogHead {
  std::uint64_t seq = 0;  // the entries of events up to here are in the tree
  tlog::Frontier tree;
  core::EntryContext context;
  std::vector<LogOpening> openings;
  std::string checkpoint;  // signed, of exactly this tree; empty while it has no leaf

  std::uint64_t generation() const { return openings.empty() ? 1 : openings.back().opened.generation; }
};

Bytes encode_log_head(const LogHead& head);
/// kCorrupt: no head of this version.
Result<LogHead> decode_log_head(ByteView bytes);

/// "reeve/0123456789abcdef/1": the first half of the region's key in hexadecimal, and the generation.
std::string log_origin(const TransportKey& region, std::uint64_t generation);

/// What was added to the log since the last batch, for its files.
struct LogBatch {
  Bytes entries;                                       // each with its length, as bundles have them
  std::vector<std::uint32_t> sizes;                    // of the entries, with their lengths
  std::vector<AttemptId> attempts;                     // of the entries; 0: about none
  std::array<std::vector<Digest>, kLogLevels> hashes;  // by level of tiles
  LogHead head;                                        // after them

  std::size_t bytes() const { return entries.size() + sizes.size() * 48; }
};

class LedgerLog {
 public:
  LedgerLog(LogHead head, TransportKey region, Identity key);

  /// Event `seq`, which follows the last one. Cheap: no signature, no I/O.
  void add(std::uint64_t seq, const core::Event& event);
  /// Goes on under a new origin that names what had been published under the old one.
  void reopen(const tlog::LogOpen& opened);
  /// Signs what there is; the head is to be in the journal before anybody sees it.
  const LogHead& seal();
  const LogHead& head() const { return head_; }
  /// What was added since the last call.
  LogBatch take();

  tlog::Verifier verifier() const { return verifier_of(head_.generation()); }
  tlog::Verifier verifier_of(std::uint64_t generation) const;

 private:
  void append(const tlog::Entry& entry);

  LogHead head_;
  const TransportKey region_;
  const Identity key_;
  LogBatch batch_;
  std::vector<tlog::Entry> scratch_;
  bool signed_ = true;  // head_.checkpoint is of head_.tree
};

}  // namespace reeve::shell
