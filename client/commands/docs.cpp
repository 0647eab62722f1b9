#include "client/command_line.h"
#include "client/command_tree.h"
#include "client/commands/all.h"

namespace reeve::client {

void add_docs_command(CommandLine& line) {
  Verb docs = line.group(line.root(), "docs", "Print generated documentation");
  docs.hide();  // for those who build Reeve
  const Verb root = line.root();
  line.verb(docs, "commands", "Print the command reference", [root](Context& context) -> Result<ExitCode> {
    const std::string text = command_reference(root);
    context.output().show({{{"reference", text}}, text, text});
    return kExitOk;
  });
}

void add_completion_command(CommandLine& line) {
  auto shell = std::make_shared<std::string>();
  const Verb root = line.root();
  Verb verb = line.verb(root, "completion", "Print a completion script for your shell",
                        [shell, root](Context& context) -> Result<ExitCode> {
                          const std::string script = completion_script(root, *shell);
                          context.output().show({{{"script", script}}, script, script});
                          return kExitOk;
                        });
  verb.option("shell", *shell, "bash, zsh or fish").required().among({"bash", "zsh", "fish"});
}

}  // namespace reeve::client
