#include "agent/compare/compare.h"

#include <algorithm>
#include <new>
#include <optional>

#include "agent/compare/pixels.h"
#include "agent/compare/tensor.h"

namespace reeve::agent::compare {
namespace {

Verdict compare_exact(ByteView a, ByteView b) {
  if (a.size() != b.size()) return differ(grouped(a.size()) + " and " + grouped(b.size()) + " bytes");
  const auto [at, in_b] = std::mismatch(a.begin(), a.end(), b.begin());
  if (at == a.end()) return same("equal bytes");
  return differ("the bytes differ from byte " + grouped(static_cast<std::uint64_t>(at - a.begin())) + " on");
}

/// What is said where one or both files could not be decoded, and their bytes differ: a damaged file differs
/// from any other; only what both wrote beyond our means cannot be decided.
Verdict without_decoding(const Error* a, const Error* b, const Verdict& exact) {
  if (a == nullptr || b == nullptr)
    return differ("one of them can be read, the other not: " + (a != nullptr ? a : b)->message);
  if (a->code == ErrorCode::kExhausted && b->code == ErrorCode::kExhausted)
    return undecidable(exact.why + ", and neither can be compared otherwise: " + a->message);
  return differ(exact.why + ", and they cannot be compared otherwise: " +
                (a->code == ErrorCode::kExhausted ? b : a)->message);
}

template <class T>
const Error* error_of(const Result<T>& result) {
  return result.ok() ? nullptr : &result.error();
}

Verdict compare_pictures(ByteView a, ByteView b, const Comparison& how) {
  const Verdict exact = compare_exact(a, b);
  if (exact.same()) return exact;
  const PictureKind kind = picture_kind(a);
  const PictureKind other = picture_kind(b);
  if (kind == PictureKind::kNone && other == PictureKind::kNone) return exact;
  if (kind != other)
    return differ(std::string("one is ") + picture_kind_name(kind) + ", the other " +
                  picture_kind_name(other));
  const auto one = decode_picture(a);
  const auto two = decode_picture(b);
  if (!one || !two) return without_decoding(error_of(one), error_of(two), exact);
  return how.comparator == Comparator::kPixels ? compare_pixels(*one, *two)
                                               : compare_quality(*one, *two, how);
}

/// Equal bytes are no short cut here: NaN is not equal to itself.
Verdict compare_tensor_files(ByteView a, ByteView b, const Comparison& how) {
  const TensorKind kind = tensor_kind(a);
  const TensorKind other = tensor_kind(b);
  const Verdict exact = compare_exact(a, b);
  if (kind == TensorKind::kNone && other == TensorKind::kNone) return exact;
  if (kind != other)
    return differ(std::string("one is ") + tensor_kind_name(kind) + ", the other " + tensor_kind_name(other));
  const auto one = decode_tensors(a);
  const auto two = decode_tensors(b);
  if (one.ok() && two.ok()) return compare_tensors(*one, *two, how);
  return exact.same() ? exact : without_decoding(error_of(one), error_of(two), exact);
}

Verdict named(const Verdict& verdict, const std::string& path) {
  return {verdict.agreement, one_line(one_line(path, 256) + ": " + verdict.why, 1000)};
}

std::string paths_differ(const std::vector<BundleFile>& a, const std::vector<BundleFile>& b) {
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const bool only_b = i >= a.size() || (i < b.size() && b[i].path < a[i].path);
    const bool only_a = i >= b.size() || (i < a.size() && a[i].path < b[i].path);
    if (only_a || only_b)
      return one_line((only_a ? a : b)[i].path, 256) + ": only the " + (only_a ? "first" : "second") +
             " has it";
    if (a[i].executable != b[i].executable)
      return one_line(a[i].path, 256) + ": only the " + (a[i].executable ? "first" : "second") +
             " is executable";
  }
  return "";
}

Verdict compare_pair(const ResultFiles& a, const ResultFiles& b, std::size_t index, const Comparison& how) {
  const auto one = a.map(index);
  const auto two = b.map(index);
  if (!one) return undecidable(one.error().message);
  if (!two) return undecidable(two.error().message);
  try {
    return compare_bytes(one->bytes(), two->bytes(), how);
  } catch (const std::bad_alloc&) {
    return undecidable("this machine has too little memory to compare them");
  }
}

}  // namespace

Verdict compare_bytes(ByteView a, ByteView b, const Comparison& how) {
  switch (how.comparator) {
    case Comparator::kExact: return compare_exact(a, b);
    case Comparator::kPixels:
    case Comparator::kImage: return compare_pictures(a, b, how);
    case Comparator::kTensor: return compare_tensor_files(a, b, how);
    case Comparator::kCommand: break;
  }
  return undecidable("comparison by a command is not supported here: '" + one_line(how.command, 128) + "'");
}

Verdict compare_results(const ResultFiles& a, const ResultFiles& b, const Comparison& how) {
  const bool plain = a.form() == ResultFiles::Form::kFile && b.form() == ResultFiles::Form::kFile;
  if (how.comparator == Comparator::kCommand) return compare_bytes({}, {}, how);
  if (!plain) {
    if (a.form() == ResultFiles::Form::kFile || b.form() == ResultFiles::Form::kFile)
      return differ("one is a bundle or folder, the other a plain file");
    if (const std::string paths = paths_differ(a.files(), b.files()); !paths.empty()) return differ(paths);
  }
  std::optional<Verdict> undecided;
  for (std::size_t i = 0; i < a.files().size(); ++i) {
    Verdict verdict = named(compare_pair(a, b, i, how), a.files()[i].path);
    if (verdict.agreement == Agreement::kDiffer) return verdict;
    if (verdict.agreement == Agreement::kUndecidable && !undecided) undecided = std::move(verdict);
    if (verdict.same() && a.files().size() == 1) return verdict;
  }
  if (undecided) return *undecided;
  return same("all " + grouped(a.files().size()) + " files agree");
}

}  // namespace reeve::agent::compare
