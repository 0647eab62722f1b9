#include <algorithm>

#include "openjd/limits.h"
#include "openjd/parse.h"
#include "openjd/submit_number.h"

namespace reeve::openjd {
namespace {

Quoted quoted_numbers(const Visible& visible) {
  return visible.extensions.feature_bundle_1 ? Quoted::kAllowed : Quoted::kRefused;
}

/// A mode that waits for the job's parameters. Source: 2023-09, 5.3, FEATURE_BUNDLE_1.
std::optional<SubmitString> read_late_mode(Diagnostics& diagnostics, const Place& place,
                                           const Visible& visible) {
  const Node& node = place.node();
  if (!visible.extensions.feature_bundle_1 || node.kind != NodeKind::kString) return std::nullopt;
  if (node.text.find("{{") == std::string::npos) return std::nullopt;
  auto text =
      read_format(diagnostics, place, {1, limits::kStringValue, Controls::kNone}, visible.at_submission());
  return SubmitString{std::move(text).value_or(FormatString{}), node.mark};
}

void parse_cancelation(Diagnostics& diagnostics, const Place& place, const Visible& visible,
                       std::int64_t default_notify_s, ActionTemplate& action) {
  const Object object(diagnostics, place, {"mode", "notifyPeriodInSeconds"});
  const auto mode = object.require("mode");
  if (!mode) return;
  action.mode = read_late_mode(diagnostics, *mode, visible);
  std::optional<std::size_t> word;
  if (!action.mode) word = read_word(diagnostics, *mode, {"TERMINATE", "NOTIFY_THEN_TERMINATE"});
  const auto period = object.find("notifyPeriodInSeconds");
  if (period && word == 0U) {
    report(diagnostics, *period, "TERMINATE has no notify period", "drop it, or use NOTIFY_THEN_TERMINATE");
  }
  if (!action.mode && word != 1U) return;
  action.action.cancelation = {true, static_cast<std::uint32_t>(default_notify_s)};
  if (!period) return;
  action.notify_period =
      read_submit_int(diagnostics, *period, notify_rule(), quoted_numbers(visible), visible);
}

std::string parse_filename(Diagnostics& diagnostics, const Place& place, const Extensions& extensions) {
  const auto name = read_text(diagnostics, place, name_rule(extensions.filename()));
  if (!name) return {};
  if (*name == "." || *name == ".." || name->find_first_of("/\\") != std::string::npos) {
    report(diagnostics, place, "this is no plain file name", "write the name alone, without folders");
  }
  return *name;
}

EmbeddedFile parse_embedded_file(Diagnostics& diagnostics, const Place& place, const Visible& visible) {
  EmbeddedFile file;
  const Object object(diagnostics, place, {"name", "type", "filename", "runnable", "data", "endOfLine"});
  if (const auto name = object.require("name")) {
    file.name = read_identifier(diagnostics, *name, visible.extensions.name()).value_or("");
  }
  if (const auto type = object.require("type")) (void)read_word(diagnostics, *type, {"TEXT"});
  if (const auto filename = object.find("filename")) {
    file.filename = parse_filename(diagnostics, *filename, visible.extensions);
  }
  if (const auto runnable = object.find("runnable")) {
    file.runnable = read_bool(diagnostics, *runnable).value_or(false);
  }
  if (const auto data = object.require("data")) {
    file.data =
        read_format(diagnostics, *data, {1, SIZE_MAX, Controls::kAny}, visible).value_or(FormatString{});
  }
  const auto end = object.find("endOfLine");
  if (end && check_extension(diagnostics, *end, visible.extensions.feature_bundle_1, "FEATURE_BUNDLE_1")) {
    const auto word = read_word(diagnostics, *end, {"AUTO", "LF", "CRLF"});
    file.end_of_line = static_cast<EndOfLine>(word.value_or(0));
  }
  return file;
}

}  // namespace

bool check_extension(Diagnostics& diagnostics, const Place& place, bool enabled, const char* name) {
  if (enabled) return true;
  report(diagnostics, place, std::string("this needs the extension ") + name,
         std::string("add ") + name + " to the template's extensions");
  return false;
}

void parse_action_fields(Diagnostics& diagnostics, const Object& object, const Visible& visible,
                         std::int64_t default_notify_s, ActionTemplate& action) {
  const auto args = object.find("args");
  if (args && check_list(diagnostics, *args, 1, SIZE_MAX)) {
    for (std::size_t i = 0; i < args->size(); ++i) {
      auto text = read_format(diagnostics, args->at(i), {0, SIZE_MAX, Controls::kLineBreaksAndTab}, visible);
      action.action.args.push_back(std::move(text).value_or(FormatString{}));
    }
  }
  if (const auto timeout = object.find("timeout")) {
    action.timeout = read_submit_int(diagnostics, *timeout, timeout_rule(), quoted_numbers(visible), visible);
  }
  if (const auto cancelation = object.find("cancelation")) {
    parse_cancelation(diagnostics, *cancelation, visible, default_notify_s, action);
  }
}

ActionTemplate parse_action(Diagnostics& diagnostics, const Place& place, const Visible& visible,
                            std::int64_t default_notify_s) {
  ActionTemplate action;
  const Object object(diagnostics, place, {"command", "args", "timeout", "cancelation"});
  if (const auto command = object.require("command")) {
    auto text = read_format(diagnostics, *command, {1, SIZE_MAX, Controls::kNone}, visible);
    action.action.command = std::move(text).value_or(FormatString{});
  }
  parse_action_fields(diagnostics, object, visible, default_notify_s, action);
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

}  // namespace reeve::openjd
