#pragma once

#include "protocol/result.h"

namespace reeve {

/// What a script may act on, the same from every program. docs/reference/commands.md lists them.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,       // the job failed, or the command could not be carried out
  kExitUsage = 2,        // the command line or an input breaks a rule
  kExitUnreachable = 3,  // no region answers
  kExitNotAllowed = 4,   // the role, the state or the funds forbid it
  kExitNotFound = 5,
  kExitTimeout = 6,
  kExitInterrupted = 130,
};

inline ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid: return kExitUsage;
    case ErrorCode::kNotFound: return kExitNotFound;
    case ErrorCode::kNotAllowed:
    case ErrorCode::kConflict:
    case ErrorCode::kExhausted: return kExitNotAllowed;
    case ErrorCode::kUnreachable: return kExitUnreachable;
    case ErrorCode::kTimeout: return kExitTimeout;
    case ErrorCode::kIo:
    case ErrorCode::kCorrupt: return kExitFailed;
  }
  return kExitFailed;
}

}  // namespace reeve
