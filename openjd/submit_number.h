#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "openjd/model.h"
#include "openjd/place.h"
#include "openjd/scopes.h"
#include "protocol/result.h"

/// Numbers of a template that may wait for the job's parameters.
namespace reeve::openjd {

/// Bounds of a whole number, both included.
struct IntRule {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

/// Seconds that an action may take. Source: 2023-09, 5.
IntRule timeout_rule();
/// Seconds between the two signals of a cancelation. Source: 2023-09, 5.3.2.
IntRule notify_rule();
/// Values of one chunk. Source: 2023-09, 3.4.1.5.
IntRule chunk_rule();
/// Seconds that a chunk should take; 0 for no wish. Source: 2023-09, 3.4.1.5.
IntRule chunk_runtime_rule();

/// Which end of an amount: a minimum may be 0, a maximum may not.
enum class AmountEnd { kMin, kMax };

/// Whether a number may stand in quotes, and then as a format string.
enum class Quoted { kRefused, kAllowed };

/// Reads a resolved text. Errors: no such number, or out of bounds.
Result<std::int64_t> check_int(const IntRule& rule, std::string_view text);
Result<double> check_amount(AmountEnd end, std::string_view text);

/// Reads a number's field as the text of it; checked now where it has no reference.
std::optional<SubmitString> read_submit_int(Diagnostics& diagnostics, const Place& place, const IntRule& rule,
                                            Quoted quoted, const Visible& visible);
std::optional<SubmitString> read_submit_amount(Diagnostics& diagnostics, const Place& place, AmountEnd end,
                                               Quoted quoted, const Visible& visible);

}  // namespace reeve::openjd
