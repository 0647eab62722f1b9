#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/keys.h"
#include "protocol/result.h"

/// Signed notes (C2SP signed-note) with Ed25519 keys, and checkpoints of a log (C2SP tlog-checkpoint) as
/// their text.
namespace reeve::tlog {

/// A note with its signatures: a checkpoint, and as many witnesses as anybody has.
inline constexpr std::size_t kNoteBytes = 64U << 10;
inline constexpr std::size_t kNoteSignatures = 64;
inline constexpr std::size_t kOriginBytes = 128;

/// Whose signature a reader trusts. `name` has no blanks and no plus.
struct Verifier {
  std::string name;
  PublicKey key;
  bool operator==(const Verifier&) const = default;
};

/// First four bytes, as a big-endian number, of SHA-256(name, line end, 1, key).
std::uint32_t key_id(const Verifier& verifier);
/// "name+1a2b3c4d+AbCd…": what a reader is configured with.
std::string vkey_text(const Verifier& verifier);
/// kInvalid names what is wrong: form, key id, kind of key.
Result<Verifier> parse_vkey(std::string_view text);

/// `text` ends with a line end; the note is it, a blank line, and the signature's line.
std::string sign_note(std::string_view text, const std::string& name, const Identity& signer);
/// The text of a note that `verifier` signed. kCorrupt: it is no note, or that signature is missing or wrong.
/// Signatures of others are left alone.
Result<std::string> open_note(std::string_view note, const Verifier& verifier);

/// What a log says of itself: so many leaves, under this root.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Digest root;
  bool operator==(const Checkpoint&) const = default;
};

std::string checkpoint_text(const Checkpoint& checkpoint);
/// Lines beyond the root are taken and left alone, as the specification asks. kCorrupt names the line.
Result<Checkpoint> parse_checkpoint(std::string_view text);
/// Opens a note and reads it as a checkpoint whose origin is the verifier's name.
Result<Checkpoint> open_checkpoint(std::string_view note, const Verifier& verifier);

}  // namespace reeve::tlog
