#pragma once

#include <string>
#include <vector>

#include "client/command_job.h"
#include "client/command_line.h"
#include "client/commands/job_options.h"

namespace reeve::client {

/// What `submit` and `run` take: a template and its parameters, or a command line.
struct SubmitVerb {
  std::string file;
  std::vector<std::string> parameters;
  std::vector<std::string> environments;  // files
  std::string path_mapping;               // a file
  CommandRequest command;
  JobOptions job;
};

/// Adds the options of a verb called `name`.
void add_submission(CommandLine& line, const Verb& verb, const std::string& name, SubmitVerb& options);
/// Builds what the options ask for. The context's region is asked for the jobs of --after alone.
Result<BuiltJob> build_submission(Context& context, const SubmitVerb& options);

}  // namespace reeve::client
