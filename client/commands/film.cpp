#include "client/commands/film.h"

#include <algorithm>

#include "client/offers.h"
#include "client/process.h"
#include "client/renderers/renderer_template.h"
#include "client/upload.h"
#include "client/watch.h"

namespace reeve::client {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFilm = "video.mp4";

/// What ffmpeg makes here; the sizes that it takes are even.
Result<int> film_here(const fs::path& folder, double frames_per_second) {
  return run_quietly(
      "ffmpeg", {"-nostdin", "-y", "-framerate", std::to_string(frames_per_second), "-pattern_type", "glob",
                 "-i", (folder / "frame_*.png").string(), "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt",
                 "yuv420p", (folder / kFilm).string()});
}

std::vector<std::string> frames_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code unreadable;
  for (fs::directory_iterator entry(folder, unreadable), end; !unreadable && entry != end;
       entry.increment(unreadable)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("frame_") && name.ends_with(".png")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Two builds of ffmpeg make two files, so nobody checks it: whoever does not like the film has the frames.
Result<BuiltJob> film_job(const JobOptions& options, const std::string& name) {
  SubmitOptions job;
  job.parameters["Frames"] = fs::absolute(options.folder).string();
  job.picked["Frames"] = frames_in(options.folder);
  job.verify = VerifyPolicy{VerifyMode::kNone, 1};
  job.priority = options.submit.priority;
  job.max_price = options.submit.max_price;
  job.time_limit = options.submit.time_limit;
  return build_job(film_template(name + ", film", options.submit.frames_per_second), {}, job);
}

/// Shows nothing on standard output, which has the frames' job already. Errors: kNotFound where no agent has
/// ffmpeg, as nobody should wait for one to come; kUnreachable where the job does not succeed.
Result<void> film_there(Context& context, const JobOptions& options, const std::string& name) {
  auto job = film_job(options, name);
  if (!job) return job.error();
  auto connection = context.region();
  if (!connection) return connection.error();
  const auto unmet = unmet_steps(**connection, job->spec);
  if (!unmet) return unmet.error();
  if (!unmet->empty())
    return Error{ErrorCode::kNotFound, "there is no ffmpeg on this machine, and no agent has one",
                 "install it"};
  for (const Input& input : job->inputs)
    if (auto sent = upload_input(context, input); !sent) return sent.error();
  const auto accepted = (*connection)->submit({job->spec, false});
  if (!accepted) return accepted.error();
  const std::string id = std::to_string(accepted->job.value());
  context.output().note("Submitted job " + id + " (" + job->spec.name + ").");
  WatchOptions watch;
  watch.progress = options.progress;
  watch.folder = options.folder;
  const auto end = watch_job(context, accepted->job.value(), watch);
  if (!end) return end.error();
  if (end->state == "succeeded") return {};
  return Error{ErrorCode::kUnreachable, "job " + id + " has not made it: it is " + end->state,
               "`reeve job logs " + id + "` shows what ffmpeg said"};
}

}  // namespace

void make_film(Context& context, const JobOptions& options, const std::string& name) {
  const fs::path folder = options.folder;
  const auto status = film_here(folder, options.submit.frames_per_second);
  std::string why;
  if (status && *status != 0) why = "ffmpeg ended with " + std::to_string(*status);
  if (!status)
    if (auto made = film_there(context, options, name); !made) why = made.error().message;
  context.output().note(why.empty() ? "Video in " + (folder / kFilm).string() + "."
                                    : "No video: " + why + ". The frames are there.");
}

}  // namespace reeve::client
