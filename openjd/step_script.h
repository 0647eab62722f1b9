#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "openjd/parameter_space.h"
#include "openjd/script.h"
#include "protocol/archive.h"
#include "protocol/bytes.h"
#include "protocol/result.h"

namespace reeve::openjd {

/// What an agent must know to run any task of a step. Self-contained: no template, no job parameters.
struct StepScript {
  ParameterSpace space;
  Action on_run;
  std::vector<EmbeddedFile> files;
  std::vector<Environment> environments;  // the job's, then the step's: entered in this order

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

}  // namespace reeve::openjd
