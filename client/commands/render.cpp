#include <algorithm>
#include <filesystem>

#include "client/command_line.h"
#include "client/commands/all.h"
#include "client/commands/film.h"
#include "client/commands/job_options.h"
#include "client/quantities.h"
#include "client/render_template.h"
#include "client/renderers/renderer_template.h"
#include "client/renderers/scene_files.h"

namespace reeve::client {
namespace {

struct Options {
  std::string scene;
  RenderRequest request;      // of a glTF scene; frames, size and tiles are every scene's
  std::uint32_t samples = 0;  // 0: not given, and so the size
  PixelSize size;
  std::uint32_t chunk = 0;  // 0: not given
  std::string device;
  std::string clock_frames;
  std::string project;
  std::vector<std::string> inputs;
  bool preview = true;
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

/// Options that one kind of scene has and the other has not.
Result<void> refuse_given(const std::vector<std::pair<const char*, bool>>& given, const char* why,
                          const char* instead) {
  for (const auto& [option, is_given] : given)
    if (is_given) return Error{ErrorCode::kInvalid, std::string(option) + why, instead};
  return {};
}

Result<std::string> gltf_template(Options& options) {
  auto fits =
      refuse_given({{"--chunk", options.chunk > 0},
                    {"--device", !options.device.empty()},
                    {"--clock-frames", !options.clock_frames.empty()},
                    {"--project", !options.project.empty()},
                    {"--input", !options.inputs.empty()}},
                   " is for .blend and .pov scenes", "leave it out: the built-in renderer reads glTF alone");
  if (!fits) return fits.error();
  if (options.samples > 0) options.request.samples = options.samples;
  if (options.size.width > 0) options.request.size = options.size;
  return render_template(options.request);
}

Result<RendererRequest> renderer_request(const Options& options) {
  const RenderRequest usual;
  auto fits =
      refuse_given({{"--max-depth", options.request.max_depth != usual.max_depth},
                    {"--seed", options.request.seed != usual.seed},
                    {"--exposure", options.job.fetch.exposure_stops != 0},
                    {"--exr", options.job.fetch.exr}},
                   " is for glTF scenes", "set it in the scene, or change what --print-template shows");
  if (!fits) return fits.error();
  RendererRequest request;
  const bool povray = std::filesystem::path(options.scene).extension() == ".pov";
  request.renderer = povray ? Renderer::kPovray : Renderer::kBlender;
  fits = povray ? refuse_given({{"--device", !options.device.empty()}}, " is for .blend scenes",
                               "POV-Ray runs on CPUs")
                : refuse_given({{"--clock-frames", !options.clock_frames.empty()}}, " is for .pov scenes",
                               "a .blend file says itself what moves when");
  if (!fits) return fits.error();
  request.name = options.request.name;
  request.scene = std::filesystem::path(options.scene).filename().string();
  request.frames = options.request.frames;
  request.preview = options.preview;
  request.chunk = std::max(options.chunk, 1U);
  request.size = options.size;
  request.samples = options.samples;
  if (!options.device.empty()) request.device = options.device;
  request.crops = options.request.tiles;
  request.clock_frames = options.clock_frames;
  return request;
}

/// The template of the scene's kind, and the values of its parameters.
Result<std::string> job_of(const Options& options, SubmitOptions& job, std::vector<std::string>& notes) {
  auto request = renderer_request(options);
  if (!request) return request.error();
  if (options.print_template) return renderer_template(*request);
  auto files = gather_scene_files({request->renderer, options.scene, options.project, options.inputs});
  if (!files) return files.error();
  notes = files->notes;
  request->scene = files->scene;
  job.parameters["Project"] = files->project.string();
  if (!files->picked.empty()) job.picked["Project"] = files->picked;
  // Metadata of two runs differ and their pixels do not.
  const bool copies = !job.verify || job.verify->mode != VerifyMode::kNone;
  if (!job.compare && copies) job.compare = "pixels";
  return renderer_template(*request);
}

Result<ExitCode> render(Context& context, Options& options) {
  if (options.request.name.empty())
    options.request.name = std::filesystem::path(options.scene).stem().string();
  if (!options.job.submit.name.empty()) options.request.name = options.job.submit.name;
  if (options.request.name.empty()) options.request.name = "render";
  if (options.video && options.print_template) {
    const std::string text = film_template(options.request.name, options.job.submit.frames_per_second);
    context.output().show({{{"template", text}}, text, text});
    return kExitOk;
  }
  if (options.scene.empty() && !options.print_template)
    return Error{ErrorCode::kInvalid, "no scene was given", "name a .glb, .gltf, .blend or .pov file"};
  if (options.video && (options.job.folder.empty() || !options.job.wait)) {
    return Error{ErrorCode::kInvalid, "--video needs --wait and -o",
                 "add both: the film is made of the fetched frames"};
  }
  SubmitOptions job = options.job.submit;
  std::vector<std::string> notes;
  const bool installed = is_renderer_scene(options.scene);
  auto text = installed ? job_of(options, job, notes) : gltf_template(options);
  if (!text) return text.error();
  if (options.print_template) {
    context.output().show({{{"template", *text}}, *text, *text});
    return kExitOk;
  }
  if (!installed) job.parameters["Scene"] = options.scene;
  if (auto resolved = resolve_after(context, options.job, job); !resolved) return resolved.error();
  auto built = build_job(*text, {}, job);
  if (!built) return built.error();
  built->notes.insert(built->notes.begin(), notes.begin(), notes.end());
  auto code = submit_built(context, *built, submission_options(options.job));
  if (code && *code == kExitOk && options.video && !options.job.dry_run)
    make_film(context, options.job, options.request.name);
  return code;
}

void add_scene_options(const Verb& verb, Options& options) {
  RenderRequest& request = options.request;
  verb.option("scene", options.scene, "A .glb, .gltf, .blend or .pov file");
  verb.option("--frames", request.frames, "Which frames: 1-48, 1-100:5, 3,7,9").type("RANGE").with_default();
  verb.option("--samples", options.samples,
              "Paths for each pixel (default 64; of a .blend file as it says; of a .pov file 9, where edges "
              "need them)")
      .between(1, 1 << 20);
  verb.parsed("--size", options.size, parse_size_option, "WxH",
              "Pixels of a frame (default 640x360; of a .blend file as it says)");
  verb.parsed("--tiles", request.tiles, parse_tiles_option, "XxY", "Tasks for each frame (default 1x1)");
  verb.option("--max-depth", request.max_depth, "glTF: bounces of a path").between(1, 64).with_default();
  verb.option("--seed", request.seed, "glTF: of the random numbers").with_default();
  verb.option("--fps", options.job.submit.frames_per_second, "Frames for each second of the animation")
      .between(0.1, 1000.0)
      .with_default();
  verb.option("--exposure", options.job.fetch.exposure_stops, "glTF: stops of light for the PNG files")
      .with_default();
  verb.flag("--exr", options.job.fetch.exr, "glTF: write linear OpenEXR files too");
}

void add_renderer_options(const Verb& verb, Options& options) {
  verb.option("--chunk", options.chunk, "Frames of a task (default 1), where frames follow one another")
      .between(1, 1 << 20);
  verb.flag(
      "--preview,!--no-preview", options.preview,
      "The first, the middle and the last frame before the others (of .blend and .pov files; the default)");
  verb.option("--device", options.device, "Blender: what Cycles renders on; gpu asks for one (default any)")
      .among({"any", "cpu", "gpu"});
  verb.option("--clock-frames", options.clock_frames,
              "POV-Ray: from which to which frame the clock goes from 0 to 1 (default: those of --frames)")
      .type("RANGE");
  verb.option(
          "--project", options.project,
          "Send this folder whole, which holds the scene (default: the scene and the files that it needs)")
      .type("DIR");
  verb.repeated("--input", options.inputs, "A file or folder that the scene needs too; may be repeated")
      .type("PATH");
}

}  // namespace

void add_render_command(CommandLine& line) {
  auto options = std::make_shared<Options>();
  const Verb& verb =
      line.verb(line.root(), "render",
                "Render a glTF scene with the built-in path tracer, a .blend file with Blender's "
                "Cycles or a .pov file with POV-Ray",
                [options](Context& context) { return render(context, *options); });
  add_scene_options(verb, *options);
  add_renderer_options(verb, *options);
  verb.flag("--video", options->video, "Make a film with ffmpeg: this machine's, or else an agent's");
  verb.flag("--print-template", options->print_template,
            "Show the Open Job Description template, with --video the film's, and submit nothing");
  add_job_options(verb, options->job);
}

}  // namespace reeve::client
