#include "client/enrolment.h"

#include <unistd.h>

#include <array>

#include "client/invite.h"
#include "protocol/limits.h"

namespace reeve::client {
namespace {

constexpr Duration kBindingLifetime = hours(24 * 365 * 5);  // a laptop's key; logging in again renews it

msg::Enrol enrol_message(const Invitation& invitation, const HomeKeys& keys, const std::string& name) {
  msg::Enrol enrol;
  enrol.token = token_text(invitation.token);
  enrol.name = name;
  enrol.identity = keys.identity.public_key();
  enrol.sequence = static_cast<std::uint64_t>(wall_clock().ns);
  enrol.not_after = wall_clock() + kBindingLifetime;
  enrol.binding = keys.identity.sign(
      binding_digest(invitation.region.server, keys.transport.public_key(), enrol.sequence, enrol.not_after));
  return enrol;
}

Error wrong_role(Role wanted, Role got) {
  const bool agent = got == Role::kAgent || got == Role::kReferee;
  return {ErrorCode::kNotAllowed,
          std::string("this invitation is for the role ") + role_name(got) + ", not " + role_name(wanted),
          agent ? "use it with `reeve agent join`"
                : (got == Role::kOwner ? "use it with `reeve owner create`" : "use it with `reeve login`")};
}

}  // namespace

std::string default_name(const Environment& environment) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::string name = environment("USER").value_or("somebody") + "@" + host.data();
  if (name.size() > limits::kNameBytes) name.resize(limits::kNameBytes);
  return name;
}

Result<msg::Enrolled> take_up_invitation(Context& context, const std::string& given, const std::string& name,
                                         Role wanted) {
  const std::filesystem::path home = context.config().home();
  if (logged_in(home)) {
    return Error{ErrorCode::kConflict, home.string() + " already belongs to a region",
                 "use another home (--home DIR) for another region or role"};
  }
  const auto invitation = read_invitation(given, context.environment());
  if (!invitation) return invitation.error();
  const auto keys = ensure_home_keys(home);
  if (!keys) return keys.error();
  auto connection = context.connect(invitation->region, keys->transport);
  if (!connection) return connection.error();
  msg::Enrolled enrolled{connection->welcome().role, connection->welcome().party, {}};
  if (enrolled.role == Role::kStranger) {  // otherwise an earlier try got as far as this
    auto answer = connection->enrol(enrol_message(*invitation, *keys, name));
    if (!answer) return answer.error();
    enrolled = *answer;
  }
  if (enrolled.role != wanted) return wrong_role(wanted, enrolled.role);
  auto saved = save_login(home, invitation->region, connection->welcome().region, enrolled.role);
  if (!saved) return saved.error();
  return enrolled;
}

}  // namespace reeve::client
