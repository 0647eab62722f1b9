#pragma once

#include <string>

#include "client/connection.h"
#include "client/login.h"

namespace reeve::client {

/// Whom a new invitation lets in, how often and until when.
struct InviteRequest {
  Role role = Role::kRequester;
  std::uint32_t uses = 1;
  Duration lifetime = hours(24);
  MicroCredits credits = 0;         // a requester's funds, an owner's stake
  const Identity* owner = nullptr;  // who delegates: for agents only
};

/// Makes a token, has the region know its digest, and gives the join string. The secret never travels.
///   region  where the bearer is to connect
Result<std::string> create_invitation(Connection& connection, const RegionAddress& region,
                                      const InviteRequest& request);

/// The wall clock.
Time wall_clock();

}  // namespace reeve::client
