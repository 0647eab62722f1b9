#pragma once

#include <string>
#include <vector>

#include "client/output.h"
#include "openjd/diagnostic.h"
#include "openjd/job.h"
#include "openjd/model.h"
#include "openjd/path_mapping.h"
#include "protocol/result.h"

/// Template files as people name them, and what is wrong with them as people read it.
namespace reeve::client {

/// The text of a template, however long; parsing it bounds its size.
Result<std::string> read_template_file(const std::string& path);

/// Every environment template, in order. Errors: a file that cannot be read, or that breaks rules.
Result<std::vector<openjd::EnvironmentDocument>> read_environments(const std::vector<std::string>& files);

/// The rules of a file as Session.PathMappingRulesFile names one; none of "".
Result<std::vector<openjd::PathMappingRule>> read_path_mapping(const std::string& file);

/// {"Frames": "1-10"} of "-p Frames=1-10". Errors: no NAME=VALUE; a name given twice.
Result<openjd::ParameterValues> parameter_values(const std::vector<std::string>& given);

/// "FILE:12:7: steps[0].name is 'x': problem" and the remedy below it.
std::string diagnostic_text(const std::string& file, const openjd::Diagnostic& diagnostic,
                            const Style& style);
/// {line, column, field, value, problem, remedy}; 0 and "" where there is none.
Json diagnostic_json(const openjd::Diagnostic& diagnostic);

/// Every error of one file, and how many they are.
View diagnostics_view(const std::string& file, const std::vector<openjd::Diagnostic>& errors,
                      const Style& style);

}  // namespace reeve::client
