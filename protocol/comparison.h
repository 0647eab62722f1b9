#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/result.h"

/// How the results of a program's tasks are compared: what a requester writes, StepSpec::compare carries and
/// the referee's comparator does. docs/formats/comparators.md says what each one means.
namespace reeve {

enum class Comparator : std::uint8_t { kExact, kPixels, kImage, kTensor, kCommand };

struct Comparison {
  Comparator comparator = Comparator::kExact;
  double psnr_db = 0;   // kImage: least; 0: not asked for
  double ssim = 0;      // kImage: least, 0..1; 0: not asked for
  double rtol = 0;      // kTensor
  double atol = 0;      // kTensor
  std::string command;  // kCommand: the rest of the text
  bool operator==(const Comparison&) const = default;
};

/// `exact` (or nothing), `pixels`, `image:psnr=40,ssim=0.98`, `tensor:rtol=1e-5,atol=1e-8`,
/// `command:PROGRAM`. Errors: kInvalid names the part that is wrong.
Result<Comparison> parse_comparison(std::string_view text);

/// True where agreement follows from equal roots alone, and no comparator need look.
inline bool is_exact(std::string_view text) {
  return text.empty() || text == "exact";
}

}  // namespace reeve
