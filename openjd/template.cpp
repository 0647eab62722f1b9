#include "openjd/template.h"

#include <algorithm>
#include <array>

#include "openjd/document.h"
#include "openjd/limits.h"
#include "openjd/parse.h"

namespace reeve::openjd {
namespace {

void refuse_extensions(Diagnostics& diagnostics, const Place& place) {
  constexpr std::array<std::string_view, 4> kPublished = {"TASK_CHUNKING", "FEATURE_BUNDLE_1",
                                                          "REDACTED_ENV_VARS", "EXPR"};
  if (!check_list(diagnostics, place, 1, SIZE_MAX)) return;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place item = place.at(i);
    const auto name = read_text(diagnostics, item, {3, 128, Controls::kNone});
    if (!name) continue;
    const bool published = std::find(kPublished.begin(), kPublished.end(), *name) != kPublished.end();
    report(diagnostics, item,
           "the extension " + *name + (published ? " is not supported yet" : " is not known"),
           "write the template in the base of 2023-09");
  }
}

void check_version(Diagnostics& diagnostics, const Place& place) {
  const auto version = read_text(diagnostics, place, {});
  if (!version || *version == "jobtemplate-2023-09") return;
  report(diagnostics, place, "this version is not supported", "write jobtemplate-2023-09");
}

std::vector<KnownParameter> known_parameters(const std::vector<JobParameter>& parameters) {
  std::vector<KnownParameter> known;
  for (const JobParameter& parameter : parameters)
    known.push_back({parameter.name, parameter.type});
  return known;
}

JobTemplate parse_job(Diagnostics& diagnostics, const Place& root) {
  JobTemplate job;
  const Object object(diagnostics, root,
                      {"specificationVersion", "$schema", "extensions", "name", "description",
                       "parameterDefinitions", "jobEnvironments", "steps"});
  if (const auto version = object.require("specificationVersion")) check_version(diagnostics, *version);
  if (const auto extensions = object.find("extensions")) refuse_extensions(diagnostics, *extensions);
  if (const auto definitions = object.find("parameterDefinitions")) {
    job.parameters = parse_job_parameters(diagnostics, *definitions);
  }
  const std::vector<KnownParameter> known = known_parameters(job.parameters);
  Visible visible;
  visible.parameters = &known;
  if (const auto name = object.require("name")) {
    auto text = read_format(diagnostics, *name, {1, limits::kJobName, Controls::kNone}, visible);
    job.name = {std::move(text).value_or(FormatString{}), name->node().mark};
  }
  if (const auto description = object.find("description")) {
    job.description = read_text(diagnostics, *description, description_rule()).value_or("");
  }
  std::vector<std::string> environment_names;
  if (const auto environments = object.find("jobEnvironments")) {
    job.environments = parse_environments(diagnostics, *environments, known, environment_names);
  }
  const auto steps = object.require("steps");
  if (!steps || !check_list(diagnostics, *steps, 1, limits::kSteps)) return job;
  for (std::size_t i = 0; i < steps->size(); ++i) {
    const Place item = steps->at(i);
    job.steps.push_back(parse_step(diagnostics, item, known, environment_names));
  }
  check_dependencies(diagnostics, *steps, job.steps);
  return job;
}

}  // namespace

Checked<JobTemplate> parse_template(std::string_view text) {
  const Checked<Node> document = parse_document(text);
  if (!document) return {std::nullopt, document.errors};
  Diagnostics diagnostics;
  const Place root(*document.value);
  JobTemplate job = parse_job(diagnostics, root);
  if (!diagnostics.empty()) return {std::nullopt, diagnostics.take()};
  return {std::move(job), {}};
}

}  // namespace reeve::openjd
