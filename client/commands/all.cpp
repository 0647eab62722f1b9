#include "client/commands/all.h"

namespace reeve::client {

void add_all_commands(CommandLine& line) {
  add_region_commands(line);
  add_login_command(line);
  add_owner_commands(line);
  add_agent_command(line);
  add_bench_command(line);
  add_check_command(line);
  add_summary_command(line);
  add_submit_command(line);
  add_run_command(line);
  add_render_command(line);
  add_train_commands(line);
  add_job_commands(line);
  add_fleet_commands(line);
  add_ledger_commands(line);
  add_config_commands(line);
  add_completion_command(line);
  add_docs_command(line);
}

}  // namespace reeve::client
