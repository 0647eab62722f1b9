#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/enrolment.h"
#include "client/invite.h"
#include "client/quantities.h"
#include "protocol/key_files.h"

namespace reeve::client {
namespace {

struct CreateOptions {
  std::string invitation;
  std::string name;
};

Result<ExitCode> create_owner(Context& context, const CreateOptions& options) {
  const std::string name = options.name.empty() ? default_name(context.environment()) : options.name;
  auto enrolled = take_up_invitation(context, options.invitation, name, Role::kOwner);
  if (!enrolled) return enrolled.error();
  auto login = context.login();
  if (!login) return login.error();
  const std::string party = std::to_string(enrolled->party.value());
  context.output().show(
      {{{"owner", {{"region", (*login)->region_name}, {"party", enrolled->party.value()}, {"name", name}}}},
       "Owner " + name + " (party " + party + ") of the region " + (*login)->region_name +
           ".\nNext: reeve owner invite-agents --uses 50, then `reeve agent join` on each rig.\n",
       party});
  return kExitOk;
}

Result<ExitCode> show_owner(Context& context) {
  auto login = context.login();
  if (!login) return login.error();
  auto identity = load_identity((*login)->identity_file);
  if (!identity) return identity.error();
  const std::string did = did_key(identity->public_key());
  const Login& who = **login;
  context.output().show({{{"owner",
                           {{"identity", did},
                            {"region", who.region_name},
                            {"endpoint", endpoint_text(who.region)},
                            {"role", who.role}}}},
                         "identity  " + did + "\nregion    " + who.region_name + " at " +
                             endpoint_text(who.region) + "\nrole      " + who.role + "\n",
                         did});
  return kExitOk;
}

struct InviteOptions {
  std::uint32_t uses = 50;
  Duration expires = hours(24);
};

Result<ExitCode> invite_agents(Context& context, const InviteOptions& options) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto login = context.login();
  if (!login) return login.error();
  auto identity = load_identity((*login)->identity_file);
  if (!identity) return identity.error();
  auto invitation = create_invitation(**connection, (*login)->region,
                                      {Role::kAgent, options.uses, options.expires, 0, &*identity});
  if (!invitation) return invitation.error();
  context.output().show({{{"invitation", *invitation}, {"role", "agent"}, {"uses", options.uses}},
                         *invitation + "\n",
                         *invitation});
  context.output().note("For " + std::to_string(options.uses) + " agents within " +
                        format_duration(options.expires) +
                        ": on each rig, `reeve agent join INVITATION`, then `reeve agent run`.");
  return kExitOk;
}

}  // namespace

void add_owner_commands(CommandLine& line) {
  Verb owner = line.group(line.root(), "owner", "An owner's key, kept off the rigs");
  auto create = std::make_shared<CreateOptions>();
  Verb create_verb =
      line.verb(owner, "create", "Take up an owner's invitation: makes this home's keys and enrols them",
                [create](Context& context) { return create_owner(context, *create); });
  create_verb.option("invitation", create->invitation, "reeve://… or @FILE; otherwise from REEVE_TOKEN");
  create_verb.option("--name", create->name, "How the region lists you (default user@host)");

  line.verb(owner, "show", "Show who this home's key is and where it is enrolled", show_owner);

  auto invite = std::make_shared<InviteOptions>();
  Verb invite_verb = line.verb(owner, "invite-agents", "Make an invitation for rigs that earn for this owner",
                               [invite](Context& context) { return invite_agents(context, *invite); });
  invite_verb.option("--uses", invite->uses, "How many agents may join with it").with_default();
  invite_verb.parsed("--expires", invite->expires, parse_duration, "DURATION",
                     "Until when it may be used (default 24h)");
}

}  // namespace reeve::client
