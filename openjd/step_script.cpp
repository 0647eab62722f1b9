#include "openjd/step_script.h"

#include <algorithm>

#include "openjd/limits.h"
#include "protocol/bundle.h"
#include "protocol/limits.h"

namespace reeve::openjd {
namespace {

/// The later ones have what a step brings along, needs of the machine and asks of its session, and are
/// written only for that: an agent that knows the first alone runs all other steps.
constexpr std::uint32_t kFormatVersion = 3;
constexpr std::uint32_t kFormatWithImage = 4;
constexpr std::uint32_t kFormatWithRules = 5;

template <class A>
void fields(A& a, StepScript& s, std::uint32_t version) {
  a(s.space, s.on_run, s.files, s.environments, s.inputs, s.outputs, s.redacted_variables);
  if (version >= kFormatWithImage) a(s.image, s.gpus);
  if (version >= kFormatWithRules) a(s.path_rules, s.leaves_with_task);
}

std::uint32_t version_of(const StepScript& script) {
  if (!script.path_rules.empty() || script.leaves_with_task) return kFormatWithRules;
  return script.image || script.gpus > 0 ? kFormatWithImage : kFormatVersion;
}

bool varies_by_task(const FormatString& text) {
  bool varies = false;
  text.for_each_reference([&](const Reference& reference) {
    varies = varies || reference.scope == Scope::kTaskParam || reference.scope == Scope::kTaskRawParam;
  });
  return varies;
}

/// How many names each scope has where a format string stands.
struct Slots {
  std::size_t task_parameters = 0;
  std::size_t task_files = 0;
  std::size_t environment_files = 0;
};

/// Every reference names something that a host can resolve there.
bool fits(const FormatString& text, const Slots& slots) {
  if (!text.is_consistent()) return false;
  bool good = true;
  text.for_each_reference([&](const Reference& reference) {
    switch (reference.scope) {
      case Scope::kParam:
      case Scope::kRawParam: good = false; break;  // folded in at submission
      case Scope::kTaskParam:
      case Scope::kTaskRawParam: good = good && reference.slot < slots.task_parameters; break;
      case Scope::kTaskFile: good = good && reference.slot < slots.task_files; break;
      case Scope::kEnvFile: good = good && reference.slot < slots.environment_files; break;
      case Scope::kWorkingDirectory:
      case Scope::kHasPathMappingRules:
      case Scope::kPathMappingRulesFile: break;
    }
  });
  return good;
}

bool fits(const Action& action, const Slots& slots) {
  return fits(action.command, slots) && std::all_of(action.args.begin(), action.args.end(),
                                                    [&](const auto& arg) { return fits(arg, slots); });
}

bool fits(const std::vector<EmbeddedFile>& files, const Slots& slots) {
  return std::all_of(files.begin(), files.end(), [&](const EmbeddedFile& file) {
    const bool plain_name = file.filename.find('/') == std::string::npos && file.filename != "." &&
                            file.filename != ".." && file.filename.find('\0') == std::string::npos;
    const bool known_end = static_cast<std::uint8_t>(file.end_of_line) <= kLastEndOfLine;
    return plain_name && known_end && fits(file.data, slots);
  });
}

bool fits(const std::vector<StagedInput>& inputs) {
  return std::all_of(inputs.begin(), inputs.end(),
                     [](const StagedInput& input) { return unfit_path(input.path).empty(); });
}

bool fits(const std::vector<OutputPattern>& outputs, const Slots& slots) {
  return outputs.size() <= reeve::limits::kOutputPatternsPerStep &&
         std::all_of(outputs.begin(), outputs.end(),
                     [&](const OutputPattern& output) { return fits(output.pattern, slots); });
}

bool fits(const std::vector<PathMappingRule>& rules) {
  return rules.size() <= limits::kPathMappingRules &&
         std::all_of(rules.begin(), rules.end(), [](const PathMappingRule& rule) {
           return static_cast<std::uint8_t>(rule.source_format) <= kLastPathFormat;
         });
}

bool fits(const Environment& environment) {
  const Slots slots{0, 0, environment.files.size()};
  const auto fits_action = [&](const std::optional<Action>& action) {
    return !action || fits(*action, slots);
  };
  return fits(environment.files, slots) && fits_action(environment.on_enter) &&
         fits_action(environment.on_exit) &&
         std::all_of(environment.variables.begin(), environment.variables.end(),
                     [&](const Variable& variable) { return fits(variable.value, slots); });
}

}  // namespace

bool StepScript::is_constant() const {
  return !varies_by_task(on_run.command) &&
         std::none_of(on_run.args.begin(), on_run.args.end(), varies_by_task) &&
         std::none_of(files.begin(), files.end(), [](const auto& file) { return varies_by_task(file.data); });
}

Result<Bytes> encode_step(const StepScript& script) {
  Writer writer;
  const std::uint32_t version = version_of(script);
  writer(version);
  fields(writer, const_cast<StepScript&>(script), version);  // fields() of a Writer only reads
  if (writer.bytes().size() > limits::kEncodedStepBytes) {
    return Error{ErrorCode::kExhausted,
                 "the step takes " + std::to_string(writer.bytes().size()) + " bytes; at most " +
                     std::to_string(limits::kEncodedStepBytes) + " travel with a lease",
                 "move large embedded files into input files, and long lists into range expressions"};
  }
  return writer.take();
}

Result<StepScript> decode_step(ByteView bytes) {
  const Error corrupt{ErrorCode::kCorrupt, "the step's script is damaged", "submit the job again"};
  if (bytes.size() > limits::kEncodedStepBytes) return corrupt;
  Reader reader(bytes);
  std::uint32_t version = 0;
  reader(version);
  if (reader.ok() && (version < kFormatVersion || version > kFormatWithRules)) {
    return Error{ErrorCode::kInvalid,
                 "the step's script has format " + std::to_string(version) + ", this program knows " +
                     std::to_string(kFormatVersion) + " to " + std::to_string(kFormatWithRules),
                 "update this program"};
  }
  StepScript script;
  fields(reader, script, version);
  if (!reader.ok() || !reader.at_end() || version != version_of(script)) return corrupt;
  const Slots slots{script.space.parameter_count(), script.files.size(), 0};
  const bool good = fits(script.on_run, slots) && fits(script.files, slots) && fits(script.inputs) &&
                    fits(script.outputs, slots) && fits(script.path_rules) &&
                    std::all_of(script.environments.begin(), script.environments.end(),
                                [](const Environment& environment) { return fits(environment); });
  if (!good) return corrupt;
  return script;
}

}  // namespace reeve::openjd
