#include <filesystem>

#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/commands/job_options.h"
#include "client/process.h"
#include "client/quantities.h"
#include "client/render_template.h"

namespace reeve::client {
namespace {

struct Options {
  std::string scene;
  RenderRequest request;
  JobOptions job;
  bool video = false;
  bool print_template = false;
};

Result<PixelSize> parse_size_option(std::string_view text) {
  return parse_pixel_size(text, "size");
}
Result<PixelSize> parse_tiles_option(std::string_view text) {
  return parse_pixel_size(text, "tiles");
}

/// Makes a film of the frames with ffmpeg, where there is one; frames need not follow one another.
void make_video(Context& context, const std::filesystem::path& folder, double frames_per_second) {
  const std::string film = (folder / "video.mp4").string();
  auto status = run_quietly("ffmpeg", {"-y", "-framerate", std::to_string(frames_per_second), "-pattern_type",
                                       "glob", "-i", (folder / "frame_*.png").string(), "-vf",
                                       "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", film});
  if (status && *status == 0) {
    context.output().note("Video in " + film + ".");
  } else {
    context.output().note(
        "No video: " + (status ? "ffmpeg ended with " + std::to_string(*status) : status.error().message) +
        ". The frames are there.");
  }
}

Result<ExitCode> render(Context& context, Options& options) {
  if (options.request.name.empty())
    options.request.name = std::filesystem::path(options.scene).stem().string();
  if (!options.job.submit.name.empty()) options.request.name = options.job.submit.name;
  if (options.request.name.empty()) options.request.name = "render";
  auto text = render_template(options.request);
  if (!text) return text.error();
  if (options.print_template) {
    context.output().show({{{"template", *text}}, *text, *text});
    return kExitOk;
  }
  if (options.scene.empty())
    return Error{ErrorCode::kInvalid, "no scene was given", "name a .glb or .gltf file"};
  if (options.video && (options.job.folder.empty() || !options.job.wait)) {
    return Error{ErrorCode::kInvalid, "--video needs --wait and -o",
                 "add both: the film is made of the fetched frames"};
  }
  SubmitOptions job = options.job.submit;
  job.parameters["Scene"] = options.scene;
  if (auto resolved = resolve_after(context, options.job, job); !resolved) return resolved.error();
  auto built = build_job(*text, {}, job);
  if (!built) return built.error();
  auto code = submit_built(context, *built, submission_options(options.job));
  if (code && *code == kExitOk && options.video)
    make_video(context, options.job.folder, job.frames_per_second);
  return code;
}

}  // namespace

void add_render_command(CommandLine& line) {
  auto options = std::make_shared<Options>();
  const Verb& verb =
      line.verb(line.root(), "render", "Render an animated glTF scene with the built-in path tracer",
                [options](Context& context) { return render(context, *options); });
  RenderRequest& request = options->request;
  verb.option("scene", options->scene, "A .glb or .gltf file");
  verb.option("--frames", request.frames, "Which frames: 1-48, 1-100:5, 3,7,9").type("RANGE").with_default();
  verb.option("--samples", request.samples, "Paths for each pixel").between(1, 1 << 20).with_default();
  verb.parsed("--size", request.size, parse_size_option, "WxH", "Pixels of a frame (default 640x360)");
  verb.parsed("--tiles", request.tiles, parse_tiles_option, "XxY", "Tasks for each frame (default 1x1)");
  verb.option("--max-depth", request.max_depth, "Bounces of a path").between(1, 64).with_default();
  verb.option("--seed", request.seed, "Of the random numbers").with_default();
  verb.option("--fps", options->job.submit.frames_per_second, "Frames for each second of the animation")
      .between(0.1, 1000.0)
      .with_default();
  verb.option("--exposure", options->job.fetch.exposure_stops, "Stops of light for the PNG files")
      .with_default();
  verb.flag("--exr", options->job.fetch.exr, "Write linear OpenEXR files too");
  verb.flag("--video", options->video, "Make a film with ffmpeg, where there is one");
  verb.flag("--print-template", options->print_template,
            "Show the Open Job Description template and submit nothing");
  add_job_options(verb, options->job);
}

}  // namespace reeve::client
