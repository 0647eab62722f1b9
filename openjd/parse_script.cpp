#include <algorithm>

#include "openjd/limits.h"
#include "openjd/parse.h"

namespace reeve::openjd {
namespace {

Cancelation parse_cancelation(Diagnostics& diagnostics, const Place& place, std::int64_t default_notify_s) {
  const Object object(diagnostics, place, {"mode", "notifyPeriodInSeconds"});
  const auto mode = object.require("mode");
  if (!mode) return {};
  const auto word = read_word(diagnostics, *mode, {"TERMINATE", "NOTIFY_THEN_TERMINATE"});
  const bool notify = word == 1U;
  const auto period = object.find("notifyPeriodInSeconds");
  if (period && word == 0U) {
    report(diagnostics, *period, "TERMINATE has no notify period", "drop it, or use NOTIFY_THEN_TERMINATE");
  }
  if (!notify) return {};
  std::int64_t seconds = default_notify_s;
  if (period) seconds = read_int(diagnostics, *period, 1, limits::kNotifyPeriodSeconds).value_or(seconds);
  return {true, static_cast<std::uint32_t>(seconds)};
}

std::string parse_filename(Diagnostics& diagnostics, const Place& place) {
  const auto name = read_text(diagnostics, place, name_rule());
  if (!name) return {};
  if (*name == "." || *name == ".." || name->find_first_of("/\\") != std::string::npos) {
    report(diagnostics, place, "this is no plain file name", "write the name alone, without folders");
  }
  return *name;
}

EmbeddedFile parse_embedded_file(Diagnostics& diagnostics, const Place& place, const Visible& visible) {
  EmbeddedFile file;
  const Object object(diagnostics, place, {"name", "type", "filename", "runnable", "data"});
  if (const auto name = object.require("name")) {
    file.name = read_identifier(diagnostics, *name).value_or("");
  }
  if (const auto type = object.require("type")) (void)read_word(diagnostics, *type, {"TEXT"});
  if (const auto filename = object.find("filename")) file.filename = parse_filename(diagnostics, *filename);
  if (const auto runnable = object.find("runnable")) {
    file.runnable = read_bool(diagnostics, *runnable).value_or(false);
  }
  if (const auto data = object.require("data")) {
    file.data =
        read_format(diagnostics, *data, {1, SIZE_MAX, Controls::kAny}, visible).value_or(FormatString{});
  }
  return file;
}

std::vector<Variable> parse_variables(Diagnostics& diagnostics, const Place& place, const Visible& visible) {
  std::vector<Variable> variables;
  if (!check_kind(diagnostics, place, NodeKind::kMap)) return variables;
  const TextRule value_rule{0, limits::kVariableValue, Controls::kAny};
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place value = place.at(i);
    const std::string& name = place.node().keys[i].text;
    const bool letters =
        name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
        std::string::npos;
    if (name.empty() || name.size() > limits::kVariableName || !letters ||
        (name[0] >= '0' && name[0] <= '9')) {
      report(diagnostics, value, in_quotes(name) + " is no name of an environment variable",
             "use 1 to 256 letters, digits and underscores, not starting with a digit");
    }
    auto text = read_format(diagnostics, value, value_rule, visible);
    variables.push_back({name, std::move(text).value_or(FormatString{})});
  }
  return variables;
}

void parse_environment_script(Diagnostics& diagnostics, const Place& place, Visible visible,
                              Environment& environment) {
  const Object object(diagnostics, place, {"actions", "embeddedFiles"});
  if (const auto files = object.find("embeddedFiles")) {
    environment.files = parse_embedded_files(diagnostics, *files, visible);
  }
  const auto actions_place = object.require("actions");
  if (!actions_place) return;
  const Object actions(diagnostics, *actions_place, {"onEnter", "onExit"});
  if (const auto enter = actions.require("onEnter")) {
    environment.on_enter = parse_action(diagnostics, *enter, visible, limits::kNotifyDefaultSeconds);
  }
  if (const auto leave = actions.find("onExit")) {
    environment.on_exit = parse_action(diagnostics, *leave, visible, limits::kNotifyDefaultSeconds);
    if (!environment.on_exit->timeout_s) environment.on_exit->timeout_s = limits::kOnExitTimeoutSeconds;
  }
}

Environment parse_environment(Diagnostics& diagnostics, const Place& place,
                              const std::vector<KnownParameter>& parameters) {
  Environment environment;
  const Object object(diagnostics, place, {"name", "description", "script", "variables"});
  if (const auto name = object.require("name")) {
    environment.name = read_text(diagnostics, *name, name_rule()).value_or("");
  }
  if (const auto text = object.find("description")) (void)read_text(diagnostics, *text, description_rule());
  const auto script = object.find("script");
  const auto variables = object.find("variables");
  if (object.is_map() && !script && !variables) {
    report(diagnostics, place, "the environment does nothing", "add a script or variables");
  }
  std::vector<std::string> files;
  if (script) files = embedded_file_names(*script);
  Visible visible;
  visible.parameters = &parameters;
  visible.environment_files = &files;
  visible.on_host = true;
  if (script) parse_environment_script(diagnostics, *script, visible, environment);
  if (variables) environment.variables = parse_variables(diagnostics, *variables, visible);
  return environment;
}

}  // namespace

Action parse_action(Diagnostics& diagnostics, const Place& place, const Visible& visible,
                    std::int64_t default_notify_s) {
  Action action;
  const Object object(diagnostics, place, {"command", "args", "timeout", "cancelation"});
  if (const auto command = object.require("command")) {
    auto text = read_format(diagnostics, *command, {1, SIZE_MAX, Controls::kNone}, visible);
    action.command = std::move(text).value_or(FormatString{});
  }
  const auto args = object.find("args");
  if (args && check_list(diagnostics, *args, 0, SIZE_MAX)) {
    for (std::size_t i = 0; i < args->size(); ++i) {
      auto text = read_format(diagnostics, args->at(i), {0, SIZE_MAX, Controls::kLineBreaksAndTab}, visible);
      action.args.push_back(std::move(text).value_or(FormatString{}));
    }
  }
  if (const auto timeout = object.find("timeout")) {
    const auto seconds = read_int(diagnostics, *timeout, 1, limits::kTimeoutSeconds);
    action.timeout_s = static_cast<std::uint32_t>(seconds.value_or(1));
  }
  if (const auto cancelation = object.find("cancelation")) {
    action.cancelation = parse_cancelation(diagnostics, *cancelation, default_notify_s);
  }
  return action;
}

std::vector<std::string> embedded_file_names(const Place& script) {
  std::vector<std::string> names;
  for (std::size_t i = 0; script.node().kind == NodeKind::kMap && i < script.size(); ++i) {
    if (script.node().keys[i].text != "embeddedFiles") continue;
    for (const Node& file : script.node().items[i].items) {
      names.emplace_back();
      for (std::size_t k = 0; k < file.keys.size(); ++k) {
        if (file.keys[k].text == "name") names.back() = file.items[k].text;
      }
    }
  }
  return names;
}

std::vector<EmbeddedFile> parse_embedded_files(Diagnostics& diagnostics, const Place& place,
                                               const Visible& visible) {
  std::vector<EmbeddedFile> files;
  if (!check_list(diagnostics, place, 1, limits::kEmbeddedFiles)) return files;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place item = place.at(i);
    EmbeddedFile file = parse_embedded_file(diagnostics, item, visible);
    const bool repeated = std::any_of(files.begin(), files.end(), [&](const EmbeddedFile& f) {
      return !f.name.empty() && f.name == file.name;
    });
    if (repeated) report(diagnostics, item, in_quotes(file.name) + " is the name of two files", "rename one");
    files.push_back(std::move(file));
  }
  return files;
}

std::vector<Environment> parse_environments(Diagnostics& diagnostics, const Place& place,
                                            const std::vector<KnownParameter>& parameters,
                                            std::vector<std::string>& taken) {
  std::vector<Environment> environments;
  if (!check_list(diagnostics, place, 1, limits::kEnvironments)) return environments;
  for (std::size_t i = 0; i < place.size(); ++i) {
    const Place item = place.at(i);
    Environment environment = parse_environment(diagnostics, item, parameters);
    const bool repeated =
        !environment.name.empty() && std::find(taken.begin(), taken.end(), environment.name) != taken.end();
    if (repeated) {
      report(diagnostics, item, in_quotes(environment.name) + " is the name of two environments",
             "rename one");
    }
    taken.push_back(environment.name);
    environments.push_back(std::move(environment));
  }
  return environments;
}

}  // namespace reeve::openjd
