#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "openjd/format_string.h"

namespace reeve::openjd {

/// How a running action is told to end. Source: 2023-09, 5.3.
///   notify_then_terminate  SIGTERM, `notify_period_s`, then SIGKILL; otherwise SIGKILL at once
struct Cancelation {
  bool notify_then_terminate = false;
  std::uint32_t notify_period_s = 0;
  bool operator==(const Cancelation&) const = default;
};

/// One command line. Source: 2023-09, 5.
struct Action {
  FormatString command;
  std::vector<FormatString> args;
  std::optional<std::uint32_t> timeout_s;  // absent: no bound
  Cancelation cancelation;
  bool operator==(const Action&) const = default;
};

/// How the lines of an embedded file end. Numbers are stored: never reorder.
enum class EndOfLine : std::uint8_t { kAuto = 0, kLf = 1, kCrlf = 2 };
inline constexpr std::uint8_t kLastEndOfLine = 2;

/// A text that is written into the session before each action. Source: 2023-09, 6.
struct EmbeddedFile {
  std::string name;      // how format strings refer to it
  std::string filename;  // a basename; empty: the host chooses one
  bool runnable = false;
  FormatString data;
  EndOfLine end_of_line = EndOfLine::kAuto;
  bool operator==(const EmbeddedFile&) const = default;
};

/// The bytes of an embedded file on a host whose own lines end with LF: AUTO leaves the text as it stands.
std::string file_text(const EmbeddedFile& file, const Symbols& symbols);

struct Variable {
  std::string name;
  FormatString value;
  bool operator==(const Variable&) const = default;
};

/// What is entered before tasks run and left after them. Source: 2023-09, 4.
struct Environment {
  std::string name;
  std::vector<Variable> variables;
  std::optional<Action> on_enter;
  std::optional<Action> on_exit;
  std::vector<EmbeddedFile> files;
  bool operator==(const Environment&) const = default;
};

template <class A>
void fields(A& a, Cancelation& c) {
  a(c.notify_then_terminate, c.notify_period_s);
}
template <class A>
void fields(A& a, Action& x) {
  a(x.command, x.args, x.timeout_s, x.cancelation);
}
template <class A>
void fields(A& a, EmbeddedFile& f) {
  a(f.name, f.filename, f.runnable, f.data, f.end_of_line);
}
template <class A>
void fields(A& a, Variable& v) {
  a(v.name, v.value);
}
template <class A>
void fields(A& a, Environment& e) {
  a(e.name, e.variables, e.on_enter, e.on_exit, e.files);
}

}  // namespace reeve::openjd
