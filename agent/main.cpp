#include <CLI/CLI.hpp>

#include "agent/commands.h"
#include "agent/shell/agent.h"
#include "protocol/exit_codes.h"

/// reeve-agent: one machine of a farm. `reeve agent …` starts this program.
int main(int argc, char** argv) {
  using namespace reeve::agent;
  CLI::App app("Offers this machine's processors to a Reeve region.", "reeve agent");
  app.require_subcommand(1);
  Command command;
  command.home = default_home();
  const auto formats = CLI::IsMember({"table", "json", "quiet"});
  app.add_option("--home", command.home, "the agent's folder (keys, settings, spool, cache)");
  app.add_option("--output", command.output, "table, json or quiet")->check(formats);
  const auto with_home = [&](CLI::App* sub) {
    sub->add_option("--home", command.home, "the agent's folder (keys, settings, spool, cache)");
    sub->add_option("--output", command.output, "table, json or quiet")->check(formats);
    return sub;
  };
  CLI::App* join = with_home(app.add_subcommand("join", "join a region with a token of an owner"));
  join->add_option("token", command.token, "the invitation, or @FILE; else the environment's REEVE_TOKEN");
  join->add_option("--name", command.settings.name,
                   "what the region calls this agent (default: the host's name)");
  join->add_option("--slots", command.settings.slots,
                   "tasks at a time (default: one for every --cpus-per-slot)");
  join->add_option("--cpus-per-slot", command.settings.cpus_per_slot, "processors of each slot")
      ->check(CLI::Range(1, 1024));
  join->add_option("--tags", command.settings.tags, "what jobs may ask for by name")->delimiter(',');
  const auto with_farm = [&command](CLI::App* sub) {
    sub->add_option("--farm", command.settings.farm,
                    "agents of one owner that name the same farm run gangs together (default: none)");
    sub->add_option("--gang-address", command.settings.gang_address,
                    "ADDRESS[:PORT] of this host at which the farm's other agents reach it");
  };
  with_farm(join);
  CLI::App* run = with_home(app.add_subcommand("run", "run the agent in the foreground"));
  run->add_option("--http", command.http_port, "JSON on this port of 127.0.0.1")->check(CLI::Range(1, 65535));
  with_farm(run);
  CLI::App* status =
      with_home(app.add_subcommand("status", "is it connected, what does it do, why is it idle"));
  CLI::App* pause = with_home(app.add_subcommand("pause", "take no new tasks; running ones finish"));
  pause->add_option("length", command.length, "for how long: 90s, 15m, 1h30m, 2d (default: until resumed)");
  CLI::App* resume = with_home(app.add_subcommand("resume", "take tasks again"));
  CLI::App* devices = with_home(app.add_subcommand("devices", "show what was found on this machine"));
  CLI::App* leave = with_home(app.add_subcommand("leave", "stop, and forget the region"));
  leave->add_flag("--now", command.now, "even if the region still awaits results of this agent");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? reeve::kExitOk : reeve::kExitUsage;
  }
  if (*join) return run_join(command);
  if (*run)
    return run_agent(
        {command.home, {}, command.http_port, command.settings.farm, command.settings.gang_address});
  if (*status) return run_status(command);
  if (*pause) return run_pause(command);
  if (*resume) return run_resume(command);
  if (*devices) return run_devices(command);
  if (*leave) return run_leave(command);
  return reeve::kExitUsage;
}
