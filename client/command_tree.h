#pragma once

#include <string>

#include "client/command_line.h"

/// What is generated from the parser, so that it cannot say anything else.
namespace reeve::client {

/// docs/reference/commands.md: every verb with its arguments and options.
std::string command_reference(const Verb& root);

/// A completion script for bash, zsh or fish; empty for any other shell.
std::string completion_script(const Verb& root, const std::string& shell);

}  // namespace reeve::client
