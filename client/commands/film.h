#pragma once

#include <filesystem>

#include "client/commands/job_options.h"
#include "client/context.h"

namespace reeve::client {

/// Makes video.mp4 of a folder's frame_*.png with this machine's ffmpeg, or with an agent's where there is
/// none: by a job of its own, since a step does not get the results of another. Says how it went; that there
/// is no film is no error, as the frames are there.
void make_film(Context& context, const JobOptions& options, const std::string& name);

}  // namespace reeve::client
