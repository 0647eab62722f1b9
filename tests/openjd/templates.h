#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "openjd/job.h"
#include "openjd/template.h"

/// Templates for the tests, built from the part under test.
namespace reeve::openjd::testing {

/// `text` with every line moved `columns` to the right.
inline std::string indented(std::string_view text, std::size_t columns) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && c != '\n') out.append(columns, ' ');
    line_start = c == '\n';
    out += c;
  }
  return out + (line_start ? "" : "\n");
}

/// A smallest valid job; `root` is added beside its fields.
inline std::string job_with(std::string_view root) {
  return "specificationVersion: jobtemplate-2023-09\n"
         "name: Small\n"
         "steps:\n"
         "- name: Only\n"
         "  script: {actions: {onRun: {command: echo}}}\n" +
         std::string(root);
}

/// A job whose one step has the further fields `step`.
inline std::string step_with(std::string_view step) {
  return "specificationVersion: jobtemplate-2023-09\n"
         "name: Small\n"
         "parameterDefinitions:\n"
         "- {name: Count, type: INT, default: 3}\n"
         "- {name: Where, type: PATH, default: scenes}\n"
         "steps:\n"
         "- name: Only\n"
         "  script: {actions: {onRun: {command: echo}}}\n" +
         indented(step, 2);
}

/// A job whose one step has the script `script`, with the task parameter Frame.
inline std::string script_with(std::string_view script) {
  return "specificationVersion: jobtemplate-2023-09\n"
         "name: Small\n"
         "parameterDefinitions:\n"
         "- {name: Count, type: INT, default: 3}\n"
         "- {name: Where, type: PATH, default: scenes}\n"
         "steps:\n"
         "- name: Only\n"
         "  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: 1-4}]}\n"
         "  script:\n" +
         indented(script, 4);
}

/// A job with one parameter definition.
inline std::string parameter_with(std::string_view fields) {
  return job_with("parameterDefinitions:\n- " + std::string(fields) + "\n");
}

/// A job whose one step has one task parameter with this type and range.
inline std::string range_with(std::string_view type, std::string_view range) {
  return step_with("parameterSpace: {taskParameterDefinitions: [{name: P, type: " + std::string(type) +
                   ", range: " + std::string(range) + "}]}\n");
}

inline std::string all_errors(const std::vector<Diagnostic>& errors) {
  std::string out;
  for (const Diagnostic& error : errors)
    out += to_string(error) + "\n";
  return out;
}

/// The job of a template that must be valid.
inline Job job_of(const std::string& text, const ParameterValues& values = {},
                  const SubmitFolders& folders = {}) {
  const Checked<JobTemplate> parsed = parse_template(text);
  EXPECT_TRUE(parsed) << all_errors(parsed.errors) << text;
  if (!parsed) return {};
  Checked<Job> job = instantiate(*parsed.value, values, folders);
  EXPECT_TRUE(job) << all_errors(job.errors) << text;
  return job ? *std::move(job.value) : Job{};
}

/// What instantiating says of a template that is valid by itself.
inline std::vector<Diagnostic> refusal_of(const std::string& text, const ParameterValues& values = {},
                                          const SubmitFolders& folders = {}) {
  const Checked<JobTemplate> parsed = parse_template(text);
  EXPECT_TRUE(parsed) << all_errors(parsed.errors) << text;
  if (!parsed) return {};
  const Checked<Job> job = instantiate(*parsed.value, values, folders);
  EXPECT_FALSE(job) << text;
  return job.errors;
}

/// A template and a word of the field or problem that its refusal must name; empty: it must be accepted.
struct Case {
  const char* rule;
  std::string text;
  std::string names;
};

inline void check(const Case& c) {
  const Checked<JobTemplate> parsed = parse_template(c.text);
  if (c.names.empty()) {
    EXPECT_TRUE(parsed) << c.rule << "\n" << all_errors(parsed.errors) << c.text;
    return;
  }
  ASSERT_FALSE(parsed) << c.rule << "\n" << c.text;
  EXPECT_NE(all_errors(parsed.errors).find(c.names), std::string::npos)
      << c.rule << ": wanted '" << c.names << "' in\n"
      << all_errors(parsed.errors) << c.text;
  EXPECT_EQ(parsed.errors.size(), 1U) << c.rule << "\n" << all_errors(parsed.errors);
  for (const Diagnostic& error : parsed.errors) {
    EXPECT_NE(error.mark.line, 0U) << c.rule;
    EXPECT_FALSE(error.remedy.empty()) << c.rule;
  }
}

}  // namespace reeve::openjd::testing
