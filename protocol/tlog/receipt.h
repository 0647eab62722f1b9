#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/tlog/note.h"
#include "protocol/tlog/tree.h"

/// Receipts (C2SP tlog-proof): that an entry is in a log, for somebody who is not connected to anything.
namespace reeve::tlog {

/// A receipt's text: an entry of at most 65,535 bytes in base64, a proof, a checkpoint.
inline constexpr std::size_t kReceiptBytes = 256U << 10;

struct Receipt {
  Bytes entry;  // the "extra" line: what the leaf is the hash of; empty where it travels apart
  std::uint64_t index = 0;
  std::vector<Digest> path;
  std::string checkpoint;  // signed
  bool operator==(const Receipt&) const = default;
};

std::string receipt_text(const Receipt& receipt);
/// kCorrupt names the line that is malformed. Nothing is verified by this.
Result<Receipt> parse_receipt(std::string_view text);

/// The checkpoint under which `receipt.entry` stands at `receipt.index`. kCorrupt: a signature or a hash that
/// does not fit. Takes no more than one signature check and 64 hashes.
Result<Checkpoint> verify_receipt(const Receipt& receipt, const Verifier& verifier);

}  // namespace reeve::tlog
