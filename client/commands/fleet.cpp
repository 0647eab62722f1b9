#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/lookup.h"
#include "client/views.h"

namespace reeve::client {
namespace {

Result<ExitCode> list_agents(Context& context) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto answer = (*connection)->query("/api/v1/agents");
  if (!answer) return answer.error();
  context.output().show(agents_view(*answer, context.output().style()));
  return kExitOk;
}

Result<ExitCode> show_agent(Context& context, const std::string& selector) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto agents = find_agents(**connection, selector);
  if (!agents) return agents.error();
  if (agents->size() != 1)
    return Error{ErrorCode::kInvalid, "'" + selector + "' names several agents", "name one"};
  auto answer = (*connection)->query("/api/v1/agents/" + std::to_string(agents->front()));
  if (!answer) return answer.error();
  context.output().show(agent_view(*answer, context.output().style()));
  return kExitOk;
}

Result<ExitCode> set_paused(Context& context, const std::string& selector, bool paused) {
  auto connection = context.region();
  if (!connection) return connection.error();
  auto agents = find_agents(**connection, selector);
  if (!agents) return agents.error();
  std::string text;
  std::string quiet;
  for (const std::uint64_t agent : *agents) {
    auto changed = (*connection)->command(msg::SetAgentPaused{AgentId(agent), paused});
    if (!changed)
      return Error{changed.error().code, "agent " + std::to_string(agent) + ": " + changed.error().message,
                   changed.error().hint};
    text += "Agent " + std::to_string(agent) + (paused ? " takes no new tasks.\n" : " takes tasks again.\n");
    quiet += std::to_string(agent) + "\n";
  }
  context.output().show({{{paused ? "drained" : "woken", *agents}}, text, quiet});
  return kExitOk;
}

}  // namespace

void add_fleet_commands(CommandLine& line) {
  Verb fleet = line.group(line.root(), "fleet", "The region's agents (an owner sees his own)");
  line.verb(fleet, "list", "List agents", list_agents);
  const auto add = [&](const char* name, const char* description,
                       Result<ExitCode> (*act)(Context&, const std::string&)) {
    auto selector = std::make_shared<std::string>();
    Verb verb = line.verb(fleet, name, description,
                          [selector, act](Context& context) { return act(context, *selector); });
    verb.option("agent", *selector, "Ids (1,3,5-8), all, or a name").required();
  };
  add("info", "Show one agent: what it offers, what it did, how far it is trusted", show_agent);
  add("drain", "Let agents finish what they run and take nothing new",
      [](Context& context, const std::string& selector) { return set_paused(context, selector, true); });
  add("wake", "Let drained agents take tasks again",
      [](Context& context, const std::string& selector) { return set_paused(context, selector, false); });
}

}  // namespace reeve::client
