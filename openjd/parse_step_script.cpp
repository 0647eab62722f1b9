#include <array>

#include "openjd/limits.h"
#include "openjd/parse.h"

namespace reeve::openjd {
namespace {

/// A script language of FEATURE_BUNDLE_1. Source: 2023-09, 8.
struct Interpreter {
  const char* key;       // of the step; also the command
  const char* flag;      // before the script's path; empty: none
  const char* filename;  // of the script
};

constexpr std::array<Interpreter, 5> kInterpreters = {{
    {"bash", "", "script.sh"},
    {"cmd", "/C", "script.bat"},
    {"node", "", "script.js"},
    {"powershell", "-File", "script.ps1"},
    {"python", "", "script.py"},
}};

void parse_script(Diagnostics& diagnostics, const Place& place, Visible visible, StepTemplate& step) {
  const Object object(diagnostics, place, {"actions", "embeddedFiles"});
  const std::vector<std::string> files = embedded_file_names(place);
  visible.task_files = &files;
  if (const auto embedded = object.find("embeddedFiles")) {
    step.files = parse_embedded_files(diagnostics, *embedded, visible);
  }
  const auto actions_place = object.require("actions");
  if (!actions_place) return;
  const Object actions(diagnostics, *actions_place, {"onRun"});
  if (const auto run = actions.require("onRun")) {
    step.on_run = parse_action(diagnostics, *run, visible, limits::kNotifyDefaultOnRunSeconds);
  }
}

/// Puts the script into an embedded file and runs the interpreter on it.
void parse_interpreter(Diagnostics& diagnostics, const Place& place, const Interpreter& interpreter,
                       Visible visible, StepTemplate& step) {
  const Object object(diagnostics, place, {"script", "args", "timeout", "cancelation"});
  const std::vector<std::string> no_files;
  visible.task_files = &no_files;
  Action& action = step.on_run.action;
  action.command = FormatString::literal(interpreter.key);
  if (interpreter.flag[0] != '\0') action.args.push_back(FormatString::literal(interpreter.flag));
  action.args.push_back(*FormatString::parse("{{Task.File.Script}}"));  // slot 0: the one file
  if (const auto script = object.require("script")) {
    auto text = read_format(diagnostics, *script, {1, SIZE_MAX, Controls::kAny}, visible);
    step.files.push_back(
        {"Script", interpreter.filename, false, std::move(text).value_or(FormatString{}), EndOfLine::kAuto});
  }
  parse_action_fields(diagnostics, object, visible, limits::kNotifyDefaultOnRunSeconds, step.on_run);
}

}  // namespace

void parse_step_script(Diagnostics& diagnostics, const Place& place, const Object& object, Visible visible,
                       StepTemplate& step) {
  visible.on_host = true;
  std::size_t found = 0;
  if (const auto script = object.find("script")) {
    ++found;
    parse_script(diagnostics, *script, visible, step);
  }
  for (const Interpreter& interpreter : kInterpreters) {
    const auto script = object.find(interpreter.key);
    if (!script) continue;
    const bool enabled = visible.extensions.feature_bundle_1;
    if (!check_extension(diagnostics, *script, enabled, "FEATURE_BUNDLE_1")) return;
    if (++found > 1) {
      report(diagnostics, *script, "the step has two scripts", "keep one of them");
      return;
    }
    parse_interpreter(diagnostics, *script, interpreter, visible, step);
  }
  if (found == 0 && object.is_map()) report(diagnostics, place, "the field 'script' is missing", "add it");
}

}  // namespace reeve::openjd
