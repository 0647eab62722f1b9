#pragma once

#include <vector>

#include "openjd/model.h"
#include "openjd/place.h"
#include "openjd/scopes.h"

/// The parts of parse_template(). Each reads one value of the document, reports every broken rule, and
/// returns what could be read; nothing it returns is used once anything was reported.
namespace reeve::openjd {

/// Refuses what only an extension brings where the template does not ask for it.
bool check_extension(Diagnostics& diagnostics, const Place& place, bool enabled, const char* name);

std::vector<JobParameter> parse_job_parameters(Diagnostics& diagnostics, const Place& place,
                                               const Extensions& extensions, std::size_t max_count);
/// Fills parameter.user_interface; the parameter's other fields are read before.
void parse_user_interface(Diagnostics& diagnostics, const Place& place, JobParameter& parameter);

/// default_notify_s  the notify period of a NOTIFY_THEN_TERMINATE that names none
ActionTemplate parse_action(Diagnostics& diagnostics, const Place& place, const Visible& visible,
                            std::int64_t default_notify_s);
/// The fields that every kind of action has: args, timeout, cancelation.
void parse_action_fields(Diagnostics& diagnostics, const Object& object, const Visible& visible,
                         std::int64_t default_notify_s, ActionTemplate& action);
/// The names of a script's embedded files, by position; empty where one cannot be read.
std::vector<std::string> embedded_file_names(const Place& script);
std::vector<EmbeddedFile> parse_embedded_files(Diagnostics& diagnostics, const Place& place,
                                               const Visible& visible);

/// job  what the whole template may name
EnvironmentTemplate parse_environment(Diagnostics& diagnostics, const Place& place, const Visible& job);
/// taken  names of environments that these may not repeat; theirs are added
std::vector<EnvironmentTemplate> parse_environments(Diagnostics& diagnostics, const Place& place,
                                                    const Visible& job, std::vector<std::string>& taken);

/// A step's script: `script`, or one of the interpreters of FEATURE_BUNDLE_1.
void parse_step_script(Diagnostics& diagnostics, const Place& place, const Object& object, Visible visible,
                       StepTemplate& step);

void parse_host_requirements(Diagnostics& diagnostics, const Place& place, const Visible& visible,
                             StepTemplate& step);

/// The names of the task parameters, by position; empty where one cannot be read.
std::vector<std::string> task_parameter_names(const Place& space);
ParameterSpaceTemplate parse_parameter_space(Diagnostics& diagnostics, const Place& place,
                                             const Visible& visible);

/// job               what the whole template may name
/// job_environments  their names, which a step's environments may not repeat
StepTemplate parse_step(Diagnostics& diagnostics, const Place& place, const Visible& job,
                        const std::vector<std::string>& job_environments);
/// Reports repeated step names, and dependencies on oneself, on no step, or in a circle.
void check_dependencies(Diagnostics& diagnostics, const Place& steps_place,
                        const std::vector<StepTemplate>& steps);

}  // namespace reeve::openjd
