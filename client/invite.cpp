#include "client/invite.h"

#include <chrono>

namespace reeve::client {

Time wall_clock() {
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

Result<std::string> create_invitation(Connection& connection, const RegionAddress& region,
                                      const InviteRequest& request) {
  const Token token = make_token();
  msg::CreateToken command;
  command.role = request.role;
  command.token_id = token.id;
  command.secret_digest = secret_digest(token.secret);
  command.uses = request.uses;
  command.expires = wall_clock() + request.lifetime;
  command.credits = request.credits;
  if (request.owner != nullptr) {
    command.delegation = request.owner->sign(
        delegation_digest(region.server, token.id, command.secret_digest, command.uses, command.expires));
  }
  if (auto created = connection.command(std::move(command)); !created) return created.error();
  return invitation_text({region, token});
}

}  // namespace reeve::client
