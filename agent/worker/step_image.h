#pragma once

#include "agent/image/cache.h"
#include "agent/worker/session.h"
#include "agent/worker/task_kernel.h"
#include "protocol/result.h"

namespace reeve::agent::worker {

/// The image of a step, unpacked if need be; it stays on the disk as long as this does.
/// Errors: as of image::ImageCache::open; kNotAllowed where this worker has no folder for images.
Result<image::Image> open_image(const Digest& digest, const StepDocument& document, WorkerContext& context);

/// Why a task that has no image has no result.
Failure image_failure(const Error& error);

/// Variables of a program, over those of its image. HOME and what else the sandbox decides is the sandbox's;
/// where programs are, and their language, is the image's.
Session::Variables over_image(const image::Image& image, Session::Variables variables);

}  // namespace reeve::agent::worker
