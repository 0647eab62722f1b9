#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace reeve::kernels {

/// Writes little-endian values into memory that has room for them.
class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}

  template <class T>
  requires std::is_integral_v<T>
  void value(T number) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bytes_.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * i)));
  }
  template <class E>
  requires std::is_enum_v<E>
  void value(E kind) { value(static_cast<std::uint32_t>(kind)); }
  void value(float number) { value(std::bit_cast<std::uint32_t>(number)); }
  template <std::size_t n>
  void value(const std::array<std::uint8_t, n>& raw) {
    for (const std::uint8_t byte : raw)
      bytes_.push_back(byte);
  }

 private:
  std::vector<std::uint8_t>& bytes_;
};

/// Reads little-endian values with a sticky failure: after the first bad read every later one yields zero.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  template <class T>
  requires std::is_integral_v<T>
  void value(T& number) {
    std::uint64_t bits = 0;
    if (take(sizeof(T))) {
      for (std::size_t i = 0; i < sizeof(T); ++i)
        bits |= std::uint64_t{bytes_[at_ - sizeof(T) + i]} << (8 * i);
    }
    number = static_cast<T>(bits);
  }
  template <class E>
  requires std::is_enum_v<E>
  void value(E& kind) {
    std::uint32_t word = 0;
    value(word);
    kind = static_cast<E>(word);
  }
  void value(float& number) {
    std::uint32_t word = 0;
    value(word);
    number = std::bit_cast<float>(word);
  }
  template <std::size_t n>
  void value(std::array<std::uint8_t, n>& raw) {
    raw.fill(0);
    if (take(n)) std::memcpy(raw.data(), bytes_.data() + at_ - n, n);
  }

  bool failed() const { return failed_; }
  std::size_t left() const { return bytes_.size() - at_; }

 private:
  bool take(std::size_t size_bytes) {
    if (failed_ || left() < size_bytes) {
      failed_ = true;
      return false;
    }
    at_ += size_bytes;
    return true;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace reeve::kernels
