#include "client/template_file.h"

#include <filesystem>
#include <fstream>

#include "client/job_builder.h"
#include "openjd/limits.h"
#include "openjd/template.h"

namespace reeve::client {

Result<std::string> read_template_file(const std::string& path) {
  const Error unreadable{ErrorCode::kNotFound, "cannot read the template " + path,
                         "check the path; it must be a file"};
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return unreadable;
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable;
  std::string text(openjd::limits::kTemplateBytes + 1, '\0');  // one more, so that the parser sees it is long
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Result<std::vector<openjd::EnvironmentDocument>> read_environments(const std::vector<std::string>& files) {
  std::vector<openjd::EnvironmentDocument> documents;
  for (const std::string& file : files) {
    const auto text = read_template_file(file);
    if (!text) return text.error();
    auto document = openjd::parse_environment_template(*text);
    if (!document) return broken_rules("the environment template " + file, document.errors);
    documents.push_back(std::move(*document.value));
  }
  return documents;
}

Result<std::vector<openjd::PathMappingRule>> read_path_mapping(const std::string& file) {
  if (file.empty()) return std::vector<openjd::PathMappingRule>();
  const auto text = read_template_file(file);
  if (!text) return text.error();
  return openjd::parse_path_mapping(*text);
}

Result<openjd::ParameterValues> parameter_values(const std::vector<std::string>& given) {
  openjd::ParameterValues values;
  for (const std::string& text : given) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::kInvalid, "parameter '" + text + "' is not NAME=VALUE", "write -p Frames=1-10"};
    }
    const std::string name = text.substr(0, equals);
    if (!values.emplace(name, text.substr(equals + 1)).second) {
      return Error{ErrorCode::kInvalid, "parameter " + name + " is given twice", "give it once"};
    }
  }
  return values;
}

std::string diagnostic_text(const std::string& file, const openjd::Diagnostic& diagnostic,
                            const Style& style) {
  std::string place = file;
  if (diagnostic.mark.line != 0) {
    place += ":" + std::to_string(diagnostic.mark.line) + ":" + std::to_string(diagnostic.mark.column);
  }
  std::string text = style.paint(Tone::kStrong, printable(place) + ":") + " ";
  if (!diagnostic.field.empty()) {
    text += printable(diagnostic.field);
    if (!diagnostic.value.empty()) text += " is " + printable(diagnostic.value);
    text += ": ";
  }
  text += style.paint(Tone::kBad, printable(diagnostic.problem)) + "\n";
  if (!diagnostic.remedy.empty()) text += "    " + printable(diagnostic.remedy) + "\n";
  return text;
}

Json diagnostic_json(const openjd::Diagnostic& diagnostic) {
  return {{"line", diagnostic.mark.line}, {"column", diagnostic.mark.column}, {"field", diagnostic.field},
          {"value", diagnostic.value},    {"problem", diagnostic.problem},    {"remedy", diagnostic.remedy}};
}

View diagnostics_view(const std::string& file, const std::vector<openjd::Diagnostic>& errors,
                      const Style& style) {
  View view;
  view.json = {{"file", file}, {"valid", errors.empty()}, {"errors", Json::array()}};
  for (const openjd::Diagnostic& error : errors) {
    view.json["errors"].push_back(diagnostic_json(error));
    view.text += diagnostic_text(file, error, style);
  }
  const std::string count = std::to_string(errors.size()) + (errors.size() == 1 ? " error" : " errors");
  view.text += file + ": " + count + "\n";
  view.quiet = file + "\n";
  return view;
}

}  // namespace reeve::client
