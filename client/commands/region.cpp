#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/invite.h"
#include "client/lookup.h"
#include "client/process.h"
#include "client/quantities.h"
#include "client/views.h"

namespace reeve::client {
namespace {

struct InitOptions {
  std::string folder;
  std::string name;
  std::string listen;
  std::string http;
};

Result<ExitCode> init_region(const Context& context, const InitOptions& options) {
  std::vector<std::string> args{"--output", context.config().get("output"), "init", options.folder};
  const auto pass = [&args](const char* name, const std::string& value) {
    if (!value.empty()) args.insert(args.end(), {name, value});
  };
  pass("--name", options.name);
  pass("--listen", options.listen);
  pass("--http", options.http);
  return exec_sibling("reeve-scheduler", args);
}

void add_running(CommandLine& line, const Verb& region) {
  auto init = std::make_shared<InitOptions>();
  Verb init_verb = line.verb(region, "init", "Make a region: its folder, keys, journal and policy",
                             [init](Context& context) { return init_region(context, *init); });
  init_verb.option("dir", init->folder, "The region's folder, which must not exist yet").required();
  init_verb.option("--name", init->name, "The region's name");
  init_verb.option("--listen", init->listen, "Where peers connect (default 127.0.0.1:7700)")
      .type("HOST:PORT");
  init_verb.option("--http", init->http, "Port of the read-only HTTP on loopback (default: listen + 2)")
      .type("PORT");

  auto serve = std::make_shared<std::string>();
  Verb serve_verb = line.verb(
      region, "serve", "Serve a region until it is told to stop",
      [serve](Context& context) -> Result<ExitCode> {
        return exec_sibling("reeve-scheduler", {"--output", context.config().get("output"), "serve", *serve});
      });
  serve_verb.option("dir", *serve, "The region's folder").required();
}

Result<ExitCode> region_status(Context& context) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto answer = (*connection)->query("/api/v1/region");
  if (!answer) return answer.error();
  context.output().show(region_view(*answer, context.output().style()));
  return kExitOk;
}

struct InviteOptions {
  std::string role;
  MicroCredits credits = 0;
  std::uint32_t uses = 1;
  Duration expires = hours(24);
  std::string endpoint;
};

Result<Role> invited_role(const std::string& name) {
  if (name == "requester") return Role::kRequester;
  if (name == "owner") return Role::kOwner;
  if (name == "referee") return Role::kReferee;
  return Error{ErrorCode::kInvalid, "role '" + name + "' cannot be invited",
               "invite a requester, an owner or a referee"};
}

Result<ExitCode> invite(Context& context, const InviteOptions& options) {
  const auto role = invited_role(options.role);
  if (!role) return role.error();
  auto login = context.login();
  if (!login) return login.error();
  RegionAddress address = (*login)->region;
  if (!options.endpoint.empty()) {
    if (auto parsed = parse_endpoint(options.endpoint, address); !parsed) return parsed.error();
  }
  auto connection = context.region();
  if (!connection) return connection.error();
  auto text = create_invitation(**connection, address,
                                {*role, options.uses, options.expires, options.credits, nullptr});
  if (!text) return text.error();
  context.output().show({{{"invitation", *text},
                          {"role", options.role},
                          {"uses", options.uses},
                          {"credits_micro", options.credits}},
                         *text + "\n",
                         *text});
  const char* verb = *role == Role::kRequester
                         ? "reeve login"
                         : (*role == Role::kOwner ? "reeve owner create" : "reeve agent join");
  context.output().note(std::string("Send it to whom you invite: ") + verb + " INVITATION, within " +
                        format_duration(options.expires) + ".");
  return kExitOk;
}

void add_invite(CommandLine& line, const Verb& region) {
  auto options = std::make_shared<InviteOptions>();
  Verb verb = line.verb(region, "invite", "Make an invitation for a requester, an owner or a referee",
                        [options](Context& context) { return invite(context, *options); });
  verb.option("role", options->role, "requester, owner or referee").required();
  verb.parsed("--credits", options->credits, parse_credits, "CREDITS",
              "A requester's funds, or an owner's stake (default 0)");
  verb.option("--uses", options->uses, "How often it may be used").with_default();
  verb.parsed("--expires", options->expires, parse_duration, "DURATION",
              "Until when it may be used (default 24h)");
  verb.option("--endpoint", options->endpoint, "Where the bearer connects, if not where the region listens")
      .type("HOST:PORT");
}

struct FundOptions {
  std::string party;
  MicroCredits credits = 0;
};

Result<ExitCode> fund(Context& context, const FundOptions& options) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto party = find_party(**connection, options.party);
  if (!party) return party.error();
  if (auto funded = (*connection)->command(msg::Fund{PartyId(*party), options.credits}); !funded)
    return funded.error();
  context.output().show(
      {{{"funded", {{"party", *party}, {"amount_micro", options.credits}}}},
       "Party " + std::to_string(*party) + " received " + format_credits(options.credits) + " credits.\n",
       ""});
  return kExitOk;
}

struct RevokeOptions {
  std::string token;
  std::string party;
  std::string agent;
};

Result<ExitCode> revoke(Context& context, const RevokeOptions& options) {
  auto connection = context.region();
  if (!connection) return connection.error();
  msg::Revoke command;
  command.token_id = options.token;
  if (!options.party.empty()) {
    auto party = find_party(**connection, options.party);
    if (!party) return party.error();
    command.party = PartyId(*party);
  }
  if (!options.agent.empty()) {
    auto agent = find_agents(**connection, options.agent);
    if (!agent) return agent.error();
    if (agent->size() != 1)
      return Error{ErrorCode::kInvalid, "--agent names more than one agent", "revoke one at a time"};
    command.agent = AgentId(agent->front());
  }
  if (auto revoked = (*connection)->command(std::move(command)); !revoked) return revoked.error();
  context.output().show(
      {{{"revoked", {{"token", options.token}, {"party", options.party}, {"agent", options.agent}}}},
       "Revoked.\n",
       ""});
  return kExitOk;
}

void add_rights(CommandLine& line, const Verb& region) {
  auto give = std::make_shared<FundOptions>();
  Verb fund_verb = line.verb(region, "fund", "Give a party credits",
                             [give](Context& context) { return fund(context, *give); });
  fund_verb.option("party", give->party, "Its id or name").required();
  fund_verb.parsed("--credits", give->credits, parse_credits, "CREDITS", "How many").required();

  auto end = std::make_shared<RevokeOptions>();
  Verb revoke_verb = line.verb(region, "revoke", "End a token, a party with all its agents, or one agent",
                               [end](Context& context) { return revoke(context, *end); });
  revoke_verb.exactly_one_of([&](const Verb& one) {
    one.option("--token", end->token, "A token: the six characters before the dot of an invitation")
        .type("ID");
    one.option("--party", end->party, "A party, by id or name");
    one.option("--agent", end->agent, "An agent, by id or name");
  });
}

}  // namespace

void add_region_commands(CommandLine& line) {
  Verb region = line.group(line.root(), "region", "Make, serve and govern a region, as its operator");
  add_running(line, region);
  line.verb(region, "status", "Show the region: what it runs and whom it knows", region_status);
  add_invite(line, region);
  add_rights(line, region);
}

}  // namespace reeve::client
