#pragma once

#include <filesystem>
#include <string>

#include "client/config.h"
#include "protocol/invitation.h"
#include "protocol/keys.h"
#include "protocol/roles.h"

/// Whose keys speak to which region. A user's lie in his home (identity.key, transport.key, region.toml), the
/// operator's in the region's own folder (region.toml, keys/).
namespace reeve::client {

struct Login {
  RegionAddress region;
  std::string region_name;
  std::string role;  // as it was when the invitation was taken up
  TransportPair transport;
  std::filesystem::path identity_file;
};

/// The operator's login where a region's folder is set (--region, REEVE_REGION) or is the working directory,
/// otherwise the user's.
/// kNotFound: nobody has logged in from this home yet.
Result<Login> load_login(const Config& config);

/// The keys of a home, made where they are missing. kNotAllowed: others may read them.
struct HomeKeys {
  Identity identity;
  TransportPair transport;
};
Result<HomeKeys> ensure_home_keys(const std::filesystem::path& home);

/// True when the home already belongs to a region.
bool logged_in(const std::filesystem::path& home);
/// Writes region.toml, whole or not at all.
Result<void> save_login(const std::filesystem::path& home, const RegionAddress& region,
                        const std::string& region_name, Role role);

/// "HOST:PORT"; IPv6 in brackets.
std::string endpoint_text(const RegionAddress& region);
/// kInvalid names what is wrong. The server key is left as it is.
Result<void> parse_endpoint(std::string_view text, RegionAddress& region);

/// An invitation as it was given: itself, @FILE, or (empty) from the environment REEVE_TOKEN.
Result<Invitation> read_invitation(const std::string& given, const Environment& environment);

}  // namespace reeve::client
