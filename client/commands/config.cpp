#include "client/command_line.h"
#include "client/commands/all.h"

namespace reeve::client {
namespace {

Result<ExitCode> show_config(Context& context) {
  Json settings = Json::array();
  Table table({{"SETTING"}, {"VALUE"}, {"SOURCE"}, {"MEANING"}});
  std::string quiet;
  const auto add = [&](const Setting& setting) {
    settings.push_back({{"name", setting.name}, {"value", setting.value}, {"source", setting.source}});
    table.row(
        {{setting.name}, {setting.value, Tone::kStrong}, {setting.source}, {setting.meaning, Tone::kFaint}});
    quiet += setting.name + "=" + setting.value + "\n";
  };
  for (const Setting& setting : context.config().settings())
    add(setting);
  if (auto login = context.login()) {
    const std::string source = (*login)->role == "operator"
                                   ? "the region's folder"
                                   : (context.config().home() / "region.toml").string();
    add({"endpoint", endpoint_text((*login)->region), source, "where the region listens"});
    add({"role", (*login)->role, source, "what this key may do there"});
  }
  context.output().show({{{"settings", settings}}, table.render(context.output().style()), quiet});
  return kExitOk;
}

}  // namespace

void add_config_commands(CommandLine& line) {
  Verb config = line.group(line.root(), "config", "Where settings come from");
  line.verb(config, "show", "Show each setting, its value and its source", show_config);
}

}  // namespace reeve::client
