#pragma once

#include <filesystem>

#include "protocol/keys.h"
#include "protocol/result.h"

/// Private keys at rest: TOML of a few lines, readable by its owner alone.
///
///   kind = "identity"            # or "transport", "secret"
///   public = "did:key:z6Mk…"     # for people; transport: hexadecimal; secret: absent
///   secret = "64 hexadecimal digits"
namespace reeve {

/// Writes a new file with mode 0600 and syncs it and its folder. Never replaces one (kConflict).
Result<void> save_identity(const std::filesystem::path& path, const Identity& identity);
Result<void> save_transport(const std::filesystem::path& path, const TransportPair& pair);
Result<void> save_secret(const std::filesystem::path& path, const SecretBytes& secret);

/// Refuses a file that group or others may read (kNotAllowed), that is none of the asked kind or whose public
/// half is not that of its secret (kInvalid); kNotFound where there is none.
Result<Identity> load_identity(const std::filesystem::path& path);
Result<TransportPair> load_transport(const std::filesystem::path& path);
Result<SecretBytes> load_secret(const std::filesystem::path& path);

}  // namespace reeve
