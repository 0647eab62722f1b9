#pragma once

#include <optional>
#include <string>
#include <vector>

#include "openjd/extensions.h"
#include "openjd/format_string.h"
#include "openjd/parameter_space.h"
#include "openjd/place.h"

namespace reeve::openjd {

/// A job parameter as far as format strings care.
struct KnownParameter {
  std::string name;
  ParameterType type = ParameterType::kString;
};

/// What the format strings at one place of a template may name. Null lists: that scope is not open there.
/// The position of a name in its list becomes the reference's slot.
struct Visible {
  const std::vector<KnownParameter>* parameters = nullptr;
  const std::vector<std::string>* task_parameters = nullptr;
  const std::vector<std::string>* task_files = nullptr;
  const std::vector<std::string>* environment_files = nullptr;
  bool on_host = false;   // Session.* and Param.X of a PATH are known
  Extensions extensions;  // of the template

  /// What is known before any host is: job parameters alone.
  Visible at_submission() const {
    Visible visible;
    visible.parameters = parameters;
    visible.extensions = extensions;
    return visible;
  }
};

/// Reads a format string, checks each reference against `visible` and sets its slot.
///   rule  holds for the literal text; its `max` and `min` only where there is no reference
std::optional<FormatString> read_format(Diagnostics& diagnostics, const Place& place, const TextRule& rule,
                                        const Visible& visible);

}  // namespace reeve::openjd
