// Puts the demo's report together: reeve-demo-gather API_DIR OUT_DIR --size WxH --tiles XxY --false-results
// DIR … API_DIR holds a region's answers (job.json, agents.json, …), OUT_DIR/frames the frames. Writes
// report.json (for reeve-demo-report), the contact sheet and the pictures of the cheat. Ends with 1 if the
// demo did not show what it promises.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <regex>

#include "client/quantities.h"
#include "tests/demo/facts.h"
#include "tests/demo/pictures.h"

namespace reeve::demo {
namespace {

struct Options {
  fs::path answers, out, false_results;
  std::string title, subtitle, video, cheat;
  std::size_t frames = 0;
  std::string size, tiles;
};

struct Frame {
  std::int64_t number = 0;
  fs::path path;
};

/// Throws std::exception naming what is missing or malformed.
Json read_answer(const fs::path& folder, const char* name) {
  const fs::path path = folder / (std::string(name) + ".json");
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  Json answer = Json::parse(in);
  if (answer.contains("error")) throw std::runtime_error(path.string() + ": " + answer["error"].dump());
  return answer;
}

Answers read_answers(const fs::path& folder) {
  return {read_answer(folder, "job")["job"],         read_answer(folder, "agents")["agents"],
          read_answer(folder, "parties")["parties"], read_answer(folder, "convictions")["convictions"],
          read_answer(folder, "timeline")["spans"],  read_answer(folder, "balance")["accounts"],
          read_answer(folder, "verify")["verify"]};
}

std::vector<Frame> find_frames(const fs::path& folder) {
  static const std::regex kName("frame_([0-9]+)\\.png");
  std::vector<Frame> frames;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    std::smatch match;
    const std::string name = entry.path().filename().string();
    if (std::regex_match(name, match, kName)) frames.push_back({std::stoll(match[1]), entry.path()});
  }
  std::sort(frames.begin(), frames.end(), [](const Frame& a, const Frame& b) { return a.number < b.number; });
  if (frames.empty()) throw std::runtime_error("no frame in " + folder.string());
  return frames;
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message + "; " + result.error().hint);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

/// The first conviction, with its pictures.
Json describe_cheat(const Options& options, const Json& conviction, const std::vector<Frame>& frames) {
  const auto size = must(client::parse_pixel_size(options.size, "size"));
  const auto tiles = must(client::parse_pixel_size(options.tiles, "tiles"));
  const auto grid = must(client::TileGrid::make(size.width, size.height, tiles.width, tiles.height));
  const auto task = conviction["task"].get<std::uint32_t>();
  const std::uint32_t tile = task % grid.count();
  const Frame& frame = frames.at(task / grid.count());
  const std::string result = std::to_string(conviction["job"].get<std::uint64_t>()) + "-" +
                             std::to_string(conviction["step"].get<std::uint64_t>()) + "-" +
                             std::to_string(task) + ".result";
  const auto leaf = must(write_evidence(
      frame.path, {options.false_results / result, tile, conviction["leaf"].get<std::uint64_t>()}, grid,
      options.out));
  return {{"headline", conviction["owner_name"].get<std::string>() +
                           " painted over its pictures, lost its stake and was not paid."},
          {"cheat_image", "cheat.png"},
          {"true_image", "frames/" + frame.path.filename().string()},
          {"cheat_detail", "cheat_detail.png"},
          {"true_detail", "true_detail.png"},
          {"leaf",
           {{"x", leaf.x},
            {"y", leaf.y},
            {"width", leaf.width},
            {"height", leaf.height},
            {"image_width", grid.width()},
            {"image_height", grid.height()}}},
          {"evidence", evidence_facts(conviction, frame.number, tile)}};
}

Json make_report(const Options& options, const Answers& answers) {
  const std::vector<Frame> frames = find_frames(options.out / "frames");
  std::vector<fs::path> paths;
  Json frame_rows = Json::array();
  for (const Frame& frame : frames) {
    paths.push_back(frame.path);
    frame_rows.push_back({{"number", frame.number}, {"image", "frames/" + frame.path.filename().string()}});
  }
  must(write_contact_sheet(paths, options.out / "contact-sheet.png"));
  Json report{{"title", options.title},
              {"subtitle", options.subtitle},
              {"summary", summary_facts(answers)},
              {"frames", frame_rows},
              {"contact_sheet", "contact-sheet.png"},
              {"video", options.video},
              {"agents", timeline_rows(answers)},
              {"accounts", account_rows(answers)},
              {"ledger_line", ledger_line(answers.verify)},
              {"ledger_verified", answers.verify["ok"]}};
  if (!answers.convictions.empty()) report["cheat"] = describe_cheat(options, answers.convictions[0], frames);
  return report;
}

int gather(const Options& options) {
  const Answers answers = read_answers(options.answers);
  const std::size_t frames = find_frames(options.out / "frames").size();
  std::printf("%-40s %zu of %zu\n", "frames written", frames, options.frames);
  const bool hold = promises_hold(answers, options.cheat) && frames == options.frames;
  const fs::path path = options.out / "report.json";
  std::ofstream file(path);
  file << make_report(options, answers).dump(1) << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
  return hold ? 0 : 1;
}

}  // namespace
}  // namespace reeve::demo

int main(int argc, char** argv) {
  CLI::App app{"Gathers what the demo's page shows from a region's answers and a job's frames."};
  reeve::demo::Options options;
  app.add_option("API_DIR", options.answers, "the region's answers, a JSON file each")->required();
  app.add_option("OUT_DIR", options.out, "holds frames/; receives report.json and pictures")->required();
  app.add_option("--size", options.size, "WxH, as the job had it")->required();
  app.add_option("--tiles", options.tiles, "XxY, as the job had it")->required();
  app.add_option("--false-results", options.false_results, "what reeve-cheating-agent kept")->required();
  app.add_option("--frames", options.frames, "how many there have to be")->required();
  app.add_option("--cheat", options.cheat, "the owner who has to be convicted and unpaid")->required();
  app.add_option("--title", options.title, "of the page");
  app.add_option("--subtitle", options.subtitle, "of the page");
  app.add_option("--video", options.video, "path of the film, relative to OUT_DIR");
  CLI11_PARSE(app, argc, argv);
  try {
    return reeve::demo::gather(options);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "reeve-demo-gather: %s\n", failure.what());
    return 1;
  }
}
