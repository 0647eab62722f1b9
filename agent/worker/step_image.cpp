#include "agent/worker/step_image.h"

#include <algorithm>

namespace reeve::agent::worker {

Result<image::Image> open_image(const Digest& digest, const StepDocument& document, WorkerContext& context) {
  if (context.share.images.empty())
    return Error{ErrorCode::kNotAllowed, "this worker has no folder for images", "update the agent"};
  const auto archive = std::find_if(document.inputs.begin(), document.inputs.end(),
                                    [&digest](const auto& input) { return input.first == digest; });
  std::error_code error;
  if (archive == document.inputs.end() || !std::filesystem::exists(archive->second, error))
    return Error{ErrorCode::kNotFound, "the image sha256:" + to_hex(digest) + " is not here",
                 "name it among the step's inputs"};
  const auto programs = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  image::ImageCache cache({context.share.images, context.share.image_bytes, programs / "reeve-unpack-image"});
  return cache.open(digest, archive->second, *context.sandbox, [&context] { return context.cancelled(); });
}

Failure image_failure(const Error& error) {
  using Reason = msg::FailureReason;
  const std::string message = error.message + (error.hint.empty() ? "" : "; " + error.hint);
  switch (error.code) {
    case ErrorCode::kInvalid: return {Reason::kProgramFailed, message};
    case ErrorCode::kExhausted: return {Reason::kOverLimit, message};
    case ErrorCode::kNotFound: return {Reason::kInputMissing, message};
    case ErrorCode::kConflict: return {Reason::kAgentLeaving, message};
    default: return {Reason::kRefused, message};
  }
}

Session::Variables over_image(const image::Image& image, Session::Variables variables) {
  for (const std::string& variable : image.environment) {
    const std::size_t equals = variable.find('=');
    const std::string name = variable.substr(0, equals);
    const std::string value = variable.substr(equals + 1);
    if (name == "PATH" || name == "LANG")
      variables[name] = value;
    else
      variables.emplace(name, value);
  }
  return variables;
}

}  // namespace reeve::agent::worker
