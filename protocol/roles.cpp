#include "protocol/roles.h"

namespace reeve {

const char* role_name(Role role) {
  switch (role) {
    case Role::kStranger: return "stranger";
    case Role::kRequester: return "requester";
    case Role::kOwner: return "owner";
    case Role::kAgent: return "agent";
    case Role::kReferee: return "referee";
    case Role::kOperator: return "operator";
  }
  return "unknown";
}

}  // namespace reeve
