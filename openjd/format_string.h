#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/archive.h"
#include "protocol/result.h"

namespace reeve::openjd {

/// What a reference of a format string names. Param and RawParam are known at submission, the rest on the
/// host. Numbers are stored in encoded steps: never reorder.
enum class Scope : std::uint8_t {
  kParam = 0,
  kRawParam = 1,
  kTaskParam = 2,
  kTaskRawParam = 3,
  kTaskFile = 4,
  kEnvFile = 5,
  kWorkingDirectory = 6,
  kHasPathMappingRules = 7,
  kPathMappingRulesFile = 8,
};
inline constexpr std::uint8_t kLastScope = 8;

/// One {{ A.B.C }}.
///   slot  position of the task parameter or embedded file that `name` means; set when the template is bound
struct Reference {
  Scope scope = Scope::kParam;
  std::uint32_t slot = 0;
  std::string name;  // last part; empty for Session.*
  bool operator==(const Reference&) const = default;
};

/// "Task.Param.Frame".
std::string full_name(const Reference& reference);

/// Where the values of references come from.
class Symbols {
 public:
  virtual ~Symbols() = default;
  /// The value, valid while this object lives; nullopt where it is not known yet.
  virtual std::optional<std::string_view> value(const Reference& reference) const = 0;
};

/// A text with references, parsed once and resolved many times. Source: 2023-09, 7.3.
///
/// Without references, resolving is one copy of the text.
class FormatString {
 public:
  FormatString() = default;

  /// Errors: unbalanced braces, or anything between them but the dotted name of a known scope.
  static Result<FormatString> parse(std::string_view source);
  /// A text that is taken as it stands, braces and all.
  static FormatString literal(std::string text);

  bool is_constant() const { return pieces_.empty(); }
  /// All literal text, joined; the whole value where the string is constant.
  const std::string& literals() const { return literals_; }

  /// Calls f(Reference&) for each reference, in order.
  template <class F>
  void for_each_reference(F&& f) {
    for (Piece& piece : pieces_)
      f(piece.reference);
  }
  template <class F>
  void for_each_reference(F&& f) const {
    for (const Piece& piece : pieces_)
      f(piece.reference);
  }

  /// Every reference must be known to `symbols`; an unknown one is a bug of the caller.
  std::string resolve(const Symbols& symbols) const;
  /// As resolve(), into a string whose capacity is used again.
  void resolve_into(const Symbols& symbols, std::string& out) const;
  /// Replaces the references that `symbols` knows and keeps the others.
  FormatString fold(const Symbols& symbols) const;
  /// The text as one would write it, for messages.
  std::string source() const;

  bool operator==(const FormatString&) const = default;

  /// True when the pieces describe the literals; false after reading damaged bytes.
  bool is_consistent() const;

 private:
  /// A reference and the literal bytes that stand before it.
  struct Piece {
    std::uint32_t literal_bytes = 0;
    Reference reference;
    bool operator==(const Piece&) const = default;
  };

  template <class A>
  friend void fields(A& a, Piece& p) {
    a(p.literal_bytes, p.reference.scope, p.reference.slot);
  }
  template <class A>
  friend void fields(A& a, FormatString& s) {
    a(s.literals_, s.pieces_);
  }

  std::string literals_;
  std::vector<Piece> pieces_;
};

}  // namespace reeve::openjd
