#include "openjd/template.h"

#include <set>
#include <utility>

#include "openjd/document.h"
#include "openjd/limits.h"
#include "openjd/parse.h"

namespace reeve::openjd {
namespace {

constexpr const char* kJobVersion = "jobtemplate-2023-09";
constexpr const char* kEnvironmentVersion = "environment-2023-09";

/// Sets the flag of one extension; false where Reeve does not know it.
bool enable(Extensions& extensions, std::string_view name) {
  if (name == "TASK_CHUNKING") {
    extensions.task_chunking = true;
  } else if (name == "FEATURE_BUNDLE_1") {
    extensions.feature_bundle_1 = true;
  } else if (name == "REDACTED_ENV_VARS") {
    extensions.redacted_env_vars = true;
  } else {
    return false;
  }
  return true;
}

bool is_extension_name(std::string_view text) {
  return text.size() >= 3 && text.size() <= 128 &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == std::string_view::npos;
}

Extensions parse_extensions(Diagnostics& diagnostics, const Place& place) {
  Extensions extensions;
  if (!check_list(diagnostics, place, 1, SIZE_MAX)) return extensions;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place item = place.at(i);
    const auto name = read_text(diagnostics, item, {});
    if (name && !seen.insert(*name).second) report(diagnostics, item, "it is listed twice", "drop one");
    if (!name || enable(extensions, *name)) continue;
    if (!is_extension_name(*name)) {
      report(diagnostics, item, "this is no name of an extension",
             "use 3 to 128 capital letters, digits and underscores");
      continue;
    }
    report(diagnostics, item,
           "the extension " + *name + (*name == "EXPR" ? " is not supported" : " is not known"),
           "use TASK_CHUNKING, FEATURE_BUNDLE_1 or REDACTED_ENV_VARS, or none");
  }
  return extensions;
}

/// The fields that both kinds of template begin with.
Extensions parse_head(Diagnostics& diagnostics, const Object& object, const char* expected) {
  if (const auto place = object.require("specificationVersion")) {
    const auto version = read_text(diagnostics, *place, {});
    if (version && *version != expected) {
      report(diagnostics, *place, "this version is not supported", std::string("write ") + expected);
    }
  }
  const auto extensions = object.find("extensions");
  return extensions ? parse_extensions(diagnostics, *extensions) : Extensions{};
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
  job.extensions = parse_head(diagnostics, object, kJobVersion);
  if (const auto definitions = object.find("parameterDefinitions")) {
    job.parameters =
        parse_job_parameters(diagnostics, *definitions, job.extensions, job.extensions.job_parameters());
  }
  const std::vector<KnownParameter> known = known_parameters(job.parameters);
  Visible visible;
  visible.parameters = &known;
  visible.extensions = job.extensions;
  if (const auto name = object.require("name")) {
    auto text = read_format(diagnostics, *name, {1, job.extensions.job_name(), Controls::kNone}, visible);
    job.name = {std::move(text).value_or(FormatString{}), name->node().mark};
  }
  if (const auto description = object.find("description")) {
    job.description = read_text(diagnostics, *description, description_rule()).value_or("");
  }
  std::vector<std::string> environment_names;
  if (const auto environments = object.find("jobEnvironments")) {
    job.environments = parse_environments(diagnostics, *environments, visible, environment_names);
  }
  const auto steps = object.require("steps");
  if (!steps || !check_list(diagnostics, *steps, 1, limits::kSteps)) return job;
  for (std::size_t i = 0; i < steps->size(); ++i) {
    const Place item = steps->at(i);
    job.steps.push_back(parse_step(diagnostics, item, visible, environment_names));
  }
  check_dependencies(diagnostics, *steps, job.steps);
  return job;
}

EnvironmentDocument parse_environment_document(Diagnostics& diagnostics, const Place& root) {
  EnvironmentDocument document;
  const Object object(
      diagnostics, root,
      {"specificationVersion", "$schema", "extensions", "parameterDefinitions", "environment"});
  document.extensions = parse_head(diagnostics, object, kEnvironmentVersion);
  if (const auto definitions = object.find("parameterDefinitions")) {
    document.parameters =
        parse_job_parameters(diagnostics, *definitions, document.extensions, limits::kJobParameters);
  }
  const std::vector<KnownParameter> known = known_parameters(document.parameters);
  Visible visible;
  visible.parameters = &known;
  visible.extensions = document.extensions;
  if (const auto environment = object.require("environment")) {
    document.environment = parse_environment(diagnostics, *environment, visible);
  }
  return document;
}

/// Reads the document and hands it to `parse`.
template <class F>
auto checked(std::string_view text, F&& parse)
    -> Checked<decltype(parse(std::declval<Diagnostics&>(), std::declval<const Place&>()))> {
  const Checked<Node> document = parse_document(text);
  if (!document) return {std::nullopt, document.errors};
  Diagnostics diagnostics;
  const Place root(*document.value);
  auto parsed = parse(diagnostics, root);
  if (!diagnostics.empty()) return {std::nullopt, diagnostics.take()};
  return {std::move(parsed), {}};
}

bool is_environment(const Node& root) {
  for (std::size_t i = 0; i < root.keys.size(); ++i) {
    if (root.keys[i].text == "specificationVersion") return root.items[i].text == kEnvironmentVersion;
  }
  return false;
}

}  // namespace

Checked<JobTemplate> parse_template(std::string_view text) {
  return checked(text, parse_job);
}

Checked<EnvironmentDocument> parse_environment_template(std::string_view text) {
  return checked(text, parse_environment_document);
}

Checked<AnyTemplate> parse_any_template(std::string_view text) {
  return checked(text, [](Diagnostics& diagnostics, const Place& root) {
    if (is_environment(root.node())) return AnyTemplate(parse_environment_document(diagnostics, root));
    return AnyTemplate(parse_job(diagnostics, root));
  });
}

}  // namespace reeve::openjd
