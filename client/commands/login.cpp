#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/enrolment.h"

namespace reeve::client {
namespace {

struct Options {
  std::string invitation;
  std::string name;
};

Result<ExitCode> log_in(Context& context, const Options& options) {
  const std::string name = options.name.empty() ? default_name(context.environment()) : options.name;
  auto enrolled = take_up_invitation(context, options.invitation, name, Role::kRequester);
  if (!enrolled) return enrolled.error();
  auto login = context.login();
  if (!login) return login.error();
  const std::string region = (*login)->region_name;
  context.output().show(
      {{{"login",
         {{"region", region}, {"party", enrolled->party.value()}, {"role", "requester"}, {"name", name}}}},
       "Logged in to " + region + " as " + name + " (party " + std::to_string(enrolled->party.value()) +
           ").\nNext: reeve ledger balance, reeve render SCENE.glb --wait\n",
       std::to_string(enrolled->party.value())});
  return kExitOk;
}

}  // namespace

void add_login_command(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Verb verb = line.verb(line.root(), "login",
                        "Take up a requester's invitation: makes this home's keys and logs them in",
                        [options](Context& context) { return log_in(context, *options); });
  verb.option("invitation", options->invitation, "reeve://… or @FILE; otherwise from REEVE_TOKEN");
  verb.option("--name", options->name, "How the region lists you (default user@host)");
}

}  // namespace reeve::client
