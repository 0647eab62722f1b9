#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "protocol/check.h"

namespace reeve {

/// What a caller may act on differently. The command line maps these to exit codes and JSON.
enum class ErrorCode {
  kInvalid,      // the input breaks a rule; the message names field, value and remedy
  kNotFound,     // nothing by that name
  kNotAllowed,   // the peer's role or owner does not permit it
  kConflict,     // the state forbids it now
  kExhausted,    // a quota, a bound or funds are used up
  kUnreachable,  // the other side cannot be reached
  kTimeout,      // it did not happen in time
  kIo,           // the operating system said no
  kCorrupt,      // stored or received bytes do not verify
};

/// A refusal or an expected failure: what went wrong, and what would mend it.
struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;
  std::string hint;
  bool operator==(const Error&) const = default;
};

/// Lower-case stable name of a code, as it stands in JSON ("not_found").
const char* error_code_name(ErrorCode code);

/// A value or an Error. `[[nodiscard]]`: a failure is never dropped by accident.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  explicit operator bool() const { return held_.index() == 0; }
  bool ok() const { return held_.index() == 0; }

  T& value() & {
    REEVE_CHECK(ok(), "Result::value() of an error");
    return std::get<0>(held_);
  }
  const T& value() const& {
    REEVE_CHECK(ok(), "Result::value() of an error");
    return std::get<0>(held_);
  }
  T&& value() && {
    REEVE_CHECK(ok(), "Result::value() of an error");
    return std::get<0>(std::move(held_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    REEVE_CHECK(!ok(), "Result::error() of a value");
    return std::get<1>(held_);
  }

 private:
  std::variant<T, Error> held_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  explicit operator bool() const { return !error_.has_value(); }
  bool ok() const { return !error_.has_value(); }
  const Error& error() const {
    REEVE_CHECK(error_.has_value(), "Result::error() of a value");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace reeve
