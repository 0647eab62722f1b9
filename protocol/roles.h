#pragma once

#include <cstdint>

namespace reeve {

/// What an authenticated key may do follows from its role alone.
enum class Role : std::uint8_t {
  kStranger = 0,   // a key nobody enrolled: may only enrol
  kRequester = 1,  // submits and pays
  kOwner = 2,      // is paid for agents
  kAgent = 3,      // runs attempts for its owner
  kReferee = 4,    // an agent that the operator runs: decides disputes
  kOperator = 5,   // runs the region
};

/// "requester", "owner", … as people and JSON write it.
const char* role_name(Role role);

}  // namespace reeve
