#include "client/command_tree.h"

#include <CLI/CLI.hpp>
#include <functional>

namespace reeve::client {
namespace {

/// The verbs below `app` that are shown, in the order in which they were added; hidden ones are left out.
std::vector<CLI::App*> shown_verbs(CLI::App& app) {
  return app.get_subcommands(
      [](CLI::App* sub) { return !sub->get_name().empty() && !sub->get_group().empty(); });
}

/// Calls f(path, app) for `app` and all below it; a path is "job list", the root's empty.
void walk(CLI::App& app, const std::string& path,
          const std::function<void(const std::string&, CLI::App&)>& f) {
  f(path, app);
  for (CLI::App* verb : shown_verbs(app))
    walk(*verb, path.empty() ? verb->get_name() : path + " " + verb->get_name(), f);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

/// Without --help, which every verb has; options of unnamed groups are the verb's own.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_name() != "--help") options.push_back(option);
  }
  for (const CLI::App* unnamed :
       app.get_subcommands([](const CLI::App* sub) { return sub->get_name().empty(); })) {
    for (const CLI::Option* option : options_of(*unnamed))
      options.push_back(option);
  }
  return options;
}

std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.insert(at, "\\");
  return text;
}

std::string option_name(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  std::string name = option.get_name(false, true);
  // What CLI11 adds to a name that sets a flag to false.
  if (const std::size_t brace = name.find('{'); brace != std::string::npos) name.erase(brace);
  const bool takes_value = option.get_expected_max() > 0 && option.get_items_expected_max() > 0;
  return takes_value ? name + " " + option.get_type_name() : name;
}

std::string option_rows(const CLI::App& app) {
  std::string rows;
  for (const CLI::Option* option : options_of(app)) {
    std::string meaning = option->get_description();
    if (!option->get_default_str().empty()) meaning += " (default " + option->get_default_str() + ")";
    if (option->get_required() && !option->get_positional()) meaning += " (required)";
    rows += "| `" + cell(option_name(*option)) + "` | " + cell(meaning) + " |\n";
  }
  return rows.empty() ? rows : "\n| | |\n|---|---|\n" + rows;
}

std::string usage(const std::string& path, CLI::App& app) {
  std::string text = "reeve " + path;
  bool options = false;
  for (const CLI::Option* option : options_of(app)) {
    if (option->get_positional()) {
      const std::string name = option->get_name(true);
      text += option->get_required() ? " " + name : " [" + name + "]";
    } else {
      options = true;
    }
  }
  if (app.get_prefix_command()) text += " ARGS…";
  return options ? text + " [OPTIONS]" : text;
}

std::vector<std::string> words_of(CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* verb : shown_verbs(app))
    words.push_back(verb->get_name());
  for (const CLI::Option* option : options_of(app)) {
    for (const std::string& name : option->get_lnames())
      words.push_back("--" + name);
  }
  return words;
}

std::string bash_script(CLI::App& root) {
  std::string text =
      "_reeve() {\n"
      "  local path='' word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$word\" in -*) ;; *) path=\"$path $word\" ;; esac\n"
      "  done\n"
      "  case \"$path\" in\n";
  std::string root_words;
  walk(root, "", [&](const std::string& path, CLI::App& app) {
    const std::string words = joined(words_of(app));
    if (path.empty()) {
      root_words = words;
      text += "    '') words='" + words + "' ;;\n";
    } else if (shown_verbs(app).empty()) {
      text += "    ' " + path + "'*) words='" + words + "' ;;\n";
    } else {
      text += "    ' " + path + "') words='" + words + "' ;;\n";
    }
  });
  return text +
         "    *) words='' ;;\n"
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -o default -F _reeve reeve\n";
}

std::string fish_script(CLI::App& root) {
  std::string text = "complete -c reeve -f\n";
  walk(root, "", [&](const std::string& path, CLI::App& app) {
    std::string condition = "__fish_use_subcommand";
    if (!path.empty()) {
      condition.clear();
      for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find(' ', at), path.size());
        if (!condition.empty()) condition += "; and ";
        condition += "__fish_seen_subcommand_from ";
        condition += path.substr(at, end - at);
        at = end + 1;
      }
    }
    for (const CLI::App* verb : shown_verbs(app))
      text.append("complete -c reeve -n '")
          .append(condition)
          .append("' -a ")
          .append(verb->get_name())
          .append("\n");
    for (const CLI::Option* option : options_of(app)) {
      for (const std::string& name : option->get_lnames())
        text.append("complete -c reeve -n '").append(condition).append("' -l ").append(name).append("\n");
    }
  });
  return text;
}

}  // namespace

std::string command_reference(const Verb& root_verb) {
  CLI::App& root = root_verb.app();
  std::string text =
      "# Commands\n\n"
      "Generated from the parser by `reeve docs commands`; a test compares. A verb that is not here does not "
      "exist.\n\n" +
      root.get_description() + "\n" + option_rows(root) +
      "\nJobs and agents are selected as `5`, `1,3,5-8`, `all` or `last`; lengths of time are written "
      "`1h30m`, amounts of credits `0.25`.\n\n" +
      root.get_footer() + "\n";
  walk(root, "", [&text](const std::string& path, CLI::App& app) {
    if (path.empty()) return;
    const bool group = !shown_verbs(app).empty();
    text += (path.find(' ') == std::string::npos ? "\n## " : "\n### ") + ("reeve " + path) + "\n\n" +
            app.get_description() + ".\n";
    if (!group) text += "\n```\n" + usage(path, app) + "\n```\n" + option_rows(app);
  });
  return text;
}

std::string completion_script(const Verb& root_verb, const std::string& shell) {
  CLI::App& root = root_verb.app();
  if (shell == "bash") return bash_script(root);
  if (shell == "zsh") return "autoload -U +X bashcompinit && bashcompinit\n" + bash_script(root);
  if (shell == "fish") return fish_script(root);
  return "";
}

}  // namespace reeve::client
