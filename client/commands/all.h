#pragma once

/// Each function adds the verbs of one file of this folder.
namespace reeve::client {

class CommandLine;

void add_region_commands(CommandLine& line);
void add_login_command(CommandLine& line);
void add_owner_commands(CommandLine& line);
void add_agent_command(CommandLine& line);
void add_bench_command(CommandLine& line);
void add_check_command(CommandLine& line);
void add_summary_command(CommandLine& line);
void add_submit_command(CommandLine& line);
void add_run_command(CommandLine& line);
void add_render_command(CommandLine& line);
void add_train_commands(CommandLine& line);
void add_job_commands(CommandLine& line);
void add_fleet_commands(CommandLine& line);
void add_ledger_commands(CommandLine& line);
void add_config_commands(CommandLine& line);
void add_docs_command(CommandLine& line);
void add_completion_command(CommandLine& line);

void add_all_commands(CommandLine& line);

}  // namespace reeve::client
