#include "client/command_line.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "client/command_tree.h"
#include "tests/client/commands/run_reeve.h"

namespace reeve::client {
namespace {

TEST(CommandLine, UnknownVerbsAndOptionsAreUsageErrors) {
  EXPECT_EQ(reeve({}).code, kExitUsage);
  EXPECT_EQ(reeve({"frobnicate"}).code, kExitUsage);
  EXPECT_EQ(reeve({"job"}).code, kExitUsage);
  EXPECT_EQ(reeve({"job", "list", "--colour"}).code, kExitUsage);
  EXPECT_EQ(reeve({"job", "info"}).code, kExitUsage);
  EXPECT_EQ(reeve({"--output", "xml", "config", "show"}).code, kExitUsage);
}

TEST(CommandLine, UsageErrorsAreJsonWhereJsonIsAskedFor) {
  const Ran ran = reeve({"job", "info", "--output", "json"});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_EQ(Json::parse(ran.out).at("error").at("code"), "invalid");
}

TEST(CommandLine, HelpIsNoError) {
  for (const auto& args :
       std::vector<std::vector<const char*>>{{"--help"}, {"job", "--help"}, {"job", "list", "--help"}}) {
    const Ran ran = reeve(args);
    EXPECT_EQ(ran.code, kExitOk);
    EXPECT_NE(ran.out.find("--help"), std::string::npos);
  }
  EXPECT_EQ(reeve({"--version"}).out.rfind("reeve ", 0), 0U);
}

TEST(CommandLine, VerbsThatNeedALoginSayHowToGetOne) {
  const Ran ran = reeve({"job", "list"});
  EXPECT_EQ(ran.code, kExitNotFound);
  EXPECT_NE(ran.err.find("reeve login"), std::string::npos);
}

TEST(CommandLine, GlobalOptionsMayStandAfterTheVerb) {
  const Ran ran = reeve({"config", "show", "--output", "json", "--timeout", "3s"});
  EXPECT_EQ(ran.code, kExitOk);
  bool found = false;
  const Json answer = Json::parse(ran.out);
  for (const Json& setting : answer.at("settings")) {
    if (setting.at("name") == "timeout")
      found = setting.at("value") == "3s" && setting.at("source") == "flag --timeout";
  }
  EXPECT_TRUE(found) << ran.out;
}

TEST(CommandLine, PrintedTemplateOfARenderIsOneThatSubmitTakes) {
  const Ran printed =
      reeve({"render", "--print-template", "--frames", "1-2", "--size", "32x16", "--tiles", "2x1"});
  ASSERT_EQ(printed.code, kExitOk) << printed.err;
  const std::string file = testing::TempDir() + "reeve_printed.yaml";
  std::ofstream(file) << printed.out;
  const std::string scene = "Scene=sha256:" + std::string(64, 'a');
  const Ran ran = reeve({"submit", file.c_str(), "-p", scene.c_str(), "--dry-run", "--output", "json"});
  std::remove(file.c_str());
  ASSERT_EQ(ran.code, kExitOk) << ran.err << ran.out;
  EXPECT_EQ(Json::parse(ran.out).at("dry_run").at("steps").at(0).at("tasks"), 4);
}

TEST(CommandLine, BadValuesOfOptionsAreUsageErrors) {
  EXPECT_EQ(reeve({"render", "--print-template", "--size", "640"}).code, kExitUsage);
  EXPECT_EQ(reeve({"render", "--print-template", "--verify", "quorum:9"}).code, kExitUsage);
  EXPECT_EQ(reeve({"render", "--print-template", "--time-limit", "soon"}).code, kExitUsage);
  EXPECT_EQ(reeve({"render", "--print-template", "--priority", "101"}).code, kExitUsage);
}

TEST(CommandLineRender, EachKindOfSceneHasItsTemplate) {
  EXPECT_NE(reeve({"render", "a.blend", "--print-template"}).out.find("command: blender"), std::string::npos);
  EXPECT_NE(reeve({"render", "a.pov", "--print-template"}).out.find("povray +I"), std::string::npos);
  EXPECT_NE(reeve({"render", "a.glb", "--print-template"}).out.find("reeve:render.path"), std::string::npos);
  const Ran other = reeve({"render", "a.pov", "--print-template", "--samples", "16", "--size", "80x60"});
  EXPECT_NE(other.out.find("default: 80\n"), std::string::npos);
  EXPECT_NE(other.out.find("default: 4\n"), std::string::npos) << "4 by 4 rays make 16";
}

TEST(CommandLineRender, AnOptionOfAnotherKindOfSceneIsRefusedByName) {
  using Case = std::pair<const char*, std::vector<const char*>>;
  for (const auto& [scene, option] :
       {Case{"a.glb", {"--device", "cpu"}}, Case{"a.glb", {"--chunk", "2"}},
        Case{"a.glb", {"--project", "."}}, Case{"a.blend", {"--exr"}}, Case{"a.blend", {"--seed", "3"}},
        Case{"a.blend", {"--clock-frames", "1-9"}}, Case{"a.pov", {"--device", "gpu"}},
        Case{"a.pov", {"--exposure", "1"}}}) {
    std::vector<const char*> words{"render", scene, "--print-template"};
    words.insert(words.end(), option.begin(), option.end());
    const Ran ran = reeve(words);
    EXPECT_EQ(ran.code, kExitUsage) << scene << " " << option.front();
    EXPECT_NE(ran.err.find(option.front()), std::string::npos) << ran.err;
  }
}

TEST(CommandLineRender, ASceneGoesWithWhatItNamesAndIsComparedByItsPixels) {
  const std::filesystem::path folder = ::testing::TempDir() + "reeve_render_scene";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "a.pov") << "image_map { png \"b.png\" }";
  const std::string scene = (folder / "a.pov").string();
  const Ran missing = reeve({"render", scene.c_str(), "--dry-run"});
  EXPECT_EQ(missing.code, kExitNotFound);
  EXPECT_NE(missing.err.find("b.png"), std::string::npos) << missing.err;
  std::ofstream(folder / "b.png") << "a picture";
  std::ofstream(folder / "c.png") << "another";
  const Ran ran = reeve({"render", scene.c_str(), "--frames", "1-8", "--dry-run"});
  EXPECT_EQ(ran.code, kExitOk) << ran.err;
  EXPECT_NE(ran.out.find("(2 files)"), std::string::npos) << ran.out;
  const Ran whole = reeve({"render", scene.c_str(), "--project", folder.c_str(), "--dry-run"});
  EXPECT_NE(whole.out.find("(3 files)"), std::string::npos) << whole.out;
  std::filesystem::remove_all(folder);
}

TEST(CommandLine, OutputFolderWithoutWaitingIsRefused) {
  const Ran ran = reeve({"render", "scene.glb", "-o", "out"});
  EXPECT_EQ(ran.code, kExitUsage);
  EXPECT_NE(ran.err.find("--wait"), std::string::npos);
}

TEST(CommandReference, IsWhatTheParserSays) {
  CommandLine line;
  std::ostringstream page;
  page << std::ifstream(std::string(REEVE_SOURCE_DIR) + "/docs/reference/commands.md").rdbuf();
  EXPECT_EQ(page.str(), command_reference(line.root()))
      << "write it anew: reeve docs commands > docs/reference/commands.md";
}

TEST(CommandReference, HiddenVerbsAreNotInIt) {
  CommandLine line;
  EXPECT_EQ(command_reference(line.root()).find("## reeve docs"), std::string::npos);
}

TEST(Completion, KnowsEveryShellItOffers) {
  CommandLine line;
  for (const char* shell : {"bash", "zsh", "fish"})
    EXPECT_NE(completion_script(line.root(), shell).find("fetch"), std::string::npos) << shell;
}

}  // namespace
}  // namespace reeve::client
