#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/limits.h"

/// Every bound on a job template, each with its source: "2023-09" is Open Job Description's template
/// schema of that version, the rest are ours.
namespace reeve::openjd::limits {

/// A template is read whole into memory; larger data belongs in input files.
inline constexpr std::size_t kTemplateBytes = 1U << 20;
/// The schema needs 9 levels.
inline constexpr std::size_t kDepth = 32;
/// Values in one template: 1 MiB of the shortest list entries is far more, and no job needs that.
inline constexpr std::size_t kNodes = 200'000;
/// Errors told at once; a reader stops earlier.
inline constexpr std::size_t kDiagnostics = 100;
/// Bytes of a refused value that an error repeats.
inline constexpr std::size_t kQuotedBytes = 80;

// 2023-09
inline constexpr std::size_t kJobName = 128;
inline constexpr std::size_t kName = 64;
inline constexpr std::size_t kDescription = 2048;
inline constexpr std::size_t kStringValue = 1024;
inline constexpr std::size_t kJobParameters = 50;
inline constexpr std::size_t kTaskParameters = 16;
inline constexpr std::size_t kRangeList = 1024;
inline constexpr std::size_t kCombination = 1280;
inline constexpr std::size_t kCapabilityName = 100;
inline constexpr std::size_t kCapabilityValue = 100;
inline constexpr std::size_t kRequirements = 50;
inline constexpr std::size_t kAttributeValues = 50;
inline constexpr std::size_t kVariableName = 256;
inline constexpr std::size_t kVariableValue = 2048;
inline constexpr std::size_t kFileFilters = 20;
inline constexpr std::size_t kFileFilterPatterns = 20;
inline constexpr std::size_t kFileFilterPattern = 20;
inline constexpr std::int64_t kNotifyPeriodSeconds = 600;
inline constexpr std::int64_t kNotifyDefaultOnRunSeconds = 120;
inline constexpr std::int64_t kNotifyDefaultSeconds = 30;
inline constexpr std::int64_t kOnExitTimeoutSeconds = 300;

// 2023-09 with FEATURE_BUNDLE_1
inline constexpr std::size_t kLongName = 512;
inline constexpr std::size_t kLongFilename = 256;
inline constexpr std::size_t kManyJobParameters = 200;

/// A variable that a running action sets: Linux takes 128 KiB for one, and some of that is its name.
inline constexpr std::size_t kSetVariableBytes = 96U << 10;
/// What one session hides; every line of its output is searched for all of it.
inline constexpr std::size_t kSecrets = 1024;
inline constexpr std::size_t kSecretBytes = 1U << 20;

/// Templates of environments that are entered around one job: a farm has a handful.
inline constexpr std::size_t kEnvironmentTemplates = 16;
/// Rules of where folders lie on hosts; all of them travel with a step, and every path is compared with each.
inline constexpr std::size_t kPathMappingRules = 64;
/// A chunk's wished runtime: as a timeout, so that no arithmetic on it wraps.
inline constexpr std::int64_t kChunkRuntimeSeconds = 366LL * 24 * 3600;

/// Files and environments of one script: more cannot fit an encoded step anyway.
inline constexpr std::size_t kEmbeddedFiles = 256;
inline constexpr std::size_t kEnvironments = 64;
/// Steps of a job: the scheduler's bound.
inline constexpr std::size_t kSteps = reeve::limits::kStepsPerJob;
/// Tasks of a step: the scheduler's bound on a task index.
inline constexpr std::uint64_t kTasks = reeve::limits::kTasksPerStep;
/// Comma-separated parts of one range expression.
inline constexpr std::size_t kRangeRuns = 4096;
/// Nested parentheses of a combination expression.
inline constexpr std::size_t kCombinationDepth = 32;
/// A timeout: a year, so that no arithmetic on it wraps.
inline constexpr std::int64_t kTimeoutSeconds = 366LL * 24 * 3600;
/// An encoded step, which travels with every lease of it.
inline constexpr std::size_t kEncodedStepBytes = reeve::limits::kStepScriptBytes;

}  // namespace reeve::openjd::limits
