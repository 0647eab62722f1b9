#include "client/program_inputs.h"

#include <algorithm>

#include "openjd/task.h"
#include "protocol/bundle.h"

namespace reeve::client {
namespace {

constexpr std::string_view kOutputs = "outputs/";

bool reads(openjd::DataFlow flow) {
  return flow == openjd::DataFlow::kIn || flow == openjd::DataFlow::kInOut;
}
bool writes(openjd::DataFlow flow) {
  return flow == openjd::DataFlow::kOut || flow == openjd::DataFlow::kInOut;
}

std::string session_path(const std::string& path) {
  return std::string(openjd::kSessionFolder) + "/" + path;
}

void collect(const std::string& path, bool is_folder, ProgramFiles& files) {
  files.outputs.push_back({openjd::FormatString::literal(is_folder ? path + "/**" : path), false});
}

/// The value that the requester gave or the template proposes, as a path here.
std::filesystem::path source_of(const openjd::JobParameter& parameter, const openjd::ParameterValues& values,
                                const std::filesystem::path& template_folder) {
  const auto given = values.find(parameter.name);
  if (given != values.end()) return given->second;
  return parameter.default_value ? template_folder / *parameter.default_value : std::filesystem::path();
}

Result<void> stage_input(Result<Input> input, const std::filesystem::path& source, const std::string& target,
                         bool is_folder, ProgramFiles& files) {
  if (!input) return input.error();
  const auto mode = std::filesystem::status(source).permissions();
  const bool executable =
      !is_folder && (mode & std::filesystem::perms::owner_exec) != std::filesystem::perms::none;
  files.staged.push_back({target, input->digest, is_folder, executable});
  const bool known = std::any_of(files.blobs.begin(), files.blobs.end(),
                                 [&](const Input& other) { return other.digest == input->digest; });
  if (!known) files.blobs.push_back(std::move(*input));
  return {};
}

Result<void> stage_parameter(const openjd::JobParameter& parameter, const std::filesystem::path& source,
                             const PickedFiles& picked, std::string& value, ProgramFiles& files) {
  const bool is_folder = parameter.object_type == openjd::ObjectType::kDirectory;
  const std::string name = source.lexically_normal().filename().string();
  const std::string root = (reads(parameter.data_flow) ? "inputs/" : std::string(kOutputs)) + parameter.name;
  const std::string target = is_folder ? root : root + "/" + (name.empty() ? "file" : name);
  if (const std::string why = unfit_path(target); !why.empty())
    return Error{ErrorCode::kInvalid, "parameter " + parameter.name + ": " + why, "rename the file"};
  if (reads(parameter.data_flow)) {
    if (std::filesystem::is_directory(source) != is_folder)
      return Error{ErrorCode::kNotFound,
                   "parameter " + parameter.name + ": " + source.string() + " is no " +
                       (is_folder ? "folder" : "file"),
                   "give the path of one with -p " + parameter.name + "=PATH"};
    const auto only = picked.find(parameter.name);
    const auto staged = only == picked.end()
                            ? stage(source, target, files)
                            : stage_input(picked_input(source, only->second), source, target, true, files);
    if (!staged)
      return Error{staged.error().code, "parameter " + parameter.name + ": " + staged.error().message,
                   staged.error().hint};
  }
  if (writes(parameter.data_flow)) collect(target, is_folder, files);
  value = session_path(target);
  return {};
}

}  // namespace

Result<void> stage(const std::filesystem::path& source, const std::string& target, ProgramFiles& files) {
  const bool is_folder = std::filesystem::is_directory(source);
  return stage_input(is_folder ? folder_input(source, files.notes) : file_input(source), source, target,
                     is_folder, files);
}

Result<ProgramFiles> stage_parameters(const openjd::JobTemplate& job, const openjd::ParameterValues& values,
                                      const std::filesystem::path& template_folder, const PickedFiles& picked,
                                      openjd::ParameterValues& hosted) {
  ProgramFiles files;
  for (const openjd::JobParameter& parameter : job.parameters) {
    if (parameter.type != openjd::ParameterType::kPath ||
        !(reads(parameter.data_flow) || writes(parameter.data_flow)))
      continue;
    const std::filesystem::path source = source_of(parameter, values, template_folder);
    if (source.empty()) continue;  // a missing value is said with all other errors
    std::string value;
    if (auto staged = stage_parameter(parameter, source, picked, value, files); !staged)
      return staged.error();
    hosted[parameter.name] = value;
  }
  return files;
}

std::string output_name(const std::string& path) {
  if (!path.starts_with(kOutputs)) return path;
  const std::size_t slash = path.find('/', kOutputs.size());
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace reeve::client
