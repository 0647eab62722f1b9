#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "openjd/parameter_space.h"
#include "openjd/path_mapping.h"
#include "openjd/script.h"
#include "protocol/archive.h"
#include "protocol/bytes.h"
#include "protocol/digest.h"
#include "protocol/result.h"

namespace reeve::openjd {

/// A blob that stands in the working directory before a session's first action.
struct StagedInput {
  std::string path;  // below the working directory
  Digest digest;
  bool folder = false;  // the blob is a bundle (protocol/bundle.h), and its files stand below `path`
  bool executable = false;
  bool operator==(const StagedInput&) const = default;
};

/// Files that a task leaves as its result.
///   pattern   relative to the working directory; `*` and `?` within a name, `**` over folders
///   required  a task that leaves no such file has failed
struct OutputPattern {
  FormatString pattern;
  bool required = true;
  bool operator==(const OutputPattern&) const = default;
};

/// What an agent must know to run any task of a step. Self-contained: no template, no job parameters.
struct StepScript {
  ParameterSpace space;
  Action on_run;
  std::vector<EmbeddedFile> files;
  std::vector<Environment> environments;  // the job's, then the step's: entered in this order
  std::vector<StagedInput> inputs;        // of program steps
  std::vector<OutputPattern> outputs;     // of program steps; none: what the task writes on standard output
  bool redacted_variables = false;        // openjd_redacted_env sets a variable; it hides the value always
  // What follows is stored only where there is any.
  std::optional<Digest> image;  // of program steps: the archive of the image that they run in, an input too
  std::uint32_t gpus = 0;       // of program steps: those of a task; 0: it sees none
  std::vector<PathMappingRule> path_rules;
  bool leaves_with_task = false;  // a task's environments are left before its result counts, and may fail it

  /// True when every task runs the same command line with the same files: resolve it once for all.
  bool is_constant() const;

  bool operator==(const StepScript&) const = default;
};

/// The opaque bytes that the scheduler carries (StepSpec::script). Starts with a format version.
/// Errors: kExhausted when they exceed limits::kEncodedStepBytes.
Result<Bytes> encode_step(const StepScript& script);

/// Reads encode_step()'s bytes. Never trusts them: sizes, references and the space are checked.
/// Errors: kCorrupt; kInvalid for a version that this program does not know.
Result<StepScript> decode_step(ByteView bytes);

template <class A>
void fields(A& a, StagedInput& i) {
  a(i.path, i.digest, i.folder, i.executable);
}
template <class A>
void fields(A& a, OutputPattern& o) {
  a(o.pattern, o.required);
}
template <class A>
void fields(A& a, PathMappingRule& r) {
  a(r.source_format, r.source, r.destination);
}

}  // namespace reeve::openjd
