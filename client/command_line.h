#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/context.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace reeve::client {

/// What a verb does once the command line was read: an exit code, or an error that is shown with its own.
using Action = std::function<Result<ExitCode>(Context&)>;

/// One option of a verb, for a further word about it.
class OptionRef {
 public:
  explicit OptionRef(CLI::Option* option) : option_(option) {}
  OptionRef& required();
  /// What stands for its value in help: "DIR".
  OptionRef& type(const std::string& name);
  OptionRef& between(double least, double most);
  OptionRef& among(const std::vector<std::string>& values);
  /// Help says the value that it has now.
  OptionRef& with_default();

 private:
  CLI::Option* option_;
};

/// One verb of the parser, or a group of verbs. CLI11 itself is known to command_line.cpp and
/// command_tree.cpp alone: it costs each file that includes it seconds of compilation.
class Verb {
 public:
  explicit Verb(CLI::App* app) : app_(app) {}
  CLI::App& app() const { return *app_; }

  /// `names` is "-o,--out", or a bare word for a positional argument. Targets outlive the parse.
  OptionRef option(const std::string& names, std::string& target, const std::string& description) const;
  OptionRef option(const std::string& names, std::uint32_t& target, const std::string& description) const;
  OptionRef option(const std::string& names, std::int32_t& target, const std::string& description) const;
  OptionRef option(const std::string& names, float& target, const std::string& description) const;
  OptionRef option(const std::string& names, double& target, const std::string& description) const;
  /// May be given again and again, a value each time.
  OptionRef repeated(const std::string& names, std::vector<std::string>& target,
                     const std::string& description) const;
  /// All the words that stand behind the verb.
  OptionRef words(const std::string& name, std::vector<std::string>& target,
                  const std::string& description) const;
  OptionRef flag(const std::string& names, bool& target, const std::string& description) const;
  /// An option whose text is read by `parse` into `target`; what it refuses is a usage error.
  template <class T>
  OptionRef parsed(const std::string& names, T& target, Result<T> (*parse)(std::string_view),
                   const std::string& type, const std::string& description) const {
    return read_by(
        names,
        [&target, parse](const std::string& text) -> Result<void> {
          auto value = parse(text);
          if (!value) return value.error();
          target = std::move(*value);
          return {};
        },
        type, description);
  }
  /// Exactly one of the options that `add` adds must be given.
  void exactly_one_of(const std::function<void(const Verb&)>& add) const;
  /// Hands everything behind the verb, --help too, to `rest` unread.
  void take_rest(std::vector<std::string>& rest) const;
  /// Leaves the verb out of help, completion and reference.
  void hide() const;

 private:
  OptionRef read_by(const std::string& names, std::function<Result<void>(const std::string&)> read,
                    const std::string& type, const std::string& description) const;

  CLI::App* app_;
};

/// The parser of `reeve`: each file of commands/ adds its verbs.
class CommandLine {
 public:
  CommandLine();
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Verb root();
  /// Adds a verb below `parent`; running it chooses `action`.
  Verb verb(const Verb& parent, const std::string& name, const std::string& description, Action action);
  /// Adds a group of verbs, which does nothing by itself.
  Verb group(const Verb& parent, const std::string& name, const std::string& description);

  /// Everything behind `--` on the command line of `verb` goes to `words`, unread.
  void take_command(const std::string& verb, std::vector<std::string>& words);
  /// Moves what stands behind `--` of a verb that takes a command out of the arguments.
  void cut_command(std::vector<const char*>& arguments);

  /// Options that every verb takes, as given.
  const Flags& flags() const { return flags_; }
  /// Null before a verb was parsed.
  const Action& chosen() const { return chosen_; }

 private:
  void add_flag(const std::string& name, const std::string& setting, const std::string& type,
                const std::string& description);

  std::unique_ptr<CLI::App> app_;
  Flags flags_;
  Action chosen_;
  std::map<std::string, std::vector<std::string>*> commands_;  // by verb
};

/// Runs one command line; everything that main() does. Returns the exit code.
int run(int argc, const char* const* argv, const Output::Streams& streams, const Environment& environment,
        const Connector& connector);

}  // namespace reeve::client
