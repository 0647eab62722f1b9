#include "protocol/tlog/note.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "protocol/base64.h"
#include "protocol/check.h"
#include "protocol/digest.h"
#include "protocol/tlog/tree.h"
#include "protocol/utf8.h"

namespace reeve::tlog {
namespace {

constexpr std::uint8_t kEd25519 = 1;
constexpr std::string_view kDash = "\xe2\x80\x94 ";  // U+2014 and a blank
constexpr std::size_t kVkeyBytes = 1 + 32;
constexpr std::size_t kSignatureBytes = 4 + 64;

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= kOriginBytes &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '+'; });
}

bool good_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 && byte != '\n') return false;
    const std::size_t length = utf8_sequence(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

Error bad_note(const std::string& why) {
  return {ErrorCode::kCorrupt, "the note " + why, "fetch it again, or ask whoever gave it to you"};
}

Error bad_vkey(const std::string& why) {
  return {ErrorCode::kInvalid, "the log's key " + why, "it looks like NAME+1a2b3c4d+BASE64: copy it whole"};
}

std::string hex_id(std::uint32_t id) {
  const std::array<std::uint8_t, 4> bytes{static_cast<std::uint8_t>(id >> 24),
                                          static_cast<std::uint8_t>(id >> 16),
                                          static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
  return to_hex(bytes);
}

struct SignatureLine {
  std::string_view name;
  Bytes bytes;
};

/// "— name base64".
std::optional<SignatureLine> parse_signature(std::string_view line) {
  if (!line.starts_with(kDash)) return std::nullopt;
  line.remove_prefix(kDash.size());
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || blank == 0) return std::nullopt;
  std::optional<Bytes> bytes = from_base64(line.substr(blank + 1));
  if (!bytes || bytes->size() < 5) return std::nullopt;
  return SignatureLine{line.substr(0, blank), std::move(*bytes)};
}

/// The line that `text` begins with, taken off; nothing where no line end is left.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || size > kMostLeaves) return std::nullopt;
  return std::to_string(size) == text ? std::optional(size) : std::nullopt;
}

}  // namespace

std::uint32_t key_id(const Verifier& verifier) {
  const std::array<std::uint8_t, 2> between{'\n', kEd25519};
  const Digest digest =
      Sha256().update(as_bytes(verifier.name)).update(between).update(verifier.key.bytes).finish();
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < 4; ++i)
    id = id << 8 | digest.bytes[i];
  return id;
}

std::string vkey_text(const Verifier& verifier) {
  Bytes key{kEd25519};
  key.insert(key.end(), verifier.key.bytes.begin(), verifier.key.bytes.end());
  return verifier.name + "+" + hex_id(key_id(verifier)) + "+" + to_base64(key);
}

Result<Verifier> parse_vkey(std::string_view text) {
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return bad_vkey("has not three parts");
  Verifier verifier{std::string(text.substr(0, first)), {}};
  if (!good_name(verifier.name)) return bad_vkey("has no printable name without blanks");
  const std::optional<Bytes> key = from_base64(text.substr(second + 1));
  if (!key || key->size() != kVkeyBytes || key->front() != kEd25519)
    return bad_vkey("is none of Ed25519 (33 bytes, the first of them 1)");
  std::copy(key->begin() + 1, key->end(), verifier.key.bytes.begin());
  if (text.substr(first + 1, second - first - 1) != hex_id(key_id(verifier)))
    return bad_vkey("does not fit its id " + hex_id(key_id(verifier)));
  return verifier;
}

std::string sign_note(std::string_view text, const std::string& name, const Identity& signer) {
  REEVE_CHECK(good_name(name) && text.ends_with('\n') && good_text(text), "what is signed is a note");
  const std::uint32_t id = key_id({name, signer.public_key()});
  const Signature signature = signer.sign(as_bytes(text));
  Bytes bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(id >> shift));
  bytes.insert(bytes.end(), signature.bytes.begin(), signature.bytes.end());
  return std::string(text) + "\n" + std::string(kDash) + name + " " + to_base64(bytes) + "\n";
}

Result<std::string> open_note(std::string_view note, const Verifier& verifier) {
  if (note.size() > kNoteBytes) return bad_note("has more than " + std::to_string(kNoteBytes) + " bytes");
  if (!good_text(note)) return bad_note("has control characters or is no UTF-8");
  const std::size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos || !note.ends_with('\n')) return bad_note("has no signatures");
  const std::string_view text = note.substr(0, blank + 1);
  std::string_view lines = note.substr(blank + 2);
  const std::uint32_t id = key_id(verifier);
  bool verified = false;
  std::size_t count = 0;
  while (const auto line = take_line(lines)) {
    const auto signature = parse_signature(*line);
    if (!signature) return bad_note("has a malformed signature line");
    if (++count > kNoteSignatures) return bad_note("has too many signatures");
    std::uint32_t said = 0;
    for (std::size_t i = 0; i < 4; ++i)
      said = said << 8 | signature->bytes[i];
    if (signature->name != verifier.name || said != id) continue;
    Signature bytes;
    if (signature->bytes.size() != kSignatureBytes) return bad_note("has a signature of the wrong length");
    std::copy(signature->bytes.begin() + 4, signature->bytes.end(), bytes.bytes.begin());
    if (!verify(verifier.key, as_bytes(text), bytes))
      return bad_note("is not what " + verifier.name + " signed");
    verified = true;
  }
  if (!verified) return bad_note("is not signed by " + vkey_text(verifier));
  return std::string(text);
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
         to_base64(checkpoint.root.bytes) + "\n";
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  const auto bad = [](const char* line) {
    return Error{ErrorCode::kCorrupt, std::string("the checkpoint's ") + line + " is malformed",
                 "fetch it again, or ask whoever gave it to you"};
  };
  const auto origin = take_line(text);
  if (!origin || !good_name(*origin)) return bad("origin");
  const auto size = take_line(text);
  const auto parsed = size ? parse_size(*size) : std::nullopt;
  if (!parsed) return bad("size");
  const auto root = take_line(text);
  const auto bytes = root ? from_base64(*root) : std::nullopt;
  Checkpoint checkpoint{std::string(*origin), *parsed, {}};
  if (!bytes || bytes->size() != checkpoint.root.bytes.size()) return bad("root");
  std::copy(bytes->begin(), bytes->end(), checkpoint.root.bytes.begin());
  while (const auto line = take_line(text))
    if (line->empty()) return bad("further line");
  if (!text.empty()) return bad("last line");
  return checkpoint;
}

Result<Checkpoint> open_checkpoint(std::string_view note, const Verifier& verifier) {
  const Result<std::string> text = open_note(note, verifier);
  if (!text) return text.error();
  Result<Checkpoint> checkpoint = parse_checkpoint(*text);
  if (checkpoint && checkpoint->origin != verifier.name)
    return Error{ErrorCode::kCorrupt,
                 "the checkpoint is of " + checkpoint->origin + ", not of " + verifier.name,
                 "ask for the checkpoint of the log whose key you have"};
  return checkpoint;
}

}  // namespace reeve::tlog
