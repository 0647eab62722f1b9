#include "client/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>

#include "client/commands/all.h"

namespace reeve::client {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 ok, 1 the job failed or the command could not be carried out, 2 usage, 3 no region "
    "answers,\n"
    "4 not allowed, 5 not found, 6 timeout, 130 interrupted.";

/// The format asked for, found without the parser: its errors too must come out in it.
Format early_format(int argc, const char* const* argv, const Environment& environment) {
  std::string text = environment("REEVE_OUTPUT").value_or("table");
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--output" && i + 1 < argc) text = argv[i + 1];
    if (arg.starts_with("--output=")) text = arg.substr(std::strlen("--output="));
  }
  const auto format = parse_format(text);
  return format ? *format : Format::kTable;
}

/// Shows help, or says what is wrong with the command line.
int end_parse(const CLI::App& app, const CLI::ParseError& error, Output& output, std::ostream& out) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    const bool version = dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr;
    out << (version ? std::string(error.what()) + "\n" : app.help());
    return kExitOk;
  }
  std::string message = error.what();
  for (const std::string& word : app.remaining(true)) {
    if (!word.starts_with("-")) message = "there is no verb '" + word + "'";
    break;
  }
  return output.fail({ErrorCode::kInvalid, message, "see `reeve --help`, or --help after any verb"});
}

Result<ExitCode> run_chosen(CommandLine& line, Output& output, const Environment& environment,
                            const Connector& connector) {
  auto config = Config::load(line.flags(), environment);
  if (!config) return config.error();
  const auto format = parse_format(config->get("output"));
  if (!format) return format.error();
  output.set_format(*format);
  Context context(output, *config, environment, connector);
  return line.chosen()(context);
}

}  // namespace

OptionRef& OptionRef::required() {
  option_->required();
  return *this;
}
OptionRef& OptionRef::type(const std::string& name) {
  option_->type_name(name);
  return *this;
}
OptionRef& OptionRef::between(double least, double most) {
  option_->check(CLI::Range(least, most, option_->get_type_name()));
  return *this;
}
OptionRef& OptionRef::among(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}
OptionRef& OptionRef::with_default() {
  option_->capture_default_str();
  return *this;
}

OptionRef Verb::option(const std::string& names, std::string& target, const std::string& description) const {
  return OptionRef(app_->add_option(names, target, description));
}
OptionRef Verb::option(const std::string& names, std::uint32_t& target,
                       const std::string& description) const {
  return OptionRef(app_->add_option(names, target, description)->type_name("N"));
}
OptionRef Verb::option(const std::string& names, std::int32_t& target, const std::string& description) const {
  return OptionRef(app_->add_option(names, target, description)->type_name("N"));
}
OptionRef Verb::option(const std::string& names, float& target, const std::string& description) const {
  return OptionRef(app_->add_option(names, target, description)->type_name("X"));
}
OptionRef Verb::option(const std::string& names, double& target, const std::string& description) const {
  return OptionRef(app_->add_option(names, target, description)->type_name("X"));
}
OptionRef Verb::repeated(const std::string& names, std::vector<std::string>& target,
                         const std::string& description) const {
  return OptionRef(app_->add_option(names, target, description)->allow_extra_args(false));
}
OptionRef Verb::words(const std::string& name, std::vector<std::string>& target,
                      const std::string& description) const {
  return OptionRef(app_->add_option(name, target, description));
}
OptionRef Verb::flag(const std::string& names, bool& target, const std::string& description) const {
  return OptionRef(app_->add_flag(names, target, description));
}
OptionRef Verb::read_by(const std::string& names, std::function<Result<void>(const std::string&)> read,
                        const std::string& type, const std::string& description) const {
  const auto take = [names, read = std::move(read)](const std::string& text) {
    if (auto taken = read(text); !taken)
      throw CLI::ValidationError(names, taken.error().message + "; " + taken.error().hint);
  };
  return OptionRef(app_->add_option_function<std::string>(names, take, description)->type_name(type));
}

void Verb::exactly_one_of(const std::function<void(const Verb&)>& add) const {
  CLI::Option_group* group = app_->add_option_group("one of");
  add(Verb(group));
  group->require_option(1);
}

void Verb::take_rest(std::vector<std::string>& rest) const {
  app_->fallthrough(false);
  app_->set_help_flag();
  app_->prefix_command();
  app_->parse_complete_callback([&rest, app = app_] { rest = app->remaining(); });
}

void Verb::hide() const {
  app_->group("");
}

CommandLine::CommandLine()
    : app_(std::make_unique<CLI::App>("Submit work to a region of Reeve, follow it, and see what it costs.",
                                      "reeve")) {
  app_->require_subcommand(1);
  app_->fallthrough();
  app_->footer(kFooter);
  app_->set_version_flag("--version", std::string("reeve ") + REEVE_VERSION);
  add_flag("--output", "output", "table|json|quiet", "Form of the answer");
  add_flag("--home", "home", "DIR", "Where keys and login live (default ~/.config/reeve)");
  add_flag("--region", "region_dir", "DIR", "A region's folder: speak to it as its operator");
  add_flag("--timeout", "timeout", "DURATION", "How long to wait for the region's answer (default 10s)");
  add_all_commands(*this);
}

CommandLine::~CommandLine() = default;

void CommandLine::add_flag(const std::string& name, const std::string& setting, const std::string& type,
                           const std::string& description) {
  const auto take = [this, setting](const std::string& value) { flags_[setting] = value; };
  app_->add_option_function<std::string>(name, take, description)->type_name(type);
}

Verb CommandLine::root() {
  return Verb(app_.get());
}

Verb CommandLine::verb(const Verb& parent, const std::string& name, const std::string& description,
                       Action action) {
  CLI::App* added = parent.app().add_subcommand(name, description);
  added->final_callback([this, added, action = std::move(action)] {
    if (added->get_subcommands().empty()) chosen_ = action;  // else one below it was meant
  });
  return Verb(added);
}

Verb CommandLine::group(const Verb& parent, const std::string& name, const std::string& description) {
  CLI::App* added = parent.app().add_subcommand(name, description);
  added->require_subcommand(1);
  return Verb(added);
}

void CommandLine::take_command(const std::string& verb, std::vector<std::string>& words) {
  commands_[verb] = &words;
}

void CommandLine::cut_command(std::vector<const char*>& arguments) {
  const auto dashes = std::find_if(arguments.begin(), arguments.end(),
                                   [](const char* argument) { return std::strcmp(argument, "--") == 0; });
  if (dashes == arguments.end()) return;
  for (const auto& [verb, words] : commands_) {
    if (std::find(arguments.begin(), dashes, verb) == dashes) continue;
    words->assign(dashes + 1, arguments.end());
    arguments.erase(dashes, arguments.end());
    return;
  }
}

int run(int argc, const char* const* argv, const Output::Streams& streams, const Environment& environment,
        const Connector& connector) {
  Output output(streams, environment);
  output.set_format(early_format(argc, argv, environment));
  CommandLine line;
  std::vector<const char*> arguments(argv, argv + argc);
  line.cut_command(arguments);
  try {
    line.root().app().parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::ParseError& error) {
    return end_parse(line.root().app(), error, output, streams.out);
  }
  auto code = run_chosen(line, output, environment, connector);
  return code ? *code : output.fail(code.error());
}

}  // namespace reeve::client
