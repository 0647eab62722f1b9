#include "protocol/tlog/receipt.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "protocol/base64.h"
#include "protocol/tlog/tile.h"

namespace reeve::tlog {
namespace {

constexpr std::string_view kHead = "c2sp.org/tlog-proof@v1\n";

Error bad(const std::string& what) {
  return {ErrorCode::kCorrupt, "the receipt's " + what + " is malformed",
          "ask for the receipt again: `reeve ledger receipt`"};
}

std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

bool take_word(std::optional<std::string_view>& line, std::string_view word) {
  if (!line || !line->starts_with(word)) return false;
  line->remove_prefix(word.size());
  return true;
}

std::optional<std::uint64_t> parse_index(std::string_view text) {
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size() || index >= kMostLeaves) return std::nullopt;
  return std::to_string(index) == text ? std::optional(index) : std::nullopt;
}

}  // namespace

std::string receipt_text(const Receipt& receipt) {
  std::string text(kHead);
  if (!receipt.entry.empty()) text += "extra " + to_base64(receipt.entry) + "\n";
  text += "index " + std::to_string(receipt.index) + "\n";
  for (const Digest& hash : receipt.path)
    text += to_base64(hash.bytes) + "\n";
  return text + "\n" + receipt.checkpoint;
}

Result<Receipt> parse_receipt(std::string_view text) {
  if (text.size() > kReceiptBytes) return bad("length of " + std::to_string(text.size()) + " bytes");
  if (!text.starts_with(kHead)) return bad("first line");
  text.remove_prefix(kHead.size());
  Receipt receipt;
  std::optional<std::string_view> line = take_line(text);
  if (take_word(line, "extra ")) {
    std::optional<Bytes> entry = from_base64(*line);
    if (!entry || entry->empty() || entry->size() > kEntryBytes) return bad("line 'extra'");
    receipt.entry = std::move(*entry);
    line = take_line(text);
  }
  if (!take_word(line, "index ")) return bad("line 'index'");
  const auto index = parse_index(*line);
  if (!index) return bad("line 'index'");
  receipt.index = *index;
  for (line = take_line(text); line && !line->empty(); line = take_line(text)) {
    const std::optional<Bytes> hash = from_base64(*line);
    Digest digest;
    if (!hash || hash->size() != digest.bytes.size() || receipt.path.size() == kMostProofHashes)
      return bad("hash " + std::to_string(receipt.path.size() + 1));
    std::copy(hash->begin(), hash->end(), digest.bytes.begin());
    receipt.path.push_back(digest);
  }
  if (!line || text.empty() || text.size() > kNoteBytes) return bad("checkpoint");
  receipt.checkpoint = std::string(text);
  return receipt;
}

Result<Checkpoint> verify_receipt(const Receipt& receipt, const Verifier& verifier) {
  Result<Checkpoint> checkpoint = open_checkpoint(receipt.checkpoint, verifier);
  if (!checkpoint) return checkpoint;
  if (verify_inclusion(leaf_hash(receipt.entry), receipt.index, checkpoint->size, receipt.path,
                       checkpoint->root))
    return checkpoint;
  return Error{ErrorCode::kCorrupt,
               "the entry is not leaf " + std::to_string(receipt.index) + " of the log's " +
                   std::to_string(checkpoint->size) + " under its root",
               "the receipt or its entry was changed: ask for it again"};
}

}  // namespace reeve::tlog
