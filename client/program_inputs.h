#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "client/inputs.h"
#include "openjd/job.h"
#include "openjd/step_script.h"
#include "openjd/template.h"
#include "protocol/result.h"

/// What a program's tasks find in their working directory, and what of it is their result.
namespace reeve::client {

struct ProgramFiles {
  std::vector<openjd::StagedInput> staged;
  std::vector<openjd::OutputPattern> outputs;
  std::vector<Input> blobs;        // of what is staged, none twice
  std::vector<std::string> notes;  // what was left out of folders
};

/// Reads a file or packs a folder, to stand at `target` below the working directory.
Result<void> stage(const std::filesystem::path& source, const std::string& target, ProgramFiles& files);

/// Files below the folder that a parameter names, by parameter: they alone go along.
using PickedFiles = std::map<std::string, std::vector<std::string>>;

/// Stages what the PATH parameters of a template name, and says in `hosted` which path a host will show:
///   IN, INOUT   /session/inputs/PARAMETER/NAME for a file, /session/inputs/PARAMETER for a folder
///   OUT         /session/outputs/PARAMETER/NAME, /session/outputs/PARAMETER; whatever stands there is the
///   result NONE        stays as it is: a path that the host has
/// A default starts at the template's folder, a given value at the working one.
Result<ProgramFiles> stage_parameters(const openjd::JobTemplate& job, const openjd::ParameterValues& values,
                                      const std::filesystem::path& template_folder, const PickedFiles& picked,
                                      openjd::ParameterValues& hosted);

/// The part of an output's path that a requester's folder repeats: "a.png" of "outputs/Frames/a.png".
std::string output_name(const std::string& path);

}  // namespace reeve::client
